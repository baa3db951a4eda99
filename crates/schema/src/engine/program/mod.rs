//! The compiled form of a schema: flat nodes that name each other by number.

mod branches;
mod containers;
mod member;
mod rest;
mod scalars;

pub(crate) use self::branches::{Sieve, Sifted, Tag};
pub(crate) use self::containers::{Items, MOST_IN_PLACE, Members, hash};
pub(crate) use self::member::Member;
pub(crate) use self::rest::{Marks, MarksId, Rest};
pub(crate) use self::scalars::{Bounds, Interval, Limit, Text, Values};

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
    /// Some ask each other about one value without end; only where each is of one place.
    pub(crate) is_circular: bool,
}

impl Nodes {
    /// The node, which is neither [`ANY`] nor [`NEVER`].
    #[inline]
    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }
}

impl Nodes {
    /// Copies what members are asked for most to where they are found.
    pub(crate) fn bring_nearer(&mut self) {
        let free: Vec<Types> = self.nodes.iter().map(|node| node.free).collect();
        let objects = self
            .nodes
            .iter_mut()
            .filter_map(|node| node.object.as_mut());
        for members in objects {
            for (place, member) in members.known.iter_mut().enumerate() {
                member.bit = 1 << (place % 64);
                member.free = match member.node {
                    ANY => ALL,
                    node => free.get(node as usize).copied().unwrap_or(0),
                };
            }
        }
    }

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
