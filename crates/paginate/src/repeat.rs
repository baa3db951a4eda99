//! What keeps a stream from going in circles.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::cursor::Cursor;

/// How many cursors are remembered one by one: 65 536.
///
/// A circle within them is found at its first repetition. Beside them one cursor at a time is
/// remembered, that of the last page whose number is a power of two (Brent's algorithm), in
/// checkpoints too: a circle of any period is found within three times its length and way, in
/// constant memory, and however often the stream is resumed on its way.
pub const MAX_REMEMBERED_CURSORS: usize = 65_536;

/// The cursors that were followed in this run, as keyed hashes of 64 bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    key: RandomState,
    set: HashSet<u64>,
}

impl Seen {
    /// Whether `cursor` is remembered.
    pub(crate) fn contains(&self, cursor: &Cursor) -> bool {
        self.set.contains(&self.key.hash_one(cursor))
    }

    /// Remembers `cursor`, if there is room.
    pub(crate) fn insert(&mut self, cursor: &Cursor) {
        if self.set.len() < MAX_REMEMBERED_CURSORS {
            self.set.insert(self.key.hash_one(cursor));
        }
    }
}

/// Whether the cursor of the page with this number, from 0, is the one that is remembered from
/// there on.
pub(crate) const fn is_mark(page: u64) -> bool {
    page.is_power_of_two()
}

const BLOCK: usize = 4096;

/// What a page's items look like, in 8 bytes for each 4096 of theirs.
///
/// What surrounds them is left out: it may tell the time, or a number of the request. The first
/// block is kept as it is, so that a page that differs there, as almost all do, is known to differ
/// with its first different byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprint {
    head: Vec<u8>,
    blocks: Vec<u64>,
    block: Vec<u8>,
    len: u64,
}

