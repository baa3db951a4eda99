//! Strings as they stand in the body: where they end, how long they are, and what they say,
//! without decoding where that can be avoided.

mod runs;
mod scan;

use std::borrow::Cow;

pub(crate) use self::runs::{behind_spaces, skip_space};
pub(crate) use self::scan::{scan, skip};

/// A string token between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// Of its first byte behind the opening quote.
    pub(crate) start: usize,
    /// Of the closing quote.
    pub(crate) end: usize,
    pub(crate) is_escaped: bool,
    /// Each of its bytes is a character.
    pub(crate) is_ascii: bool,
}

impl Token {
    pub(crate) fn raw(self, body: &[u8]) -> &[u8] {
        body.get(self.start..self.end).unwrap_or_default()
    }

    /// The string it stands for. It was scanned, so it decodes.
    pub(crate) fn decode(self, body: &[u8]) -> Cow<'_, str> {
        if self.is_escaped {
            let quoted = body.get(self.start - 1..=self.end).unwrap_or_default();
            return Cow::Owned(serde_json::from_slice(quoted).unwrap_or_default());
        }
        String::from_utf8_lossy(self.raw(body))
    }

    /// Whether it stands for `text`.
    pub(crate) fn equals(self, body: &[u8], text: &str) -> bool {
        if self.is_escaped {
            return self.decode(body) == text;
        }
        self.raw(body) == text.as_bytes()
    }

    /// How many code points it has.
    pub(crate) fn length(self, body: &[u8]) -> u64 {
        if self.is_ascii {
            return (self.end - self.start) as u64;
        }
        let raw = self.raw(body);
        if !self.is_escaped {
            return count_characters(raw);
        }
        let mut length = 0;
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            match byte {
                b'\\' if raw.get(at + 1) == Some(&b'u') => {
                    // A surrogate pair is one character; the scan let no lone one pass.
                    let is_high = matches!(raw.get(at + 2), Some(b'd' | b'D'))
                        && matches!(
                            raw.get(at + 3),
                            Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
                        );
                    at += if is_high { 12 } else { 6 };
                    length += 1;
                }
                b'\\' => {
                    at += 2;
                    length += 1;
                }
                _ => {
                    length += u64::from(!is_continuation(byte));
                    at += 1;
                }
            }
        }
        length
    }
}

/// A byte of UTF-8 that begins no character.
const fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn count_characters(text: &[u8]) -> u64 {
    text.iter()
        .map(|byte| u64::from(!is_continuation(*byte)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_where_serde_json_says() {
        let plain = "abcdefghijklmnopqrstuvwxyz0123456789";
        for length in 0..plain.len() {
            for special in [
                "",
                "\\n",
                "\\\"",
                "\\u00e9",
                "\\ud83d\\ude00",
                "é",
                "😀",
                "\u{7f}",
            ] {
                let text = format!("\"{}{special}z\" ,", &plain[..length]);
                let token = scan(text.as_bytes(), 0).unwrap();
                assert_eq!(token.end, text.len() - 3, "{text}");
                let value: String = serde_json::from_str(&text[..text.len() - 2]).unwrap();
                assert_eq!(token.decode(text.as_bytes()), value);
                assert_eq!(token.length(text.as_bytes()), value.chars().count() as u64);
                assert!(token.equals(text.as_bytes(), &value));
            }
            for bad in [
                "\u{1f}",
                "\n",
                "\\x",
                "\\u12",
                "\\ud800",
                "\\udc00",
                "\\ud800\\u0061",
            ] {
                let text = format!("\"{}{bad}z\"", &plain[..length]);
                assert!(scan(text.as_bytes(), 0).is_err(), "{text}");
            }
            let mut bytes = format!("\"{}zz\"", &plain[..length]).into_bytes();
            bytes[length + 1] = 0xff;
            assert_eq!(scan(&bytes, 0).unwrap_err(), length + 1);
            assert!(scan(&plain.as_bytes()[..length], 0).is_err());
        }
    }

    #[test]
    fn white_space_is_the_grammars_four() {
        for (text, end) in [
            ("", 0),
            ("x", 0),
            (" x", 1),
            ("\n            x", 13),
            (" \t\r\n \n  x", 8),
            ("   \u{b}", 3),
            ("\u{a0}", 0),
            ("         ", 9),
        ] {
            assert_eq!(skip_space(text.as_bytes(), 0), end, "{text:?}");
        }
    }
}
