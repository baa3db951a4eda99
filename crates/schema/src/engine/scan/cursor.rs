//! Single steps of the scan.

use super::{END, Scan};
use crate::engine::digits::SURELY_FINITE;
use crate::engine::keys::Mark;
use crate::engine::text::{self, Token};
use crate::engine::{Fail, MAX_DEPTH};

impl Scan<'_, '_> {
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.body.get(self.at).copied().unwrap_or(END)
    }

    #[inline]
    pub(super) fn space(&mut self) {
        self.at = text::skip_space(self.body, self.at);
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.body.get(self.at) == Some(&byte);
        self.at += usize::from(eaten);
        eaten
    }

    #[inline(always)]
    pub(super) fn skip_string(&mut self) -> Result<(), Fail> {
        self.at = behind_string(self.body, self.at)?;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Token, Fail> {
        let token = text::scan(self.body, self.at).map_err(|_| Fail::Syntax)?;
        self.at = token.end + 1;
        Ok(token)
    }

    pub(super) fn literal<const N: usize>(&mut self, word: &[u8; N]) -> Result<(), Fail> {
        self.at = behind(word, self.body, self.at)?;
        Ok(())
    }

    #[inline]
    pub(super) fn deepen(depth: usize) -> Result<usize, Fail> {
        if depth >= MAX_DEPTH {
            return Err(Fail::Depth);
        }
        Ok(depth + 1)
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Fail> {
        self.space();
        if !self.eat(b':') {
            return Err(Fail::Syntax);
        }
        self.space();
        Ok(())
    }

    #[inline]
    pub(super) fn end_object(&mut self, mark: Mark) -> Result<(), Fail> {
        if !self.eat(b'}') {
            return Err(Fail::Syntax);
        }
        if self.scratch.keys.end(self.body, mark) {
            return Err(Fail::Twice);
        }
        Ok(())
    }
}

// What follows is given its place: what is local stays in registers, as the cursor of a scan that
// calls itself does not.

/// The first byte from `at` on that is no white space, and where it is.
#[inline(always)]
pub(super) fn next(body: &[u8], at: usize) -> (usize, u8) {
    match body.get(at) {
        Some(&byte) if byte > b' ' => (at, byte),
        _ => next_behind_space(body, at),
    }
}

#[cold]
#[inline(never)]
fn next_behind_space(body: &[u8], at: usize) -> (usize, u8) {
    let rest = text::behind_spaces(body, at);
    (
        body.len() - rest.len(),
        rest.first().copied().unwrap_or(END),
    )
}

/// As [`next`] behind a colon, where a single space is usual.
#[inline(always)]
pub(super) fn next_behind_colon(body: &[u8], at: usize) -> (usize, u8) {
    match body.get(at) {
        Some(b' ') => next(body, at + 1),
        _ => next(body, at),
    }
}

/// What is behind a string that begins at `at`.
#[inline(always)]
pub(super) fn behind_string(body: &[u8], at: usize) -> Result<usize, Fail> {
    text::skip(body, at).ok_or(Fail::Syntax)
}

/// What is behind a word that must be at `at`.
#[inline(always)]
pub(super) fn behind<const N: usize>(
    word: &[u8; N],
    body: &[u8],
    at: usize,
) -> Result<usize, Fail> {
    let rest = body.get(at..).unwrap_or_default();
    if rest.first_chunk() != Some(word) {
        return Err(Fail::Syntax);
    }
    Ok(at + N)
}

/// What is behind an integer that begins at `at` and not with 0; `None` of another number, and of
/// one that may be too large.
#[inline(always)]
pub(super) fn behind_integer(body: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    while matches!(body.get(end), Some(b'0'..=b'9')) {
        end += 1;
    }
    let goes_on = matches!(body.get(end), Some(b'.' | b'e' | b'E'));
    (!goes_on && end - at < SURELY_FINITE).then_some(end)
}
