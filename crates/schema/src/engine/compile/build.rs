//! The rules of one node.

use std::rc::Rc;

use super::Compiler;
use super::chains;
use super::dispatch::Step;
use super::pieces::{Key, Piece};
use super::said::Own;
use super::scalars::with_inner;
use crate::engine::program::{
    ALL, ANY, ARRAY, BOOLEAN, MOST_IN_PLACE, NULL, NUMBER, Node, OBJECT, Rest, STRING,
};
use crate::engine::refused::Refused;

/// The most times that the pieces of one node are made simpler.
const LONGEST_CHAIN: usize = 200;

impl<'d> Compiler<'d> {
    /// The rules of a node.
    pub(super) fn build(&mut self, mut key: Key) -> Result<Node, Refused> {
        let mut own;
        let mut simplified: Vec<Key> = Vec::new();
        loop {
            own = Own::default();
            for piece in key.iter() {
                match piece {
                    Piece::Types(types) => own.types &= types,
                    Piece::Own(at) => self.add_own(*at, &mut own)?,
                    _ => {}
                }
            }
            own.settle_types();
            if !self.is_merging {
                break;
            }
            match self.dispatch(&key, own.types)? {
                Step::Stay => break,
                Step::Again(simpler) => {
                    // Each of two groups may leave one branch alone, which is the other.
                    if simplified.contains(&simpler) || simplified.len() >= LONGEST_CHAIN {
                        return Err(chains::refused(chains::CIRCLE));
                    }
                    simplified.push(std::mem::replace(&mut key, simpler));
                }
                Step::Node(node) => return Ok(node),
            }
            if key.is_empty() || key.contains(&Piece::Never) {
                // As a node, since its number is taken.
                let types = if key.is_empty() { ALL } else { 0 };
                return Ok(Node {
                    types,
                    free: types & (STRING | NUMBER),
                    direct: types,
                    ..Node::default()
                });
            }
        }
        let mut rest = std::mem::take(&mut own.rest);
        for piece in key.iter() {
            match *piece {
                Piece::Own(at) if !self.is_merging => {
                    for piece in self.applied(at)? {
                        self.add_rest(piece, &mut rest)?;
                    }
                }
                piece => self.add_rest(piece, &mut rest)?,
            }
        }
        let mut node = self.finish(own, rest)?;
        if self.is_merging && node.types == OBJECT {
            node.sieve = self.sieve(&key)?.map(Box::new);
        }
        Ok(node)
    }

    /// Pieces that are held against a tape.
    fn add_rest(&mut self, piece: Piece, rest: &mut Vec<Rest>) -> Result<(), Refused> {
        match piece {
            Piece::AnyOf(group) | Piece::OneOf(group) => {
                let branches = Rc::clone(&self.groups[group as usize]);
                let nodes = branches
                    .iter()
                    .map(|at| self.node_of(*at))
                    .collect::<Result<Box<[_]>, _>>()?;
                rest.push(match piece {
                    Piece::AnyOf(_) => Rest::AnyOf(nodes),
                    _ => Rest::OneOf(nodes),
                });
            }
            Piece::Not(at) => rest.push(Rest::Not(self.node_of(at)?)),
            Piece::Whole(at) => rest.push(Rest::And(self.node_of(at)?)),
            Piece::If(at) => {
                let value = self.value(at);
                let mut branch = |keyword: &str| match value.get(keyword) {
                    Some(_) => {
                        let within = self.within(at, &format!("/{keyword}"))?;
                        self.node_of(within)
                    }
                    None => Ok(ANY),
                };
                rest.push(Rest::If {
                    condition: branch("if")?,
                    then: branch("then")?,
                    otherwise: branch("else")?,
                });
            }
            Piece::Dependent(at) => {
                for (name, within) in self.dependent_schemas(at)? {
                    let node = self.node_of(within)?;
                    rest.push(Rest::Dependent {
                        name: name.into(),
                        node,
                    });
                }
            }
            Piece::Unevaluated(at) => {
                for keyword in ["unevaluatedItems", "unevaluatedProperties"] {
                    if self.value(at).get(keyword).is_none() {
                        continue;
                    }
                    let within = self.within(at, &format!("/{keyword}"))?;
                    let node = self.node_of(within)?;
                    let marks = self.marks_of(at, false, 0)?;
                    rest.push(if keyword == "unevaluatedItems" {
                        Rest::UnevaluatedItems { marks, node }
                    } else {
                        Rest::UnevaluatedProperties { marks, node }
                    });
                }
            }
            Piece::Never | Piece::Types(_) | Piece::Own(_) | Piece::Untagged => {}
        }
        Ok(())
    }

    fn finish(&mut self, own: Own<'d>, mut rest: Vec<Rest>) -> Result<Node, Refused> {
        let types = own.types;
        let mut node = Node {
            types,
            is_draft_4: own.is_draft_4,
            declared: own.declared,
            is_const: own.is_const,
            ..Node::default()
        };
        if types & OBJECT != 0 && !own.objects.is_empty() {
            node.object = self.members(&own.objects, &mut rest)?.map(Box::new);
        }
        if types & ARRAY != 0 && !own.arrays.is_empty() {
            node.array = self.items(&own.arrays)?.map(Box::new);
        }
        if types & STRING != 0 {
            node.text = own.text.map(Box::new);
        }
        if types & NUMBER != 0 {
            node.bounds = own.bounds.map(|bounds| Box::new(with_inner(bounds)));
        }
        if let Some(values) = own.values {
            let values = super::scalars::values(&values);
            if !values.trees.is_empty() {
                rest.push(Rest::Trees);
            }
            node.values = Some(Box::new(values));
        }
        if node
            .object
            .as_ref()
            .is_some_and(|members| members.known.len() > MOST_IN_PLACE)
        {
            rest.push(Rest::Wide);
        }
        // The unevaluated come last: what they ask holds only if all else does.
        rest.sort_by_key(|rest| {
            matches!(
                rest,
                Rest::UnevaluatedItems { .. } | Rest::UnevaluatedProperties { .. }
            )
        });
        node.on_tape = types & rest.iter().fold(0, |types, rest| types | rest.types());
        node.direct = types & !node.on_tape;
        if node.values.is_none() {
            node.free |= NULL | BOOLEAN;
            node.free |= if node.text.is_none() { STRING } else { 0 };
            node.free |= if node.bounds.is_none() { NUMBER } else { 0 };
            node.free &= node.direct;
        }
        node.rest = rest.into();
        Ok(node)
    }
}
