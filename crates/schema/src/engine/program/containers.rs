//! Rules for arrays and objects.

use super::{ANY, Member, NodeId};
use crate::engine::pattern::Pattern;

/// Rules for the elements of arrays.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) prefix: Box<[NodeId]>,
    pub(crate) rest: NodeId,
    pub(crate) fewest: u64,
    pub(crate) most: u64,
}

impl Items {
    #[inline]
    pub(crate) fn at(&self, index: usize) -> NodeId {
        self.prefix.get(index).copied().unwrap_or(self.rest)
    }
}

/// Rules for the members of objects.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) known: Box<[Member]>,
    /// Open addressing over `known`; a power of two long.
    pub(crate) table: Box<[u16]>,
    /// The members that must be there, as bits; `known` may be longer.
    pub(crate) required: Box<[u64]>,
    pub(crate) patterns: Box<[Pattern]>,
    /// The node of a member that is not known, by the set of patterns that its name matches.
    pub(crate) by_patterns: Box<[NodeId]>,
    /// What each name must be.
    pub(crate) names: NodeId,
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    /// Known members that ask for others.
    pub(crate) dependents: Box<[(u16, Box<[u16]>)]>,
    /// The keyword that says so.
    pub(crate) dependents_keyword: &'static str,
    /// Where the memory of which member follows which begins.
    pub(crate) following: u32,
}

/// The most members whose presence is kept in place while a body is scanned; an object with
/// more is checked on a tape.
pub(crate) const MOST_IN_PLACE: usize = 256;

impl Members {
    /// The known member of this name.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash(name) & mask;
        loop {
            let found = usize::from(*self.table.get(slot)?);
            // An empty slot names a member that is not there.
            let member = self.known.get(found)?;
            if member.name.as_bytes() == name {
                return Some(found);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The node of a member that is not known.
    pub(crate) fn unknown(&self, name: &str) -> NodeId {
        let mut set = 0;
        for (place, pattern) in self.patterns.iter().enumerate() {
            set |= usize::from(pattern.matches(name)) << place;
        }
        self.by_patterns.get(set).copied().unwrap_or(ANY)
    }

    /// Fills the table.
    pub(crate) fn index(known: &[Member]) -> Box<[u16]> {
        let size = (known.len() * 2 + 1).next_power_of_two();
        let mut table = vec![u16::MAX; size];
        for (place, member) in (0..u16::MAX).zip(known) {
            let mut slot = hash(member.name.as_bytes()) & (size - 1);
            while table[slot] != u16::MAX {
                slot = (slot + 1) & (size - 1);
            }
            table[slot] = place;
        }
        table.into()
    }
}

/// Spreads names over a table that is built of the schema alone; no name of a body is put in.
#[inline]
pub(crate) fn hash(name: &[u8]) -> usize {
    let length = name.len();
    let (head, tail) = if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
        (u64::from(head), u64::from(tail))
    } else {
        let byte = |place: usize| u64::from(name.get(place).copied().unwrap_or_default());
        (byte(0) | byte(1) << 8 | byte(2) << 16, 0)
    };
    let mut mixed =
        (head ^ tail.rotate_left(23) ^ (length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_mul(0xd6e8_feb8_6659_fd93);
    if length > 16 {
        // Long names begin and end alike more often than not.
        for chunk in name[8..length - 8].chunks(8) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            mixed = (mixed.rotate_left(29) ^ u64::from_le_bytes(bytes))
                .wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
    }
    (mixed >> 32) as usize
}
