//! Where runs of plain characters and of white space end, several bytes at once.

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
pub(super) fn ends(word: u64) -> u64 {
    marks(word) & !word & HIGH
}

/// Where a plain run within a string ends: at one of those, or at what is not ASCII.
#[inline(always)]
fn specials(word: u64) -> u64 {
    (marks(word) | word) & HIGH
}

#[inline(always)]
pub(super) fn word_at(body: &[u8], at: usize) -> Option<u64> {
    let bytes = body.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// How many bytes are before the first that is marked.
#[inline(always)]
pub(super) const fn bytes_before(mark: u64) -> usize {
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
pub(super) fn end_of_plain(body: &[u8], at: usize) -> usize {
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
