//! Lines that are written in pieces.

use std::mem;

/// Whole lines, parted where a reader may be left with what is before and nothing behind it.
#[derive(Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    /// Where the pieces end but for the one at hand.
    ends: Vec<usize>,
}

impl Pieces {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes of all.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of the piece at hand.
    pub(super) fn at_hand(&self) -> usize {
        self.bytes.len() - self.ends.last().copied().unwrap_or_default()
    }

    /// Adds a line, which may be as long as a page; what is left of `line` means nothing.
    pub(super) fn add(&mut self, line: &mut Vec<u8>) {
        if self.bytes.is_empty() {
            mem::swap(&mut self.bytes, line);
        } else {
            self.bytes.extend_from_slice(line);
        }
    }

    /// What is added from here on is another piece.
    pub(super) fn cut(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let ends = self.ends.iter().copied().chain([self.bytes.len()]);
        starts.zip(ends).map(|(start, end)| &self.bytes[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_what_stands_between_cuts() {
        let mut pieces = Pieces::default();
        assert!(pieces.is_empty());
        for (line, cuts) in [("a\n", false), ("b\n", true), ("c\n", false)] {
            pieces.add(&mut line.into());
            if cuts {
                pieces.cut();
                assert_eq!(pieces.at_hand(), 0);
            }
        }
        assert_eq!((pieces.at_hand(), pieces.len()), (2, 6));
        assert_eq!(pieces.iter().collect::<Vec<_>>(), [&b"a\nb\n"[..], b"c\n"]);
        assert_eq!(pieces.all(), b"a\nb\nc\n");
        pieces.clear();
        assert_eq!(pieces.iter().collect::<Vec<_>>(), [b""]);
    }
}
