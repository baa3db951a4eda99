//! Which pieces a schema is of: its own keywords, and those of what it refers to.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::{At, Compiler, Key, Piece};
use crate::engine::draft::pointer_segment;
use crate::engine::refused::Refused;

/// The longest chain of references and `allOf` that is followed for one value.
const LONGEST_CHAIN: usize = 200;

impl Compiler<'_> {
    /// The pieces of a schema.
    pub(super) fn key_of(&mut self, at: At) -> Result<Key, Refused> {
        if let Some(known) = self.keys.get(&at) {
            return Ok(Key::clone(known));
        }
        let mut pieces = BTreeSet::new();
        self.flatten(at, &mut pieces, &mut HashSet::new(), 0)?;
        let key: Key = pieces.into_iter().collect();
        self.keys.insert(at, Key::clone(&key));
        Ok(key)
    }

    fn flatten(
        &mut self,
        at: At,
        pieces: &mut BTreeSet<Piece>,
        seen: &mut HashSet<At>,
        depth: usize,
    ) -> Result<(), Refused> {
        if !seen.insert(at) {
            return Ok(());
        }
        if depth > LONGEST_CHAIN {
            // Nor for any other validator, which would run out of stack.
            return Err(Refused::invalid(
                self.documents.name(at.schema),
                "a chain of more than 200 references",
            ));
        }
        self.check_shape(at.schema)?;
        match self.value(at) {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) if self.is_merging => {
                pieces.insert(Piece::Never);
                return Ok(());
            }
            _ => {}
        }
        if !self.is_merging {
            pieces.insert(Piece::Own(at));
            return Ok(());
        }
        if self.has_own(at) {
            pieces.insert(Piece::Own(at));
        }
        for piece in self.applied(at)? {
            match piece {
                Piece::Whole(within) => self.flatten(within, pieces, seen, depth + 1)?,
                piece => {
                    pieces.insert(piece);
                }
            }
        }
        Ok(())
    }

    /// Whether the schema has keywords of its own that decide anything.
    fn has_own(&self, at: At) -> bool {
        let draft = self.draft(at);
        let Some(keywords) = self.value(at).as_object() else {
            return false;
        };
        if draft.ref_stands_alone() && crate::engine::draft::is_reference(self.value(at)) {
            return false;
        }
        keywords.keys().any(|keyword| {
            draft.asserts(keyword)
                && !matches!(
                    keyword.as_str(),
                    "$ref"
                        | "$dynamicRef"
                        | "$recursiveRef"
                        | "allOf"
                        | "anyOf"
                        | "oneOf"
                        | "not"
                        | "if"
                        | "then"
                        | "else"
                        | "dependentSchemas"
                        | "unevaluatedItems"
                        | "unevaluatedProperties"
                )
        })
    }

    /// What the schema applies to the same value, as pieces.
    pub(super) fn applied(&mut self, at: At) -> Result<Vec<Piece>, Refused> {
        let value = self.value(at);
        let Some(keywords) = value.as_object() else {
            return Ok(Vec::new());
        };
        let draft = self.draft(at);
        let mut pieces = Vec::new();
        for target in self.referred(at)? {
            pieces.push(Piece::Whole(target));
        }
        if draft.ref_stands_alone() && crate::engine::draft::is_reference(value) {
            return Ok(pieces);
        }
        let has = |keyword: &str| draft.asserts(keyword) && keywords.contains_key(keyword);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let Some(branches) = keywords.get(keyword).and_then(Value::as_array) else {
                continue;
            };
            let branches = (0..branches.len())
                .map(|index| self.within(at, &format!("/{keyword}/{index}")))
                .collect::<Result<Vec<_>, _>>()?;
            match keyword {
                "allOf" => pieces.extend(branches.into_iter().map(Piece::Whole)),
                "anyOf" => pieces.push(Piece::AnyOf(self.group(&branches))),
                _ => pieces.push(Piece::OneOf(self.group(&branches))),
            }
        }
        if has("not") {
            pieces.push(Piece::Not(self.within(at, "/not")?));
        }
        if has("if") && (has("then") || has("else")) {
            pieces.push(Piece::If(at));
        }
        if !self.dependent_schemas(at)?.is_empty() {
            pieces.push(Piece::Dependent(at));
        }
        if has("unevaluatedItems") || has("unevaluatedProperties") {
            pieces.push(Piece::Unevaluated(at));
        }
        Ok(pieces)
    }

    /// What the schema refers to.
    pub(super) fn referred(&mut self, at: At) -> Result<Vec<At>, Refused> {
        let value = self.value(at);
        let draft = self.draft(at);
        let mut targets = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let Some(reference) = value.get(keyword).and_then(Value::as_str) else {
                continue;
            };
            if !draft.asserts(keyword) {
                continue;
            }
            if keyword == "$recursiveRef" && reference != "#" {
                self.cannot(at, keyword, "a $recursiveRef to anything but `#`")?;
                continue;
            }
            let target = self.documents.follow(at.schema, keyword, reference)?;
            let mut found = self.enter(at, target.schema);
            let anchor = match keyword {
                "$dynamicRef" if target.is_dynamic => {
                    reference.rsplit_once('#').map(|(_, name)| name)
                }
                "$recursiveRef" => {
                    let value = self.value(found);
                    (value.get("$recursiveAnchor") == Some(&Value::Bool(true))).then_some("")
                }
                _ => None,
            };
            if let Some(schema) = anchor.and_then(|name| self.scopes.find(found.scope, name)) {
                found = self.enter(found, schema);
            }
            targets.push(found);
        }
        Ok(targets)
    }

    /// `dependentSchemas`, and the schemas among `dependencies`.
    pub(super) fn dependent_schemas(&mut self, at: At) -> Result<Vec<(String, At)>, Refused> {
        let value = self.value(at);
        let draft = self.draft(at);
        let mut found = Vec::new();
        for keyword in ["dependentSchemas", "dependencies"] {
            let Some(Value::Object(members)) = value.get(keyword) else {
                continue;
            };
            if !draft.asserts(keyword) {
                continue;
            }
            for (name, member) in members {
                if !member.is_array() {
                    let rest = format!("/{keyword}/{}", pointer_segment(name));
                    found.push((name.clone(), self.within(at, &rest)?));
                }
            }
        }
        Ok(found)
    }
}
