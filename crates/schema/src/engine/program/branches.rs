//! Which branch an object is held to, told by its members.

use super::NodeId;

/// Which node an object is held to, by the string that one of its members is.
#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) name: Box<str>,
    /// Sorted by the string.
    pub(crate) by_value: Box<[(Box<str>, NodeId)]>,
    /// There is no such member.
    pub(crate) absent: NodeId,
    /// It is none of the strings, or no string.
    pub(crate) other: NodeId,
}

impl Tag {
    pub(crate) fn of(&self, value: &str) -> NodeId {
        self.by_value
            .binary_search_by(|(known, _)| (**known).cmp(value))
            .map_or(self.other, |found| self.by_value[found].1)
    }
}

/// Which branches an object may still meet, by the members that it has: one is left out by a
/// member that it does not allow, or whose string it does not. Where one is left, it decides.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// Sorted by name.
    pub(crate) names: Box<[Sifted]>,
    /// Branches that allow members of any other name.
    pub(crate) others: u128,
    pub(crate) all: u128,
    /// By branch, the node that is left with it alone.
    pub(crate) nodes: Box<[NodeId]>,
}

/// Branches that allow a member of this name.
#[derive(Debug)]
pub(crate) struct Sifted {
    pub(crate) name: Box<str>,
    /// Whatever its value.
    pub(crate) any: u128,
    /// If its value is this string; sorted.
    pub(crate) values: Box<[(Box<str>, u128)]>,
}

impl Sieve {
    pub(crate) fn find(&self, name: &str) -> Option<&Sifted> {
        let found = self
            .names
            .binary_search_by(|known| (*known.name).cmp(name))
            .ok()?;
        self.names.get(found)
    }
}

impl Sifted {
    pub(crate) fn of(&self, value: &str) -> u128 {
        self.values
            .binary_search_by(|(known, _)| (**known).cmp(value))
            .map_or(self.any, |found| self.values[found].1)
    }
}
