//! Single steps of the scan.

use super::{END, Scan};
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

    /// The next byte that is no white space, at which the cursor is then.
    #[inline(always)]
    pub(super) fn next(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.space();
        self.peek()
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.body.get(self.at) == Some(&byte);
        self.at += usize::from(eaten);
        eaten
    }

    #[inline(always)]
    pub(super) fn skip_string(&mut self) -> Result<(), Fail> {
        self.at = text::skip(self.body, self.at).ok_or(Fail::Syntax)?;
        Ok(())
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<Token, Fail> {
        let token = text::scan(self.body, self.at).map_err(|_| Fail::Syntax)?;
        self.at = token.end + 1;
        Ok(token)
    }

    #[inline(always)]
    pub(super) fn literal<const N: usize>(&mut self, word: &[u8; N]) -> Result<(), Fail> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        if rest.first_chunk() != Some(word) {
            return Err(Fail::Syntax);
        }
        self.at += N;
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
