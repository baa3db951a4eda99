//! Arrays, as they are met.

use super::Scan;
use super::cursor::next;
use crate::engine::Fail;
use crate::engine::program::Items;

impl<'a> Scan<'a, '_> {
    pub(super) fn array(&mut self, items: &'a Items, depth: usize) -> Result<(), Fail> {
        let start = self.at;
        let depth = Self::deepen(depth)?;
        let body = self.body;
        let mut count = 0_usize;
        let (mut at, mut byte) = next(body, start + 1);
        if byte != b']' {
            loop {
                at = self.inner(items.at(count), (at, byte), depth)?;
                count += 1;
                (at, byte) = next(body, at);
                if byte != b',' {
                    break;
                }
                (at, byte) = next(body, at + 1);
            }
        }
        self.close((at, byte), b']')?;
        let count = count as u64;
        if count < items.fewest || count > items.most {
            return Err(Fail::Schema);
        }
        Ok(())
    }

    /// Steps over what ends a container, which must be there.
    #[inline(always)]
    pub(super) fn close(&mut self, (at, byte): (usize, u8), end: u8) -> Result<(), Fail> {
        self.at = at;
        if byte != end {
            return Err(Fail::Syntax);
        }
        self.at += 1;
        Ok(())
    }
}
