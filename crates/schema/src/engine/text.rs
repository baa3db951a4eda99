//! Strings as they stand in the body: where they end, how long they are, and what they say,
//! without decoding where that can be avoided.

use std::borrow::Cow;

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

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = repeat(0x80);

/// The high bit of each byte below 0x80 that is a quote, a backslash or a control, and of some from
/// 0x80 on. A byte behind such a one may be marked falsely: what counts is the first mark.
#[inline(always)]
fn marks(word: u64) -> u64 {
    // Of the bytes below 0x21, the space takes the place of the quote.
    let control_or_quote = (word ^ repeat(b' ' ^ b'"')).wrapping_sub(repeat(0x21));
    let backslash = (word ^ repeat(b'\\')).wrapping_sub(repeat(1));
    control_or_quote | backslash
}

/// Where a run within a string ends: at a quote, a backslash or a control, among bytes beyond
/// ASCII too.
#[inline(always)]
fn ends(word: u64) -> u64 {
    marks(word) & !word & HIGH
}

/// Where a plain run within a string ends: at one of those, or at what is not ASCII.
#[inline(always)]
fn specials(word: u64) -> u64 {
    (marks(word) | word) & HIGH
}

#[inline(always)]
fn word_at(body: &[u8], at: usize) -> Option<u64> {
    let bytes = body.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// How many bytes are before the first that is marked.
#[inline(always)]
const fn bytes_before(mark: u64) -> usize {
    (mark.trailing_zeros() / 8) as usize
}

/// Whether none of sixteen bytes is special; written so that it becomes vector instructions.
#[inline(always)]
fn is_plain(chunk: &[u8; 16]) -> bool {
    let mut is_special = 0;
    for &byte in chunk {
        // As in `marks`; what is not ASCII is negative.
        let is_marked = ((byte ^ (b' ' ^ b'"')) as i8) < 0x21 || byte == b'\\';
        is_special |= u8::from(is_marked);
    }
    is_special == 0
}

/// The first byte from `at` on that ends a plain run; the end of the body if there is none.
#[inline(always)]
fn end_of_plain(body: &[u8], at: usize) -> usize {
    let word = body.get(at..).and_then(<[u8]>::first_chunk);
    let Some(word) = word.map(|word| u64::from_le_bytes(*word)) else {
        return end_of_plain_bytewise(body, at);
    };
    let found = specials(word);
    if found != 0 {
        return at + bytes_before(found);
    }
    end_of_long_plain(body, at + 8)
}

#[inline(never)]
fn end_of_long_plain(body: &[u8], start: usize) -> usize {
    let rest = body.get(start..).unwrap_or_default();
    let mut at = start;
    for chunk in rest.chunks_exact(16) {
        let Ok(chunk) = <&[u8; 16]>::try_from(chunk) else {
            break;
        };
        if !is_plain(chunk) {
            let both = u128::from_le_bytes(*chunk);
            let words = [both, both >> 64].map(|half| specials(half as u64));
            return at
                + if words[0] != 0 {
                    bytes_before(words[0])
                } else {
                    8 + bytes_before(words[1])
                };
        }
        at += 16;
    }
    end_of_plain_bytewise(body, at)
}

#[inline(never)]
fn end_of_plain_bytewise(body: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = body.get(at) {
        if byte == b'"' || byte == b'\\' || !(0x20..0x80).contains(&byte) {
            break;
        }
        at += 1;
    }
    at
}

/// The string whose opening quote is at `at`; `Err` says where it is none.
#[inline(always)]
pub(crate) fn scan(body: &[u8], at: usize) -> Result<Token, usize> {
    let start = at + 1;
    let end = end_of_plain(body, start);
    if body.get(end) == Some(&b'"') {
        return Ok(Token {
            start,
            end,
            is_escaped: false,
            is_ascii: true,
        });
    }
    scan_rest(body, start, end)
}

/// Behind the string whose opening quote is at `at`; `None` if it is none.
#[inline(always)]
pub(crate) fn skip(body: &[u8], at: usize) -> Option<usize> {
    let start = at + 1;
    let end = end_of_plain(body, start);
    if body.get(end) == Some(&b'"') {
        return Some(end + 1);
    }
    scan_rest(body, start, end).ok().map(|token| token.end + 1)
}

/// Goes on at a byte that is not plain.
#[inline(never)]
fn scan_rest(body: &[u8], start: usize, mut at: usize) -> Result<Token, usize> {
    let (mut is_escaped, mut is_ascii) = (false, true);
    loop {
        match body.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                is_escaped = true;
                at = escape(body, at)?;
            }
            Some(0x80..) => {
                is_ascii = false;
                at = characters(body, at)?;
            }
            Some(0x20..) => {}
            _ => return Err(at),
        }
        at = end_of_plain(body, at);
    }
    Ok(Token {
        start,
        end: at,
        is_escaped,
        is_ascii: is_ascii && !is_escaped,
    })
}

/// A run of characters beyond ASCII: checked to be UTF-8.
fn characters(body: &[u8], at: usize) -> Result<usize, usize> {
    // Text that is mostly not ASCII has spaces and digits in it: one call checks up to the
    // end of the string, or of a piece of it.
    let mut end = at;
    while let Some(word) = word_at(body, end) {
        let found = ends(word);
        if found != 0 {
            end += bytes_before(found);
            break;
        }
        end += 8;
    }
    while let Some(&byte) = body.get(end) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        end += 1;
    }
    let run = body.get(at..end).unwrap_or_default();
    match std::str::from_utf8(run) {
        Ok(_) => Ok(end),
        Err(error) => Err(at + error.valid_up_to()),
    }
}

/// What follows a backslash (RFC 8259, section 7); the byte behind it.
fn escape(body: &[u8], at: usize) -> Result<usize, usize> {
    match body.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let unit = hexadecimal(body, at + 2)?;
            match unit {
                0xdc00..=0xdfff => Err(at),
                0xd800..=0xdbff => {
                    if body.get(at + 6..at + 8) != Some(b"\\u") {
                        return Err(at);
                    }
                    match hexadecimal(body, at + 8)? {
                        0xdc00..=0xdfff => Ok(at + 12),
                        _ => Err(at),
                    }
                }
                _ => Ok(at + 6),
            }
        }
        _ => Err(at),
    }
}

fn hexadecimal(body: &[u8], at: usize) -> Result<u32, usize> {
    let mut unit = 0;
    for place in at..at + 4 {
        let digit = body
            .get(place)
            .and_then(|byte| char::from(*byte).to_digit(16))
            .ok_or(place)?;
        unit = unit * 16 + digit;
    }
    Ok(unit)
}

/// The first byte from `at` on that is no white space.
#[inline(always)]
pub(crate) fn skip_space(body: &[u8], at: usize) -> usize {
    match body.get(at) {
        Some(0x21..) => at,
        Some(b' ') if matches!(body.get(at + 1), Some(0x21..)) => at + 1,
        _ => skip_spaces(body, at),
    }
}

#[inline(never)]
fn skip_spaces(body: &[u8], mut at: usize) -> usize {
    loop {
        while matches!(body.get(at), Some(b'\n' | b'\r' | b'\t')) {
            at += 1;
        }
        // Indentation.
        while let Some(word) = word_at(body, at) {
            let other = word ^ repeat(b' ');
            if other == 0 {
                at += 8;
                continue;
            }
            at += bytes_before(other);
            break;
        }
        while body.get(at) == Some(&b' ') {
            at += 1;
        }
        if !matches!(body.get(at), Some(b'\n' | b'\r' | b'\t')) {
            return at;
        }
    }
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
