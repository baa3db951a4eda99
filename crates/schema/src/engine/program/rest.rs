//! Rules that are held against a tape.

use super::{ALL, ARRAY, NodeId, OBJECT, Types};
use crate::engine::pattern::Pattern;

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
