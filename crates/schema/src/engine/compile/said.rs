//! What schemas say: one about elements or members, and all of a node together.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::Key;
use crate::engine::pattern::Pattern;
use crate::engine::program::{ALL, Bounds, Rest, Text, Types};

/// What one schema says about elements.
#[derive(Debug)]
pub(super) struct ArrayPiece {
    pub(super) prefix: Vec<Key>,
    pub(super) rest: Option<Key>,
    pub(super) fewest: u64,
    pub(super) most: u64,
}

/// What one schema says about members.
#[derive(Debug)]
pub(super) struct ObjectPiece {
    pub(super) properties: BTreeMap<String, Key>,
    pub(super) patterns: Vec<(Pattern, Key)>,
    pub(super) additional: Option<Key>,
    pub(super) names: Option<Key>,
    pub(super) required: Vec<String>,
    pub(super) dependents: Vec<(String, Vec<String>)>,
    pub(super) dependents_keyword: &'static str,
    pub(super) fewest: u64,
    pub(super) most: u64,
}

impl ObjectPiece {
    /// What the schema says about the member of this name.
    pub(super) fn of_name(&self, name: &str) -> Vec<Key> {
        let mut keys: Vec<Key> = self.properties.get(name).cloned().into_iter().collect();
        let matching = self
            .patterns
            .iter()
            .filter(|(pattern, _)| pattern.matches(name));
        keys.extend(matching.map(|(_, key)| Key::clone(key)));
        if keys.is_empty() {
            // An empty key says something too: the member is not additional.
            keys.extend(self.additional.clone());
        }
        keys
    }
}

/// What all schemas of a node say.
#[derive(Debug)]
pub(super) struct Own<'d> {
    pub(super) types: Types,
    /// What `type` says by itself.
    pub(super) declared: Types,
    pub(super) is_draft_4: bool,
    pub(super) is_const: bool,
    /// What `enum` and `const` leave.
    pub(super) values: Option<Vec<&'d Value>>,
    pub(super) text: Option<Text>,
    pub(super) bounds: Option<Bounds>,
    pub(super) arrays: Vec<ArrayPiece>,
    pub(super) objects: Vec<Rc<ObjectPiece>>,
    pub(super) rest: Vec<Rest>,
}

impl Default for Own<'_> {
    fn default() -> Self {
        Self {
            types: ALL,
            declared: ALL,
            is_draft_4: false,
            is_const: false,
            values: None,
            text: None,
            bounds: None,
            arrays: Vec::new(),
            objects: Vec::new(),
            rest: Vec::new(),
        }
    }
}
