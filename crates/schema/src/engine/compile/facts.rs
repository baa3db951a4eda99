//! What is certain of the members of a schema's objects: strings that they must be one of, and
//! those that must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::{At, Compiler, Constants, GroupId, Names, Piece};
use crate::engine::draft::pointer_segment;
use crate::engine::refused::Refused;

/// The most strings that a tag tells apart.
pub(super) const MOST_TAG_VALUES: usize = 4_096;

/// How deep branches within branches are searched for strings.
const DEEPEST_TAG: usize = 4;

impl Compiler<'_> {
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
                let Some(values) = super::scalars::listed(self.draft(child).is_4(), keywords)
                else {
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
    pub(super) fn required_of(&mut self, at: At, depth: usize) -> Result<Names, Refused> {
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
