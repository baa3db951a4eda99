//! What nodes are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::documents::SchemaId;
use crate::engine::program::Types;

/// A schema, and what the dynamic anchors mean where it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub(super) schema: SchemaId,
    pub(super) scope: u32,
}

/// Branches of `anyOf` or `oneOf` that are left, as a number in the compiler.
pub(super) type GroupId = u32;

/// One part of what a value must meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Piece {
    Never,
    /// To be of these types.
    Types(Types),
    /// The schema's own keywords, other than those that apply schemas to the same value.
    Own(At),
    AnyOf(GroupId),
    OneOf(GroupId),
    Not(At),
    /// `if`, `then` and `else` of the schema.
    If(At),
    /// `dependentSchemas` of the schema.
    Dependent(At),
    /// `unevaluatedItems` and `unevaluatedProperties` of the schema.
    Unevaluated(At),
    /// The whole schema, as a node of its own; only where nothing is merged.
    Whole(At),
    /// Branches are tried: no member tells them apart, or not this time.
    Untagged,
}

/// Sorted, each once.
pub(super) type Key = Rc<[Piece]>;

/// Names of members.
pub(super) type Names = Rc<BTreeSet<String>>;

/// Names of members and the strings that each may be.
pub(super) type Constants = Rc<BTreeMap<String, BTreeSet<String>>>;
