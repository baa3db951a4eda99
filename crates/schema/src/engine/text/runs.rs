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
    let rest = body.get(at..).and_then(<[u8]>::split_first_chunk);
    match rest {
        Some((chunk, behind)) if is_plain(chunk) => body.len() - behind_plain(behind),
        Some((chunk, _)) => at + plain_before_special(chunk),
        None => end_of_plain_near_end(body, at),
    }
}

#[inline(never)]
fn end_of_plain_near_end(body: &[u8], at: usize) -> usize {
    body.len() - behind_plain_bytewise(body.get(at..).unwrap_or_default())
}

/// How many bytes are left where a plain run ends. It is counted from the end, which takes the
/// loop a step less.
#[inline(never)]
fn behind_plain(mut rest: &[u8]) -> usize {
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        if !is_plain(chunk) {
            return rest.len() - plain_before(chunk);
        }
        rest = behind;
    }
    behind_plain_bytewise(rest)
}

fn behind_plain_bytewise(rest: &[u8]) -> usize {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\') || !(0x20..0x80).contains(byte);
    rest.len() - rest.iter().position(is_special).unwrap_or(rest.len())
}

/// How many bytes of sixteen, of which one is special, are before that.
#[inline(always)]
fn plain_before(chunk: &[u8; 16]) -> usize {
    let both = u128::from_le_bytes(*chunk);
    let first = specials(both as u64);
    if first != 0 {
        return bytes_before(first);
    }
    8 + bytes_before(specials((both >> 64) as u64))
}

/// Apart, or its constants are loaded for longer strings too.
#[inline(never)]
fn plain_before_special(chunk: &[u8; 16]) -> usize {
    plain_before(chunk)
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
fn skip_spaces(body: &[u8], at: usize) -> usize {
    body.len() - behind_spaces(body, at).len()
}

/// What is left behind a run of white space.
#[inline(always)]
pub(crate) fn behind_spaces(body: &[u8], at: usize) -> &[u8] {
    let mut rest = body.get(at..).unwrap_or_default();
    loop {
        while let [b'\n' | b'\r' | b'\t', behind @ ..] = rest {
            rest = behind;
        }
        // Indentation.
        while let Some((word, behind)) = rest.split_first_chunk() {
            let other = u64::from_le_bytes(*word) ^ repeat(b' ');
            if other != 0 {
                rest = rest.get(bytes_before(other)..).unwrap_or_default();
                break;
            }
            rest = behind;
        }
        while let [b' ', behind @ ..] = rest {
            rest = behind;
        }
        if !matches!(rest, [b'\n' | b'\r' | b'\t', ..]) {
            return rest;
        }
    }
}
