use std::borrow::Cow;

/// What stands between the quotes of a string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// Of a string that was found to be right.
    pub(crate) const fn new(raw: &'a str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// Without escapes.
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if self.escaped {
            let bytes = self.bytes().collect();
            Cow::Owned(String::from_utf8(bytes).expect("a string that was read is UTF-8"))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    #[inline]
    pub(crate) fn is(self, other: &str) -> bool {
        if self.escaped {
            self.bytes().eq(other.bytes())
        } else {
            self.raw == other
        }
    }

    /// Compares what is meant, however it is written.
    pub(crate) fn compare(self, other: Self) -> std::cmp::Ordering {
        if self.escaped || other.escaped {
            self.bytes().cmp(other.bytes())
        } else {
            self.raw.cmp(other.raw)
        }
    }

    /// The same for the same text, however it is written.
    #[inline]
    pub(crate) fn hash(self) -> u64 {
        if self.escaped {
            return self.hash_escaped();
        }
        let (words, rest) = self.raw.as_bytes().as_chunks_of_eight();
        let mut hash = Hash::default();
        for word in words {
            hash.add(u64::from_le_bytes(word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash.finish(u64::from_le_bytes(last), self.raw.len())
    }

    #[cold]
    fn hash_escaped(self) -> u64 {
        let mut hash = Hash::default();
        let (mut word, mut length) = (0, 0);
        for byte in self.bytes() {
            word |= u64::from(byte) << (length % 8 * 8);
            length += 1;
            if length % 8 == 0 {
                hash.add(word);
                word = 0;
            }
        }
        hash.finish(word, length)
    }

    /// The bytes of the text that is meant.
    fn bytes(self) -> Decoded<'a> {
        Decoded {
            raw: self.raw.as_bytes(),
            pending: [0; 4],
            waiting: 0,
        }
    }
}

/// Multiply and rotate; keys that collide cost time, never a wrong answer.
#[derive(Default)]
struct Hash(u64);

impl Hash {
    #[inline]
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    #[inline]
    const fn finish(mut self, last: u64, length: usize) -> u64 {
        self.add(last);
        self.add(length as u64);
        self.0
    }
}

trait ChunksOfEight {
    fn as_chunks_of_eight(&self) -> (impl Iterator<Item = [u8; 8]>, &[u8]);
}

impl ChunksOfEight for [u8] {
    #[inline]
    fn as_chunks_of_eight(&self) -> (impl Iterator<Item = [u8; 8]>, &[u8]) {
        let words = self.chunks_exact(8);
        let rest = words.remainder();
        let array = |word: &[u8]| <[u8; 8]>::try_from(word).unwrap_or_default();
        (words.map(array), rest)
    }
}

/// Decodes escapes as it goes.
struct Decoded<'a> {
    raw: &'a [u8],
    /// Bytes of a character that was escaped, the next one last.
    pending: [u8; 4],
    waiting: usize,
}

impl Decoded<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        let (taken, rest) = self.raw.split_at(count.min(self.raw.len()));
        self.raw = rest;
        taken
    }

    /// What follows `\u`.
    fn character(&mut self) -> char {
        let unit = code_unit(self.take(4)).unwrap_or_default();
        let second = if (0xd800..0xdc00).contains(&unit) {
            self.take(6).get(2..).and_then(code_unit)
        } else {
            None
        };
        let units = std::iter::once(unit).chain(second);
        char::decode_utf16(units)
            .next()
            .and_then(Result::ok)
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.waiting > 0 {
            self.waiting -= 1;
            return Some(self.pending[self.waiting]);
        }
        let byte = *self.take(1).first()?;
        if byte != b'\\' {
            return Some(byte);
        }
        Some(match *self.take(1).first()? {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.character();
                let length = character.encode_utf8(&mut self.pending).len();
                self.pending[..length].reverse();
                self.waiting = length - 1;
                self.pending[self.waiting]
            }
            other => other,
        })
    }
}

/// The UTF-16 code unit of four hexadecimal digits.
pub(super) fn code_unit(digits: &[u8]) -> Option<u16> {
    let mut unit = 0;
    for digit in digits.first_chunk::<4>()? {
        let value = char::from(*digit).to_digit(16)?;
        unit = unit << 4 | u16::try_from(value).ok()?;
    }
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> Text<'_> {
        Text::new(raw, raw.contains('\\'))
    }

    #[test]
    fn a_text_is_the_same_however_it_is_written() {
        for (plain, escaped) in [
            ("a", "\\u0061"),
            ("abcdefgh", "abcdefg\\u0068"),
            ("abcdefghi", "abcdefgh\\u0069"),
            ("\u{e9}\u{20ac}\u{1f600}", "\\u00e9\\u20AC\\ud83d\\ude00"),
            ("/\"\u{8}\u{c}\n\r\t", "\\/\\\"\\b\\f\\n\\r\\t"),
        ] {
            let escaped = of(escaped);
            assert_eq!(escaped.decode(), plain);
            assert!(escaped.is(plain));
            assert!(!escaped.is("other"));
            let plain = Text::new(plain, false);
            assert_eq!(escaped.hash(), plain.hash());
            assert!(escaped.compare(plain).is_eq());
        }
    }

    #[test]
    fn texts_that_differ_are_told_apart() {
        for (one, other) in [("", "\u{0}"), ("a", "b"), ("\\u0061", "b"), ("a", "a\u{0}")] {
            assert_ne!(of(one).hash(), of(other).hash(), "{one} {other}");
            assert!(of(one).compare(of(other)).is_lt(), "{one} {other}");
        }
    }
}
