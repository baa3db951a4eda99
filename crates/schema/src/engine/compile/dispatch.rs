//! Branches that need not be tried: which of them may hold is told by the type of the value, or
//! by a string that one of its members is.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{At, Compiler, Key, Piece};
use crate::engine::program::{CLASSES, NEVER, Node, NodeId, OBJECT, Types};
use crate::engine::refused::Refused;

/// What becomes of a set of pieces.
pub(super) enum Step {
    /// Its branches must be tried.
    Stay,
    /// It is the same as this one.
    Again(Key),
    Node(Node),
}

/// The most groups of branches of a node that are told apart: each makes a node for each of its
/// branches, and each of these has one for each branch of the next group.
const MOST_GROUPS: usize = 4;

/// With so many nodes, branches are no longer told apart.
const MOST_DISPATCHED: usize = 20_000;

impl Compiler<'_> {
    pub(super) fn dispatch(&mut self, key: &Key, types: Types) -> Result<Step, Refused> {
        let has_branches = key.iter().any(|piece| {
            matches!(
                piece,
                Piece::AnyOf(_) | Piece::OneOf(_) | Piece::Not(_) | Piece::If(_)
            )
        });
        if !has_branches {
            return Ok(Step::Stay);
        }
        let classes = CLASSES.iter().filter(|class| types & **class != 0).count();
        if classes > 1 {
            let switch = self.switch(key, types)?;
            return Ok(Step::Node(Node {
                types,
                switch: Some(Box::new(switch)),
                ..Node::default()
            }));
        }
        let simpler = self.without_certain(key, types)?;
        if simpler != *key {
            return Ok(Step::Again(simpler));
        }
        if types & OBJECT != 0 && !key.contains(&Piece::Untagged) {
            if let Some(tag) = self.tag(key)? {
                return Ok(Step::Node(Node {
                    types,
                    tag: Some(Box::new(tag)),
                    ..Node::default()
                }));
            }
        }
        Ok(Step::Stay)
    }

    /// Whether the branches of so many groups may be told apart, or are all tried.
    pub(super) fn may_multiply(&self, groups: usize) -> bool {
        groups <= MOST_GROUPS && self.nodes.nodes.len() <= MOST_DISPATCHED
    }

    fn switch(&mut self, key: &Key, types: Types) -> Result<[NodeId; 6], Refused> {
        let mut switch = [NEVER; 6];
        for (class, slot) in CLASSES.iter().zip(&mut switch) {
            if types & class == 0 {
                continue;
            }
            let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
            pieces.retain(|piece| !matches!(piece, Piece::Types(_)));
            // An integer type is kept by the schema that asks for it.
            pieces.insert(Piece::Types(*class));
            let narrowed: Key = pieces.into_iter().collect();
            let simpler = self.without_certain(&narrowed, types & class)?;
            *slot = self.node(simpler)?;
        }
        Ok(switch)
    }

    /// Leaves out branches that cannot hold for these types, and takes in one that must.
    fn without_certain(&mut self, key: &Key, types: Types) -> Result<Key, Refused> {
        let mut pieces = BTreeSet::new();
        for piece in key.iter() {
            match *piece {
                Piece::AnyOf(group) | Piece::OneOf(group) => {
                    let is_any = matches!(piece, Piece::AnyOf(_));
                    let branches = Rc::clone(&self.groups[group as usize]);
                    let mut left = Vec::new();
                    let mut is_certain = false;
                    for branch in branches.iter() {
                        let own = self.key_of(*branch)?;
                        is_certain |= own.is_empty();
                        if self.types_left(&own) & types != 0 {
                            left.push(*branch);
                        }
                    }
                    if is_any && is_certain {
                        continue;
                    }
                    self.put_group(&mut pieces, &left, is_any)?;
                }
                Piece::Not(at) => {
                    let own = self.key_of(at)?;
                    if own.is_empty() {
                        pieces.insert(Piece::Never);
                    } else if self.types_left(&own) & types != 0 {
                        pieces.insert(*piece);
                    }
                }
                other => {
                    pieces.insert(other);
                }
            }
        }
        Ok(pieces.into_iter().collect())
    }

    /// Adds what is left of a group.
    pub(super) fn put_group(
        &mut self,
        pieces: &mut BTreeSet<Piece>,
        left: &[At],
        is_any: bool,
    ) -> Result<(), Refused> {
        match left {
            [] => {
                pieces.insert(Piece::Never);
            }
            [one] => pieces.extend(self.key_of(*one)?.iter().copied()),
            left => {
                let group = self.group(left);
                pieces.insert(if is_any {
                    Piece::AnyOf(group)
                } else {
                    Piece::OneOf(group)
                });
            }
        }
        Ok(())
    }
}
