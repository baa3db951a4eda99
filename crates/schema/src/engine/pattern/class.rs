use regex_syntax::hir;

/// A set of characters.
#[derive(Clone, Debug)]
pub(super) struct Class {
    ascii: Box<[bool; 128]>,
    /// Sorted, first and last included.
    ranges: Box<[(char, char)]>,
}

impl Class {
    pub(super) fn of(kind: &hir::HirKind) -> Option<Self> {
        let hir::HirKind::Class(hir::Class::Unicode(class)) = kind else {
            return None;
        };
        let ranges: Box<[_]> = class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect();
        let mut ascii = Box::new([false; 128]);
        for (byte, is_in) in (0_u8..).zip(ascii.iter_mut()) {
            *is_in = has(&ranges, char::from(byte));
        }
        Some(Self { ascii, ranges })
    }

    /// The characters in a text that is UTF-8; `None` if one is not of the class.
    pub(super) fn count(&self, text: &[u8]) -> Option<usize> {
        if text.is_ascii() {
            let is_in = |byte: &u8| self.ascii[usize::from(byte & 0x7f)];
            return text.iter().all(is_in).then_some(text.len());
        }
        let mut count = 0;
        for character in std::str::from_utf8(text).ok()?.chars() {
            if !has(&self.ranges, character) {
                return None;
            }
            count += 1;
        }
        Some(count)
    }
}

fn has(ranges: &[(char, char)], character: char) -> bool {
    let next = ranges.partition_point(|(_, last)| *last < character);
    ranges
        .get(next)
        .is_some_and(|(first, _)| *first <= character)
}
