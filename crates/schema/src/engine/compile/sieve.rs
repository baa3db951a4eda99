//! Branches that are told apart by which members there are.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::{At, Compiler, Constants, Key, Names, Piece};
use crate::engine::program::{Sieve, Sifted};
use crate::engine::refused::Refused;

/// A bit for each branch.
const MOST_BRANCHES: usize = 128;

/// How deep branches within branches are looked at.
const DEEPEST: usize = 4;

/// What a branch says about members, so that it is certain to fail.
struct Shape {
    /// Names that it allows; `None` allows all.
    allowed: Option<Names>,
    constants: Constants,
}

impl Compiler<'_> {
    /// Of the first group of branches among the pieces.
    pub(super) fn sieve(&mut self, key: &Key) -> Result<Option<Sieve>, Refused> {
        let mut groups = key.iter().copied().filter_map(|piece| match piece {
            Piece::AnyOf(group) | Piece::OneOf(group) => Some((piece, group)),
            _ => None,
        });
        let Some((piece, group)) = groups.next() else {
            return Ok(None);
        };
        if !self.may_multiply(1 + groups.count()) {
            return Ok(None);
        }
        let branches = Rc::clone(&self.groups[group as usize]);
        if branches.len() > MOST_BRANCHES {
            return Ok(None);
        }
        let mut shapes = Vec::with_capacity(branches.len());
        for branch in branches.iter() {
            shapes.push(Shape {
                allowed: self.allowed(*branch, 0)?,
                constants: self.constants_of(*branch, 0)?,
            });
        }
        if shapes
            .iter()
            .all(|shape| shape.allowed.is_none() && shape.constants.is_empty())
        {
            return Ok(None);
        }
        let nodes = branches
            .iter()
            .map(|branch| {
                let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
                pieces.remove(&piece);
                pieces.remove(&Piece::Untagged);
                pieces.extend(self.key_of(*branch)?.iter().copied());
                self.node(pieces.into_iter().collect())
            })
            .collect::<Result<_, _>>()?;
        Ok(Some(sifting(&shapes, nodes)))
    }

    /// The names that a schema allows, as far as that is certain.
    fn allowed(&mut self, at: At, depth: usize) -> Result<Option<Names>, Refused> {
        if let Some(known) = self.facts.allowed.get(&(at, depth)) {
            return Ok(known.clone());
        }
        let key = self.key_of(at)?;
        let mut allowed: Option<BTreeSet<String>> = None;
        for piece in key.iter() {
            let own = match *piece {
                Piece::Own(own) => self.value(own).as_object().and_then(closed),
                Piece::AnyOf(group) | Piece::OneOf(group) if depth < DEEPEST => {
                    let branches = Rc::clone(&self.groups[group as usize]);
                    let mut all = Some(BTreeSet::new());
                    for branch in branches.iter() {
                        let one = self.allowed(*branch, depth + 1)?;
                        all = all.zip(one).map(|(mut all, one)| {
                            all.extend(one.iter().cloned());
                            all
                        });
                    }
                    all
                }
                _ => None,
            };
            allowed = match (allowed, own) {
                (Some(known), Some(own)) => Some(&known & &own),
                (known, own) => known.or(own),
            };
        }
        let allowed = allowed.map(Rc::new);
        self.facts.allowed.insert((at, depth), allowed.clone());
        Ok(allowed)
    }
}

/// The names that a schema declares, if it allows no others.
fn closed(keywords: &Map<String, Value>) -> Option<BTreeSet<String>> {
    let is_closed = keywords.get("additionalProperties") == Some(&Value::Bool(false))
        && !keywords.contains_key("patternProperties");
    let declared = keywords.get("properties").and_then(Value::as_object);
    is_closed.then(|| declared.into_iter().flat_map(Map::keys).cloned().collect())
}

fn sifting(shapes: &[Shape], nodes: Box<[u32]>) -> Sieve {
    let mut names: BTreeSet<&String> = BTreeSet::new();
    for shape in shapes {
        names.extend(shape.allowed.iter().flat_map(|allowed| allowed.iter()));
        names.extend(shape.constants.keys());
    }
    let mask = |holds: &dyn Fn(&Shape) -> bool| {
        let bits = shapes.iter().enumerate();
        bits.fold(0_u128, |mask, (place, shape)| {
            mask | u128::from(holds(shape)) << place
        })
    };
    let allows = |shape: &Shape, name: &String| {
        shape
            .allowed
            .as_ref()
            .is_none_or(|allowed| allowed.contains(name))
    };
    let sifted = names
        .into_iter()
        .map(|name| {
            let mut values: BTreeMap<&str, u128> = BTreeMap::new();
            for value in shapes
                .iter()
                .filter_map(|shape| shape.constants.get(name))
                .flatten()
            {
                let has = mask(&|shape| {
                    let listed = shape.constants.get(name);
                    allows(shape, name) && listed.is_none_or(|listed| listed.contains(value))
                });
                values.insert(value, has);
            }
            Sifted {
                name: name.as_str().into(),
                any: mask(&|shape| allows(shape, name) && !shape.constants.contains_key(name)),
                values: values
                    .into_iter()
                    .map(|(value, mask)| (value.into(), mask))
                    .collect(),
            }
        })
        .collect();
    Sieve {
        names: sifted,
        others: mask(&|shape| shape.allowed.is_none()),
        all: mask(&|_| true),
        nodes,
    }
}
