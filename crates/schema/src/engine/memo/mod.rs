//! Verdicts that were reached already, so that branches that meet again cost nothing.
//!
//! A verdict takes 32 to 64 bytes, and there may be one for each node at each value of a tape. As
//! soon as there are half as many as values, only those at large values are kept, of which there
//! are few: a value is within at most 127 others. Those at the small ones are kept while one of these
//! is looked at, and reached again when it is looked at again, which happens once for each node at
//! the value around it: such a body takes longer, but by a factor that is the schema's.

mod table;

use std::ops::Range;

use self::table::Table;
use super::MAX_DEPTH;

/// So many verdicts are always kept.
const FREE: usize = 4_096;

#[derive(Debug)]
pub(crate) struct Memo {
    known: Table,
    /// Beyond so many, only those at large values are kept in `known`.
    most: usize,
    /// A value with more entries of the tape than this is large.
    large: u32,
    is_full: bool,
    /// Verdicts within the small value that is looked at.
    near: Table,
    /// Its place, and the places within.
    small: Range<u32>,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            known: Table::default(),
            most: FREE,
            large: 0,
            is_full: false,
            near: Table::default(),
            small: 0..0,
        }
    }
}

impl Memo {
    pub(crate) fn bytes(&self) -> usize {
        self.known.bytes() + self.near.bytes()
    }

    /// Forgets all, for a tape of so many entries.
    pub(crate) fn clear(&mut self, entries: usize) {
        self.known.clear();
        self.most = (entries / 2).max(FREE);
        self.is_full = false;
        // So that of each node no more are kept at large values than near by.
        let large = entries.saturating_mul(MAX_DEPTH).isqrt();
        self.large = u32::try_from(large).unwrap_or(u32::MAX);
    }

    /// The verdict of `node` at the value at `place`, whose entries of the tape end at `end`.
    pub(crate) fn get(&mut self, node: u32, place: u32, end: u32) -> Option<bool> {
        self.table(place, end).get(node, place)
    }

    pub(crate) fn put(&mut self, node: u32, place: u32, end: u32, verdict: bool) {
        if !self.is_full && self.known.len() >= self.most {
            self.is_full = true;
            self.known.clear();
            self.near.clear();
            self.small = 0..0;
        }
        self.table(place, end).put(node, place, verdict);
    }

    #[inline]
    fn table(&mut self, place: u32, end: u32) -> &mut Table {
        if !self.is_full || end.saturating_sub(place) > self.large {
            return &mut self.known;
        }
        if !self.small.contains(&place) {
            // It is within large ones only, for one looks into a value from the one around it.
            self.small = place..end;
            self.near.clear();
        }
        &mut self.near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_kept_as_long_as_it_is_no_more_than_half_the_tape() {
        let mut memo = Memo::default();
        memo.clear(20_000);
        for place in 0..10_000 {
            memo.put(7, place, place + 1, place % 3 == 0);
        }
        for place in 0..10_000 {
            assert_eq!(memo.get(7, place, place + 1), Some(place % 3 == 0));
        }
        memo.clear(20_000);
        assert_eq!(memo.get(7, 3, 4), None);
    }

    #[test]
    fn beyond_that_only_what_is_large_or_near_by() {
        let entries = 10_000;
        let mut memo = Memo::default();
        memo.clear(entries as usize);
        let (mut forgotten, mut kept) = (0, 0);
        for node in 0..100 {
            memo.put(node, 0, entries, node % 2 == 0);
            for place in (1..entries).step_by(10) {
                memo.put(node, place, place + 10, true);
                memo.put(node, place + 1, place + 2, false);
                assert_eq!(memo.get(node, place + 1, place + 2), Some(false));
                forgotten += usize::from(memo.get(node, place, place + 10) != Some(true));
            }
            kept += usize::from(memo.get(node, 1, 11).is_some());
        }
        // Once, when there were too many.
        assert_eq!(forgotten, 1);
        assert!(kept < 5, "{kept}");
        for node in 90..100 {
            assert_eq!(memo.get(node, 0, entries), Some(node % 2 == 0));
        }
        assert!(memo.bytes() < 40 * entries as usize, "{}", memo.bytes());
    }
}
