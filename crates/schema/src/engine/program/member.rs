//! A member that a schema names, and whether it comes next.

use super::{NodeId, Types};

/// A member that the schema knows by its name.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    pub(crate) node: NodeId,
    /// What its node says, one step nearer.
    pub(crate) free: Types,
    /// Which bit of its word marks that it was met.
    pub(crate) bit: u64,
    spelling: Spelling,
}

/// A name as it usually stands in a body, with its quotes and its colon, cut into what is compared
/// at once: a call that compares all of it costs more than most names.
#[derive(Debug)]
struct Spelling {
    all: Box<[u8]>,
    /// The first bytes, and which of these count.
    head: [u8; CHUNK],
    mask: [u8; CHUNK],
    /// The last bytes, if there are more than in the head; they overlap.
    tail: u128,
}

const CHUNK: usize = size_of::<u128>();

impl Member {
    /// `is_guessed`: it may be found by its spelling alone, without a look at its name.
    pub(crate) fn new(name: &str, node: NodeId, is_guessed: bool) -> Self {
        // One that needs escapes has no usual spelling.
        let is_plain = !name
            .bytes()
            .any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\'));
        let spelling = if is_guessed && is_plain {
            Spelling::of(format!("\"{name}\":").into_bytes())
        } else {
            Spelling::none()
        };
        Self {
            name: name.into(),
            node,
            free: 0,
            bit: 0,
            spelling,
        }
    }

    /// How many bytes the name takes at the beginning of `text`, if it is what stands there, as it
    /// usually does. A text that ends soon is not told to begin with it.
    #[inline(always)]
    pub(crate) fn begins(&self, text: &[u8]) -> Option<usize> {
        let spelling = &self.spelling;
        if !spelling.is_head_of(text.first_chunk()?) {
            return None;
        }
        let length = spelling.all.len();
        (length <= CHUNK || spelling.ends(text)).then_some(length)
    }
}

impl Spelling {
    fn of(all: Vec<u8>) -> Self {
        let mut head = [0; CHUNK];
        let mut mask = [0; CHUNK];
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(&all) {
            (*head, *mask) = (*byte, u8::MAX);
        }
        Self {
            head,
            mask,
            tail: all.last_chunk().copied().map_or(0, u128::from_le_bytes),
            all: all.into(),
        }
    }

    /// Of no text.
    fn none() -> Self {
        Self {
            all: Box::default(),
            head: [u8::MAX; CHUNK],
            mask: [0; CHUNK],
            tail: 0,
        }
    }

    /// Written so that it becomes vector instructions.
    #[inline(always)]
    fn is_head_of(&self, text: &[u8; CHUNK]) -> bool {
        let mut is_other = 0;
        for ((byte, mask), head) in text.iter().zip(&self.mask).zip(&self.head) {
            is_other |= u8::from(byte & mask != *head);
        }
        is_other == 0
    }

    /// Whether a text that begins as this one is the same up to its end.
    #[inline(always)]
    fn ends(&self, text: &[u8]) -> bool {
        let Some(text) = text.get(..self.all.len()) else {
            return false;
        };
        let is_same = text
            .last_chunk()
            .is_some_and(|last| u128::from_le_bytes(*last) == self.tail);
        is_same && (text.len() <= 2 * CHUNK || *text == *self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_a_text_that_goes_on_with_it_as_it_is_usually_written() {
        for length in 0..70 {
            let name = "abcdefghij".repeat(7)[..length].to_owned();
            let member = Member::new(&name, 0, true);
            let text = format!("\"{name}\":[1,2,3,4,5,6,7]");
            assert_eq!(member.begins(text.as_bytes()), Some(length + 3), "{length}");
            for place in 0..length + 3 {
                let mut other = text.clone().into_bytes();
                other[place] ^= 1;
                assert_eq!(member.begins(&other), None, "{length} {place}");
                assert_eq!(member.begins(&text.as_bytes()[..place]), None);
            }
        }
    }

    #[test]
    fn what_needs_escapes_or_a_look_is_never_guessed() {
        for (name, is_guessed) in [
            ("a\"b", true),
            ("a\\b", true),
            ("a\nb", true),
            ("ab", false),
        ] {
            let member = Member::new(name, 0, is_guessed);
            let text = format!("\"{name}\":1234567890123456");
            assert_eq!(member.begins(text.as_bytes()), None);
            assert_eq!(member.begins(&[0; 20]), None);
            assert_eq!(member.begins(&[u8::MAX; 20]), None);
        }
    }
}