impl Fingerprint {
    /// Forgets the page, and keeps its buffers.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.blocks.clear();
        self.block.clear();
        self.len = 0;
    }

    /// Whether there was no page yet, or nothing in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the next item of a page, and says whether all so far equals `previous`.
    pub(crate) fn item(&mut self, text: &[u8], previous: &Self) -> bool {
        let same = self.push(text, previous);
        self.push(b",", previous) && same
    }

    /// Whether an item of which `begun` has arrived may be the next one of `previous`.
    pub(crate) fn goes_on(&self, begun: &[u8], previous: &Self) -> bool {
        let at = self.head.len();
        let begun = &begun[..begun.len().min(BLOCK - at)];
        previous.head.get(at..at + begun.len()) == Some(begun)
    }

    /// Takes the next bytes of a page, and says whether all so far equals `previous`.
    fn push(&mut self, mut bytes: &[u8], previous: &Self) -> bool {
        let mut same = self.len + bytes.len() as u64 <= previous.len;
        self.len += bytes.len() as u64;
        if self.head.len() < BLOCK {
            let taken = bytes.len().min(BLOCK - self.head.len());
            let at = self.head.len();
            self.head.extend_from_slice(&bytes[..taken]);
            same &= previous.head.get(at..at + taken) == Some(&bytes[..taken]);
            bytes = &bytes[taken..];
        }
        while !bytes.is_empty() {
            let taken = bytes.len().min(BLOCK - self.block.len());
            self.block.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.block.len() == BLOCK {
                let hash = self.hash();
                same &= previous.blocks.get(self.blocks.len()) == Some(&hash);
                self.blocks.push(hash);
                self.block.clear();
            }
        }
        same
    }

    /// Whether a whole page, of which all pieces were the same, equals `previous`.
    pub(crate) fn equals(&self, previous: &Self) -> bool {
        self.len == previous.len && self.block == previous.block
    }

    /// Of a whole block: eight bytes at a time, each folded into a product. Whoever could make two
    /// pages collide could as well send one twice, so that nothing is gained by a keyed hash, which
    /// costs four times as much.
    fn hash(&self) -> u64 {
        const ODD: u128 = 0x9e37_79b9_7f4a_7c15;
        let words = self.block.chunks_exact(8).map(|word| {
            let word = word.try_into().expect("they are of 8 bytes");
            u64::from_le_bytes(word)
        });
        words.fold(BLOCK as u64, |hash, word| {
            let product = u128::from(hash ^ word) * ODD;
            product as u64 ^ (product >> 64) as u64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many pages a stream is found to go in a circle, if it forgets all but the mark
    /// after each `run` pages.
    fn found(run: u64, step: impl Fn(u64) -> u64) -> u64 {
        let mut seen = Seen::default();
        let mut mark = None;
        for page in 0.. {
            if page % run == 0 {
                seen = Seen::default();
            }
            let cursor = Cursor::number(step(page));
            if seen.contains(&cursor) || mark == Some(cursor.print()) {
                return page;
            }
            seen.insert(&cursor);
            assert!(seen.set.len() <= MAX_REMEMBERED_CURSORS);
            if is_mark(page) {
                mark = Some(cursor.print());
            }
        }
        0
    }

    #[test]
    fn a_circle_of_any_period_is_found() {
        for period in [1, 2, 7, 10_000, 70_000, 200_000] {
            let pages = found(u64::MAX, |page| page % period);
            if period <= MAX_REMEMBERED_CURSORS as u64 {
                assert_eq!(pages, period);
            }
            assert!(pages <= 3 * period, "{period}");
        }
    }

    #[test]
    fn a_circle_of_any_period_is_found_by_runs_of_any_length() {
        for period in [1, 2, 3, 7, 100, 1_000] {
            for run in [1, 2, 3, 64] {
                let pages = found(run, |page| page % period);
                assert!(period <= pages && pages <= 3 * period, "{period} by {run}");
            }
        }
    }

    #[test]
    fn a_long_way_into_the_circle_is_no_way_out() {
        let step = |page: u64| {
            if page < 150_000 {
                page
            } else {
                150_000 + page % 1000
            }
        };
        assert!(found(u64::MAX, step) <= 3 * 151_000);
        assert!(found(10, step) <= 3 * 151_000);
    }

    #[test]
    fn equal_pages_are_equal_and_others_are_not_whatever_the_pieces() {
        for len in [0_usize, 1, 4095, 4096, 4097, 8192, 10_000] {
            let page: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            let mut first = Fingerprint::default();
            first.push(&page, &Fingerprint::default());
            for size in [1, 7, 4096, 20_000] {
                let equal = |page: &[u8]| {
                    let mut next = Fingerprint::default();
                    let same = page.chunks(size).all(|piece| next.push(piece, &first));
                    same && next.equals(&first)
                };
                assert!(equal(&page), "{len} by {size}");
                for at in [0, len / 2, len.saturating_sub(1)] {
                    let mut other = page.clone();
                    if let Some(byte) = other.get_mut(at) {
                        *byte ^= 1;
                        assert!(!equal(&other), "{len} by {size} at {at}");
                    }
                }
                assert!(!equal(&[&page[..], b"x"].concat()));
                assert!(page.is_empty() || !equal(&page[1..]));
            }
        }
    }

    #[test]
    fn items_do_not_run_into_each_other() {
        let mut first = Fingerprint::default();
        let none = Fingerprint::default();
        first.item(b"1", &none);
        first.item(b"2", &none);
        let mut next = Fingerprint::default();
        assert!(!next.item(b"12", &first));
        next.clear();
        assert!(next.item(b"1", &first) && !next.equals(&first));
        assert!(next.item(b"2", &first) && next.equals(&first));

        next.clear();
        assert!(next.item(b"1", &first));
        assert!(next.goes_on(b"", &first) && next.goes_on(b"2", &first));
        assert!(!next.goes_on(b"3", &first) && !next.goes_on(b"23", &first));
        assert!(next.item(b"2", &first) && !next.goes_on(b"3", &first));
    }

    #[test]
    fn a_difference_shows_at_its_byte() {
        let mut first = Fingerprint::default();
        first.push(b"[{\"id\":1}]", &Fingerprint::default());
        let mut next = Fingerprint::default();
        assert!(next.push(b"[{\"id\":", &first));
        assert!(!next.push(b"2", &first));
    }
}
