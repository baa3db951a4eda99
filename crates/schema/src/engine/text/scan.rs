//! Strings from quote to quote, each byte of which is checked.

use super::Token;
use super::runs::{bytes_before, end_of_plain, ends, word_at};

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
