//! Branches that need not be tried: which of them may hold is told by the type of the value, or
//! by a string that one of its members is.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::{At, Compiler, Constants, GroupId, Key, Names, Piece};
use crate::engine::draft::pointer_segment;
use crate::engine::program::{CLASSES, NEVER, Node, NodeId, OBJECT, Tag, Types};
use crate::engine::refused::Refused;

/// What becomes of a set of pieces.
pub(super) enum Step {
    /// Its branches must be tried.
    Stay,
    /// It is the same as this one.
    Again(Key),
    Node(Node),
}

/// The most strings that a tag tells apart.
const MOST_TAG_VALUES: usize = 4_096;

/// The most groups of branches of a node that are told apart: each makes a node for each of its
/// branches, and each of these has one for each branch of the next group.
const MOST_GROUPS: usize = 4;

/// With so many nodes, branches are no longer told apart.
const MOST_DISPATCHED: usize = 20_000;

/// How deep branches within branches are searched for strings.
const DEEPEST_TAG: usize = 4;

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
    fn put_group(
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

    /// A member that tells the branches of a group apart.
    fn tag(&mut self, key: &Key) -> Result<Option<Tag>, Refused> {
        let groups: Vec<Piece> = key
            .iter()
            .copied()
            .filter(|piece| matches!(piece, Piece::AnyOf(_) | Piece::OneOf(_)))
            .collect();
        if !self.may_multiply(groups.len()) {
            return Ok(None);
        }
        for piece in groups {
            let (Piece::AnyOf(group) | Piece::OneOf(group)) = piece else {
                continue;
            };
            if let Some(name) = self.best_name(group)? {
                return self.tag_by(key, piece, group, name).map(Some);
            }
        }
        Ok(None)
    }

    /// The member that leaves the fewest branches to try.
    fn best_name(&mut self, group: GroupId) -> Result<Option<String>, Refused> {
        let branches = Rc::clone(&self.groups[group as usize]);
        let mut constants = Vec::with_capacity(branches.len());
        for branch in branches.iter() {
            constants.push(self.constants_of(*branch, 0)?);
        }
        let names: BTreeSet<&String> = constants.iter().flat_map(|all| all.keys()).collect();
        let mut best: Option<(usize, &String)> = None;
        for name in names {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            let mut open = 0;
            for constants in &constants {
                match constants.get(name) {
                    Some(values) => {
                        for value in values {
                            *counts.entry(value).or_default() += 1;
                        }
                    }
                    None => open += 1,
                }
            }
            let worst = counts.values().max().copied().unwrap_or(0) + open;
            if counts.len() <= MOST_TAG_VALUES
                && worst < branches.len()
                && best.is_none_or(|(known, _)| worst < known)
            {
                best = Some((worst, name));
            }
        }
        Ok(best.map(|(_, name)| name.clone()))
    }

    fn tag_by(
        &mut self,
        key: &Key,
        piece: Piece,
        group: GroupId,
        name: String,
    ) -> Result<Tag, Refused> {
        let is_any = matches!(piece, Piece::AnyOf(_));
        let branches = Rc::clone(&self.groups[group as usize]);
        let mut of_branch = Vec::with_capacity(branches.len());
        for branch in branches.iter() {
            let constants = self.constants_of(*branch, 0)?;
            let is_required = self.required_of(*branch, 0)?.contains(&name);
            of_branch.push((*branch, constants.get(&name).cloned(), is_required));
        }
        let mut narrowed = |keep: &dyn Fn(&Option<BTreeSet<String>>, bool) -> bool| {
            let left: Vec<At> = of_branch
                .iter()
                .filter(|(_, values, is_required)| keep(values, *is_required))
                .map(|(branch, ..)| *branch)
                .collect();
            let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
            if left.len() < branches.len() {
                pieces.remove(&piece);
                self.put_group(&mut pieces, &left, is_any)?;
            } else {
                // Nothing is told by this; it must not be asked again.
                return Ok(None);
            }
            self.node(pieces.into_iter().collect()).map(Some)
        };
        let values: BTreeSet<String> = of_branch
            .iter()
            .filter_map(|(_, values, _)| values.as_ref())
            .flatten()
            .cloned()
            .collect();
        let mut by_value = Vec::with_capacity(values.len());
        for value in values {
            let has = |known: &Option<BTreeSet<String>>, _| {
                known.as_ref().is_none_or(|known| known.contains(&value))
            };
            let node = narrowed(&has)?;
            by_value.push((value, node));
        }
        let other = narrowed(&|values, _| values.is_none())?;
        let absent = narrowed(&|_, is_required| !is_required)?;
        // A set of pieces that stays whole gets a node that tries them all.
        let mut all = None;
        let mut or_all = |node: Option<NodeId>| match (node, all) {
            (Some(node), _) | (None, Some(node)) => Ok(node),
            (None, None) => {
                let untagged = self.untagged(key)?;
                all = Some(untagged);
                Ok(untagged)
            }
        };
        Ok(Tag {
            by_value: by_value
                .into_iter()
                .map(|(value, node)| Ok((value.into(), or_all(node)?)))
                .collect::<Result<_, Refused>>()?,
            absent: or_all(absent)?,
            other: or_all(other)?,
            name: name.into(),
        })
    }

    /// A node of the same pieces whose branches are all tried.
    fn untagged(&mut self, key: &Key) -> Result<NodeId, Refused> {
        let mut pieces: BTreeSet<Piece> = key.iter().copied().collect();
        pieces.insert(Piece::Untagged);
        self.node(pieces.into_iter().collect())
    }

    /// Members that a schema holds to be one of some strings.
    pub(super) fn constants_of(&mut self, at: At, depth: usize) -> Result<Constants, Refused> {
        if let Some(known) = self.facts.constants.get(&(at, depth)) {
            return Ok(Rc::clone(known));
        }
        let key = self.key_of(at)?;
        let mut constants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for piece in key.iter() {
            match *piece {
                Piece::Own(own) => self.own_constants(own, &mut constants)?,
                Piece::AnyOf(group) | Piece::OneOf(group) if depth < DEEPEST_TAG => {
                    for (name, values) in self.shared_constants(group, depth)? {
                        constants.entry(name).or_insert(values);
                    }
                }
                _ => {}
            }
        }
        let constants = Rc::new(constants);
        let known = Rc::clone(&constants);
        self.facts.constants.insert((at, depth), known);
        Ok(constants)
    }

    fn own_constants(
        &mut self,
        at: At,
        constants: &mut BTreeMap<String, BTreeSet<String>>,
    ) -> Result<(), Refused> {
        let Some(Value::Object(properties)) = self.value(at).get("properties") else {
            return Ok(());
        };
        for name in properties.keys() {
            let within = self.within(at, &format!("/properties/{}", pointer_segment(name)))?;
            for piece in self.key_of(within)?.iter() {
                let Piece::Own(child) = *piece else { continue };
                let Some(keywords) = self.value(child).as_object() else {
                    continue;
                };
                let Some(values) = super::own::listed(self.draft(child).is_4(), keywords) else {
                    continue;
                };
                let is_short = values.len() <= MOST_TAG_VALUES;
                if is_short && values.iter().all(|value| value.is_string()) {
                    let strings = values.iter().filter_map(|value| value.as_str());
                    constants
                        .entry(name.clone())
                        .or_insert_with(|| strings.map(str::to_owned).collect());
                }
            }
        }
        Ok(())
    }

    /// What all branches hold to be one of some strings, with the strings of all.
    fn shared_constants(
        &mut self,
        group: GroupId,
        depth: usize,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, Refused> {
        let branches = Rc::clone(&self.groups[group as usize]);
        let mut shared: Option<BTreeMap<String, BTreeSet<String>>> = None;
        for branch in branches.iter() {
            let own = self.constants_of(*branch, depth + 1)?;
            shared = Some(match shared {
                None => (*own).clone(),
                Some(mut shared) => {
                    shared.retain(|name, values| match own.get(name) {
                        Some(more) => {
                            values.extend(more.iter().cloned());
                            true
                        }
                        None => false,
                    });
                    shared
                }
            });
        }
        Ok(shared.unwrap_or_default())
    }

    /// Members without which the schema cannot hold, as far as that is certain.
    fn required_of(&mut self, at: At, depth: usize) -> Result<Names, Refused> {
        if let Some(known) = self.facts.required.get(&(at, depth)) {
            return Ok(Rc::clone(known));
        }
        let mut required = BTreeSet::new();
        for piece in self.key_of(at)?.iter() {
            match *piece {
                Piece::Own(own) => {
                    let names = self.value(own).get("required").and_then(Value::as_array);
                    let names = names.into_iter().flatten().filter_map(Value::as_str);
                    required.extend(names.map(str::to_owned));
                }
                Piece::AnyOf(group) | Piece::OneOf(group) if depth < DEEPEST_TAG => {
                    let branches = Rc::clone(&self.groups[group as usize]);
                    let mut shared: Option<BTreeSet<String>> = None;
                    for branch in branches.iter() {
                        let own = self.required_of(*branch, depth + 1)?;
                        shared = Some(match shared {
                            Some(shared) => &shared & &own,
                            None => (*own).clone(),
                        });
                    }
                    required.extend(shared.unwrap_or_default());
                }
                _ => {}
            }
        }
        let required = Rc::new(required);
        let known = Rc::clone(&required);
        self.facts.required.insert((at, depth), known);
        Ok(required)
    }
}
