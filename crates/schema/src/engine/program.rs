//! The compiled form of a schema: flat nodes that name each other by number.

use serde_json::Value;

use super::format::Format;
use super::number::{Divisor, Number};
use super::pattern::Pattern;

/// A node's number in its [`Nodes`].
pub(crate) type NodeId = u32;

/// Accepts everything; is no node.
pub(crate) const ANY: NodeId = NodeId::MAX;
/// Accepts nothing; is no node.
pub(crate) const NEVER: NodeId = NodeId::MAX - 1;

/// A set of JSON types. Integers and other numbers are two.
pub(crate) type Types = u8;
pub(crate) const NULL: Types = 1;
pub(crate) const BOOLEAN: Types = 2;
pub(crate) const INTEGER: Types = 4;
pub(crate) const FRACTION: Types = 8;
pub(crate) const NUMBER: Types = INTEGER | FRACTION;
pub(crate) const STRING: Types = 16;
pub(crate) const ARRAY: Types = 32;
pub(crate) const OBJECT: Types = 64;
pub(crate) const ALL: Types = 127;

/// The kinds of value that one byte tells apart.
pub(crate) const CLASSES: [Types; 6] = [NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT];

/// Everything that a value must meet at one place.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// What it may be at all.
    pub(crate) types: Types,
    /// Of what types the rules in `rest` need a tape.
    pub(crate) on_tape: Types,
    /// Of what types nothing more is asked than to be of them.
    pub(crate) free: Types,
    /// Of what types the rules here are all, and need no tape.
    pub(crate) direct: Types,
    /// By class, where that alone decides which node it is; in the order of [`CLASSES`].
    pub(crate) switch: Option<Box<[NodeId; 6]>>,
    pub(crate) tag: Option<Box<Tag>>,
    pub(crate) sieve: Option<Box<Sieve>>,
    pub(crate) values: Option<Box<Values>>,
    pub(crate) text: Option<Box<Text>>,
    pub(crate) bounds: Option<Box<Bounds>>,
    pub(crate) array: Option<Box<Items>>,
    pub(crate) object: Option<Box<Members>>,
    pub(crate) rest: Box<[Rest]>,
    /// Draft 4: `1.0` is no integer.
    pub(crate) is_draft_4: bool,
    /// What `type` says by itself.
    pub(crate) declared: Types,
    /// `values` are those of a `const`.
    pub(crate) is_const: bool,
}

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

/// `enum` and `const`.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) null: bool,
    pub(crate) yes: bool,
    pub(crate) no: bool,
    /// Sorted.
    pub(crate) numbers: Box<[Number]>,
    /// Sorted.
    pub(crate) strings: Box<[Box<str>]>,
    /// Arrays and objects.
    pub(crate) trees: Box<[Value]>,
}

impl Values {
    pub(crate) fn has_number(&self, number: Number) -> bool {
        if self.numbers.len() <= 8 {
            return self.numbers.iter().any(|known| known.equals(number));
        }
        let order = |known: &Number| known.compare(number);
        self.numbers.binary_search_by(order).is_ok()
    }

    pub(crate) fn has_string(&self, text: &[u8]) -> bool {
        if self.strings.len() <= 8 {
            return self.strings.iter().any(|known| known.as_bytes() == text);
        }
        self.strings
            .binary_search_by(|known| known.as_bytes().cmp(text))
            .is_ok()
    }
}

/// Rules for strings.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) shortest: u64,
    pub(crate) longest: u64,
    pub(crate) patterns: Box<[Pattern]>,
    pub(crate) formats: Box<[Format]>,
}

/// Rules for numbers.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) least: Option<Limit>,
    pub(crate) most: Option<Limit>,
    pub(crate) divisors: Box<[Divisor]>,
    /// What surely is within the limits.
    pub(crate) inner: Interval,
}

/// From one number to another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) has_low: bool,
    pub(crate) has_high: bool,
}

impl Interval {
    /// Whether all from `low` to `high` is within. Both have few digits, so that floats hold them.
    #[inline]
    pub(crate) fn has(&self, low: f64, high: f64) -> bool {
        #[allow(clippy::float_cmp)] // They are exact.
        let is_edge = |edge: f64, own: f64, has: bool| has && edge == own;
        (low > self.low || is_edge(low, self.low, self.has_low))
            && (high < self.high || is_edge(high, self.high, self.has_high))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: Number,
    pub(crate) is_exclusive: bool,
}

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

/// A member that the schema knows by its name.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    /// The name as it usually stands behind an opening quote: with its closing quote and colon.
    pub(crate) quoted: Box<[u8]>,
    pub(crate) node: NodeId,
}

