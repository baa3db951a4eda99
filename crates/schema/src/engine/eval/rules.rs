//! Rules that look at a value twice, or at one value for several schemas.

use super::containers::has_required;
use super::{Eval, class_of};
use crate::engine::equal::View;
use crate::engine::memo::Memo;
use crate::engine::program::{ANY, Node, NodeId, Rest, STRING};
use crate::engine::strings;
use crate::engine::tape::{Entry, Kind, Tape};
use crate::engine::text::Token;

impl<'a> Eval<'a, '_> {
    /// Whether a branch may hold: it is not of another type, and lacks no member that it needs.
    /// That is cheap to tell, and most branches fall by it.
    fn may_hold(&self, id: NodeId, place: u32) -> bool {
        let (Some(node), Some(entry)) = (self.nodes.get(id), self.entry(place)) else {
            return id == ANY;
        };
        if node.types & class_of(entry.kind).0 == 0 {
            return false;
        }
        let Some(members) = node.object.as_ref().filter(|_| entry.kind == Kind::Object) else {
            return true;
        };
        if members.required.len() != 1 {
            return true;
        }
        let mut seen = [0_u64];
        for (name, _) in self.tape.members(place) {
            if let Some(found) = self.find(members, name.token()) {
                seen[0] |= 1 << found;
            }
        }
        has_required(members, &seen)
    }

    /// How many of the branches hold; not more than `most` are looked for.
    fn holding(&mut self, branches: &[NodeId], most: usize, place: u32) -> usize {
        let mut found = 0;
        for branch in branches {
            if self.may_hold(*branch, place) && self.id(*branch, place) {
                found += 1;
                if found == most {
                    break;
                }
            }
        }
        found
    }

    /// Whether a member's name meets a node.
    pub(crate) fn name(&mut self, id: NodeId, name: Token) -> bool {
        let mut tape = Tape::default();
        let start = u32::try_from(name.start - 1).unwrap_or(u32::MAX);
        let end = u32::try_from(name.end + 1).unwrap_or(u32::MAX);
        let Some(node) = self.nodes.get(id) else {
            return id == ANY;
        };
        if node.on_tape & STRING == 0 && node.switch.is_none() {
            return node.types & STRING != 0 && strings::meets(self.body, name, node);
        }
        tape.entries.push(Entry {
            start,
            end,
            next: 1,
            count: 0,
            kind: Kind::String,
            is_escaped: name.is_escaped,
            is_ascii: name.is_ascii,
            is_replaced: false,
            is_open: false,
        });
        // Places on this tape are not those that are remembered.
        let mut eval = Eval {
            body: self.body,
            nodes: self.nodes,
            tape: &tape,
            memo: &mut Memo::default(),
            order: &mut Vec::new(),
            seed: self.seed,
            nested: self.nested + 1,
            is_beyond: false,
        };
        let verdict = eval.id(id, 0);
        self.is_beyond |= eval.is_beyond;
        verdict
    }

    /// One rule of a node.
    pub(crate) fn rest(&mut self, rest: &'a Rest, node: &Node, place: u32) -> bool {
        match rest {
            Rest::And(id) => self.id(*id, place),
            Rest::AnyOf(branches) => self.holding(branches, 1, place) == 1,
            Rest::OneOf(branches) => self.holding(branches, 2, place) == 1,
            Rest::Not(id) => !self.id(*id, place),
            Rest::If {
                condition,
                then,
                otherwise,
            } => {
                let branch = if self.id(*condition, place) {
                    then
                } else {
                    otherwise
                };
                self.id(*branch, place)
            }
            Rest::Dependent { name, node } => {
                self.tape.member(self.body, place, name).is_none() || self.id(*node, place)
            }
            Rest::Contains { node, fewest, most } => {
                let tape = self.tape;
                let mut found = 0;
                for (element, _) in tape.elements(place) {
                    found += u64::from(self.id(*node, element));
                    if found >= *fewest && *most == u64::MAX {
                        return true;
                    }
                }
                *fewest <= found && found <= *most
            }
            Rest::Unique => {
                let view = View {
                    body: self.body,
                    tape: self.tape,
                };
                view.is_unique(place, self.order, self.seed)
            }
            Rest::Trees => {
                let view = View {
                    body: self.body,
                    tape: self.tape,
                };
                let trees = node.values.as_ref().map(|values| &values.trees);
                trees.is_none_or(|trees| trees.iter().any(|tree| view.equals_value(place, tree)))
            }
            Rest::Patterns {
                declared,
                patterns,
                additional,
            } => {
                let tape = self.tape;
                for (name, value) in tape.members(place) {
                    let name = name.token().decode(self.body);
                    let mut is_known = declared.iter().any(|known| **known == *name);
                    for (pattern, node) in patterns {
                        if pattern.matches(&name) {
                            is_known = true;
                            if !self.id(*node, value) {
                                return false;
                            }
                        }
                    }
                    if !is_known && !self.id(*additional, value) {
                        return false;
                    }
                }
                true
            }
            Rest::UnevaluatedItems { marks, node }
            | Rest::UnevaluatedProperties { marks, node } => {
                for value in self.unevaluated(*marks, place) {
                    if !self.id(*node, value) {
                        return false;
                    }
                }
                true
            }
            // The members were looked at.
            Rest::Wide => true,
        }
    }
}
