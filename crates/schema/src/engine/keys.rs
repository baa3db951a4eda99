//! Names that an object holds already, to find one that stands twice.

use super::program::hash;
use super::text::Token;

/// Names of the objects that are open, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    /// Decoded names of those that are escaped.
    decoded: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    hash: u32,
    /// Into the body, or into `decoded`.
    start: u32,
    end: u32,
    is_decoded: bool,
}

/// Where an object's names begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    keys: usize,
    decoded: usize,
}

/// Up to so many, each is compared with all others; beyond, they are sorted.
const FEW: usize = 24;

impl Keys {
    pub(crate) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Key>() + self.decoded.capacity()
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.decoded.clear();
    }

    /// An object begins.
    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            keys: self.keys.len(),
            decoded: self.decoded.len(),
        }
    }

    /// Adds a name to the object that began at `mark`; whether it may stand there already, which
    /// is certain as long as they are few.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // Bodies are shorter than 4 GiB, and a hash may be cut.
    pub(crate) fn add(&mut self, body: &[u8], mark: Mark, name: Token) -> bool {
        let key = if name.is_escaped {
            self.add_decoded(&name.decode(body))
        } else {
            Key {
                hash: hash(name.raw(body)) as u32,
                start: name.start as u32,
                end: name.end as u32,
                is_decoded: false,
            }
        };
        let others = self.keys.get(mark.keys..).unwrap_or_default();
        let is_twice = others.len() < FEW
            && others.iter().any(|other| other.hash == key.hash)
            && others.iter().any(|other| {
                other.hash == key.hash && self.name(body, *other) == self.name(body, key)
            });
        self.keys.push(key);
        is_twice
    }

    #[allow(clippy::cast_possible_truncation)] // As above.
    fn add_decoded(&mut self, name: &str) -> Key {
        let start = self.decoded.len() as u32;
        self.decoded.extend_from_slice(name.as_bytes());
        Key {
            hash: hash(name.as_bytes()) as u32,
            start,
            end: self.decoded.len() as u32,
            is_decoded: true,
        }
    }

    fn name<'a>(&'a self, body: &'a [u8], key: Key) -> &'a [u8] {
        let text = if key.is_decoded {
            &self.decoded[..]
        } else {
            body
        };
        text.get(key.start as usize..key.end as usize)
            .unwrap_or_default()
    }

    /// The object ends; whether a name stands in it twice that `add` did not tell of.
    #[inline]
    pub(crate) fn end(&mut self, body: &[u8], mark: Mark) -> bool {
        if self.keys.len() == mark.keys {
            return false;
        }
        let is_twice = self.keys.len() - mark.keys > FEW && self.sort(body, mark);
        self.keys.truncate(mark.keys);
        self.decoded.truncate(mark.decoded);
        is_twice
    }

    /// By hash, then by name: whatever the names are, the work grows with their length.
    #[inline(never)]
    fn sort(&mut self, body: &[u8], mark: Mark) -> bool {
        let mut keys = std::mem::take(&mut self.keys);
        let own = &mut keys[mark.keys..];
        own.sort_unstable_by(|left, right| {
            left.hash
                .cmp(&right.hash)
                .then_with(|| self.name(body, *left).cmp(self.name(body, *right)))
        });
        let is_twice = own.windows(2).any(|pair| {
            pair[0].hash == pair[1].hash && self.name(body, pair[0]) == self.name(body, pair[1])
        });
        self.keys = keys;
        is_twice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::text;

    fn has_twice(names: &[String]) -> bool {
        let body: String = names.iter().map(|name| format!("\"{name}\"")).collect();
        let body = body.as_bytes();
        let mut keys = Keys::default();
        let mark = keys.mark();
        let (mut at, mut is_twice) = (0, false);
        while at < body.len() {
            let token = text::scan(body, at).unwrap();
            is_twice |= keys.add(body, mark, token);
            at = token.end + 1;
        }
        keys.end(body, mark) || is_twice
    }

    #[test]
    fn a_name_that_stands_twice_is_found_however_many_there_are() {
        for count in [1, 2, 8, FEW - 1, FEW, FEW + 1, 100, 1_000] {
            let mut names: Vec<String> = (0..count).map(|n| format!("common-{n}-ending")).collect();
            assert!(!has_twice(&names), "{count}");
            for twice in [0, count / 2, count - 1] {
                names.push(names[twice].clone());
                assert!(has_twice(&names), "{count} {twice}");
                names.pop();
                names.push(names[twice].replace('c', "\\u0063"));
                assert!(has_twice(&names), "{count} {twice}, escaped");
                names.pop();
            }
        }
    }
}
