//! The numbers of nodes, and how many there may be.

use std::rc::Rc;

use super::Compiler;
use super::pieces::{At, GroupId, Key, Piece};
use crate::engine::program::{ANY, Marks, MarksId, NEVER, Node, NodeId};
use crate::engine::refused::Refused;

/// The most nodes of a program: merging can make many of a small schema.
const MOST_NODES: usize = 100_000;

/// The most of what takes room in nodes: pieces, members, elements of a prefix, strings of tags.
pub(super) const MOST_PARTS: usize = 300_000;

/// The most pieces of one node.
const MOST_PIECES: usize = 2_000;

impl Compiler<'_> {
    /// The node of one schema.
    pub(super) fn node_of(&mut self, at: At) -> Result<NodeId, Refused> {
        let key = self.key_of(at)?;
        self.node(key)
    }

    /// The node of a set of pieces.
    pub(super) fn node(&mut self, key: Key) -> Result<NodeId, Refused> {
        if key.is_empty() {
            return Ok(ANY);
        }
        if key.contains(&Piece::Never) {
            return Ok(NEVER);
        }
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if self.nodes.nodes.len() >= MOST_NODES || key.len() > MOST_PIECES {
            return Err(too_large());
        }
        self.take_room(key.len())?;
        let id = u32::try_from(self.nodes.nodes.len()).unwrap_or(NEVER);
        self.nodes.nodes.push(Node::default());
        if !self.is_merging {
            let place = match key.first() {
                Some(Piece::Own(at)) => self.documents.name(at.schema),
                _ => String::new(),
            };
            self.nodes.places.push(place);
        }
        self.known.insert(Rc::clone(&key), id);
        self.queue.push((id, key));
        Ok(id)
    }

    /// Counts what a node is made of.
    pub(super) fn take_room(&mut self, parts: usize) -> Result<(), Refused> {
        self.parts += parts;
        if self.parts > MOST_PARTS {
            return Err(too_large());
        }
        Ok(())
    }

    pub(super) fn group(&mut self, branches: &[At]) -> GroupId {
        if let Some(known) = self.group_ids.get(branches) {
            return *known;
        }
        let id = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let branches: Rc<[At]> = branches.into();
        self.groups.push(Rc::clone(&branches));
        self.group_ids.insert(branches, id);
        id
    }

    /// Room to remember which member follows which.
    pub(super) fn following(&mut self, known: usize) -> Result<u32, Refused> {
        let start = self.nodes.following;
        let count = u32::try_from(known + 1).unwrap_or(u32::MAX);
        if known > usize::from(u16::MAX) - 1 {
            return Err(Refused::unsupported("", "this many members"));
        }
        self.nodes.following = start
            .checked_add(count)
            .ok_or_else(|| Refused::unsupported("", "this many members"))?;
        Ok(start)
    }

    pub(super) fn add_marks(&mut self) -> MarksId {
        self.nodes.marks.push(Marks::default());
        u32::try_from(self.nodes.marks.len() - 1).unwrap_or(u32::MAX)
    }
}

fn too_large() -> Refused {
    Refused::unsupported("", "a schema that becomes this large")
}