/// The most members whose presence is kept in place while a body is scanned; an object with
/// more is checked on a tape.
pub(crate) const MOST_IN_PLACE: usize = 256;

impl Member {
    /// Whether the text begins with the name as it usually stands.
    #[inline(always)]
    pub(crate) fn begins(&self, text: &[u8]) -> bool {
        let quoted = &*self.quoted;
        let length = quoted.len();
        let Some(text) = text.get(..length) else {
            return false;
        };
        // Two chunks that overlap, or more of them: names are short, and a call costs more.
        if let (Some(head), Some(tail)) = (quoted.first_chunk::<8>(), quoted.last_chunk::<8>()) {
            let is_same = text.first_chunk() == Some(head) && text.last_chunk() == Some(tail);
            return is_same && (length <= 16 || text == quoted);
        }
        if let (Some(head), Some(tail)) = (quoted.first_chunk::<4>(), quoted.last_chunk::<4>()) {
            return text.first_chunk() == Some(head) && text.last_chunk() == Some(tail);
        }
        length > 0 && text == quoted
    }
}

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

/// A rule that is held against a tape of the value.
#[derive(Debug)]
pub(crate) enum Rest {
    /// One more node that the value must meet.
    And(NodeId),
    AnyOf(Box<[NodeId]>),
    OneOf(Box<[NodeId]>),
    Not(NodeId),
    If {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    Dependent {
        name: Box<str>,
        node: NodeId,
    },
    Contains {
        node: NodeId,
        fewest: u64,
        most: u64,
    },
    Unique,
    /// `enum` with arrays or objects in it.
    Trees,
    /// Patterns that are too many to foresee all sets of them.
    Patterns {
        /// Names of `properties` beside them.
        declared: Box<[Box<str>]>,
        patterns: Box<[(Pattern, NodeId)]>,
        additional: NodeId,
    },
    UnevaluatedItems {
        marks: MarksId,
        node: NodeId,
    },
    UnevaluatedProperties {
        marks: MarksId,
        node: NodeId,
    },
    /// So many members that their presence is not kept in place.
    Wide,
}

impl Rest {
    /// What types it says anything about.
    pub(crate) const fn types(&self) -> Types {
        match self {
            Self::And(_) | Self::AnyOf(_) | Self::OneOf(_) | Self::Not(_) | Self::If { .. } => ALL,
            Self::Dependent { .. }
            | Self::Patterns { .. }
            | Self::UnevaluatedProperties { .. }
            | Self::Wide => OBJECT,
            Self::Contains { .. } | Self::Unique | Self::UnevaluatedItems { .. } => ARRAY,
            Self::Trees => ARRAY | OBJECT,
        }
    }
}

/// A [`Marks`]' number.
pub(crate) type MarksId = u32;

/// Which members or elements a schema evaluates, once it holds: what `unevaluated*` asks.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Names of `properties`.
    pub(crate) names: Box<[Box<str>]>,
    pub(crate) patterns: Box<[Pattern]>,
    /// `additionalProperties` or `unevaluatedProperties`: the rest of the members.
    pub(crate) all_members: bool,
    /// Elements from the first on.
    pub(crate) first: usize,
    pub(crate) all_elements: bool,
    /// Elements that this node accepts.
    pub(crate) contains: Option<NodeId>,
    /// What holds with the schema: references and `allOf`.
    pub(crate) always: Box<[MarksId]>,
    /// What is marked only where the node holds.
    pub(crate) when: Box<[(NodeId, MarksId)]>,
    /// What is marked only where the node does not hold.
    pub(crate) unless: Box<[(NodeId, MarksId)]>,
    /// What is marked only where the member is there.
    pub(crate) with: Box<[(Box<str>, MarksId)]>,
}

/// Nodes and what they share.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    pub(crate) nodes: Vec<Node>,
    pub(crate) marks: Vec<Marks>,
    pub(crate) root: NodeId,
    /// How much memory of which member follows which is needed.
    pub(crate) following: u32,
    /// The place in the schema of each node, where each is of one place.
    pub(crate) places: Vec<String>,
}

impl Nodes {
    /// The node, which is neither [`ANY`] nor [`NEVER`].
    #[inline]
    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }
}

impl Nodes {
    /// For each object, that its members follow each other as the nodes have them.
    pub(crate) fn first_guess(&self) -> Vec<u16> {
        let mut guess = vec![0; self.following as usize];
        for members in self.nodes.iter().filter_map(|node| node.object.as_ref()) {
            let start = members.following as usize;
            for (next, place) in (1..=u16::MAX).zip(start..start + members.known.len()) {
                guess[place] = next;
            }
        }
        guess
    }
}
