use std::cmp::Ordering;

use crate::json::Text;

/// Keys that are kept without allocation, over all objects that are open at once.
const INLINE: usize = 32;

/// Up to here each key is compared with each; beyond, they are sorted.
const FEW: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Key<'a> {
    hash: u64,
    text: Text<'a>,
    offset: usize,
}

/// The keys of the objects that are open, to find one that stands twice.
///
/// A hash decides where it differs. Where keys were made to collide, they are sorted by their
/// text: no input takes more than `n log n` comparisons.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    inline: [Key<'a>; INLINE],
    /// Those beyond the first, and from then on all of them.
    spilled: Vec<Key<'a>>,
    count: usize,
}

impl<'a> Keys<'a> {
    pub(crate) const fn new() -> Self {
        let none = Key {
            hash: 0,
            text: Text::new("", false),
            offset: 0,
        };
        Self {
            inline: [none; INLINE],
            spilled: Vec::new(),
            count: 0,
        }
    }

    /// An object begins; what is returned goes to [`close`](Self::close).
    #[inline]
    pub(crate) const fn open(&self) -> usize {
        self.count
    }

    /// A key of the innermost object, whose quote stands at `offset`.
    #[inline]
    pub(crate) fn push(&mut self, text: Text<'a>, offset: usize) {
        let key = Key {
            hash: text.hash(),
            text,
            offset,
        };
        if self.spilled.is_empty() && self.count < INLINE {
            self.inline[self.count] = key;
        } else {
            if self.spilled.is_empty() {
                self.spilled.extend_from_slice(&self.inline);
            }
            self.spilled.push(key);
        }
        self.count += 1;
    }

    /// The object ends that began at `opened`. Returns the first key that stood there before,
    /// with its offset.
    #[inline]
    pub(crate) fn close(&mut self, opened: usize) -> Option<(Text<'a>, usize)> {
        let keys = if self.spilled.is_empty() {
            &mut self.inline[opened..self.count]
        } else {
            &mut self.spilled[opened..]
        };
        let twice = if keys.len() <= FEW {
            first_of_few(keys)
        } else {
            first_of_many(keys)
        };
        let twice = twice.map(|key| (key.text, key.offset));
        self.count = opened;
        if !self.spilled.is_empty() {
            self.spilled.truncate(opened);
        }
        twice
    }
}

#[inline]
fn first_of_few<'a>(keys: &[Key<'a>]) -> Option<Key<'a>> {
    (1..keys.len())
        .find(|&at| keys[..at].iter().any(|earlier| is_same(earlier, &keys[at])))
        .map(|at| keys[at])
}

fn first_of_many<'a>(keys: &mut [Key<'a>]) -> Option<Key<'a>> {
    keys.sort_unstable_by(|one, other| order(one, other).then(one.offset.cmp(&other.offset)));
    keys.windows(2)
        .filter(|pair| is_same(&pair[0], &pair[1]))
        .map(|pair| pair[1])
        .min_by_key(|key| key.offset)
}

fn is_same(one: &Key<'_>, other: &Key<'_>) -> bool {
    one.hash == other.hash && one.text.compare(other.text).is_eq()
}

fn order(one: &Key<'_>, other: &Key<'_>) -> Ordering {
    one.hash
        .cmp(&other.hash)
        .then_with(|| one.text.compare(other.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice<'a>(keys: &mut Keys<'a>, texts: &[&'a str]) -> Option<usize> {
        let opened = keys.open();
        for (offset, text) in texts.iter().enumerate() {
            keys.push(Text::new(text, text.contains('\\')), offset);
        }
        keys.close(opened).map(|(_, offset)| offset)
    }

    #[test]
    fn the_first_key_that_was_there_before_is_found_among_few_and_many() {
        let names: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
        for length in [0, 1, 2, 7, 8, 9, 31, 32, 33, 100] {
            let mut texts: Vec<&str> = names[..length].iter().map(String::as_str).collect();
            let mut keys = Keys::new();
            assert_eq!(twice(&mut keys, &texts), None, "{length}");
            if length > 0 {
                texts.extend(["\\u006b0", "k0"]);
                assert_eq!(twice(&mut keys, &texts), Some(length));
            }
        }
    }

    #[test]
    fn objects_within_objects_are_kept_apart() {
        let mut keys = Keys::new();
        let outer = keys.open();
        keys.push(Text::new("a", false), 0);
        for _ in 0..3 {
            assert_eq!(twice(&mut keys, &["a", "b"]), None);
            assert_eq!(twice(&mut keys, &vec!["x"; 40]), Some(1));
        }
        keys.push(Text::new("b", false), 9);
        assert_eq!(keys.close(outer).map(|(_, offset)| offset), None);
    }

    /// Texts of sixteen characters with the same hash.
    fn colliding(count: usize) -> Vec<String> {
        const MULTIPLIER: u64 = 0x517c_c1b7_2722_0a95;
        let mut random = fastrand::Rng::with_seed(1);
        let mut found = Vec::new();
        while found.len() < count {
            let mut first = [0; 8];
            first.fill_with(|| random.alphanumeric() as u8);
            // What the second word must be, so that both together come to the same.
            let hash = u64::from_le_bytes(first).wrapping_mul(MULTIPLIER);
            let second = (hash.rotate_left(5) ^ 0x1234_5678_9abc_def0).to_le_bytes();
            if second
                .iter()
                .all(|byte| matches!(byte, b'#'..=b'[' | b']'..=b'~'))
            {
                let text = [first, second].concat();
                found.push(String::from_utf8(text).unwrap());
            }
        }
        found
    }

    #[test]
    fn keys_that_were_made_to_collide_are_told_apart() {
        let names = colliding(300);
        let mut texts: Vec<&str> = names.iter().map(String::as_str).collect();
        let hash = |text| Text::new(text, false).hash();
        assert!(texts.iter().all(|text| hash(text) == hash(texts[0])));
        assert_eq!(twice(&mut Keys::new(), &texts), None);
        assert_eq!(twice(&mut Keys::new(), &texts[..5]), None);
        texts.push(texts[7]);
        assert_eq!(twice(&mut Keys::new(), &texts), Some(300));
    }
}
