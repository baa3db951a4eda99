//! The keywords of schemas that say something about the value itself, taken together.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::said::Own;
use super::scalars::{add_bounds, listed, listed_in_both};
use super::{At, Compiler, Key};
use crate::engine::draft::is_reference;
use crate::engine::format::{Elsewhere, Format};
use crate::engine::program::{
    ALL, ARRAY, BOOLEAN, INTEGER, NULL, NUMBER, OBJECT, STRING, Text, Types,
};
use crate::engine::refused::Refused;
use crate::engine::shape::size_of;

impl Own<'_> {
    /// What is not listed need not be of a type.
    pub(super) fn settle_types(&mut self) {
        if let Some(values) = &self.values {
            self.types &= values.iter().fold(0, |types, value| types | type_of(value));
        }
    }
}

/// The types that values equal to this one have. A number may be written in either form.
fn type_of(value: &Value) -> Types {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(_) => NUMBER,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

fn type_named(name: &str) -> Types {
    match name {
        "null" => NULL,
        "boolean" => BOOLEAN,
        "integer" => INTEGER,
        "number" => NUMBER,
        "string" => STRING,
        "array" => ARRAY,
        _ => OBJECT,
    }
}

/// What `type` says.
pub(super) fn types_of(keywords: &Map<String, Value>) -> Types {
    match keywords.get("type") {
        Some(Value::String(name)) => type_named(name),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .fold(0, |types, name| types | type_named(name)),
        _ => ALL,
    }
}

impl<'d> Compiler<'d> {
    /// The types that a set of pieces leaves, or more.
    pub(super) fn types_left(&mut self, key: &Key) -> Types {
        self.types_left_within(key, 0)
    }

    fn types_left_within(&mut self, key: &Key, depth: usize) -> Types {
        let mut types = ALL;
        for piece in key.iter() {
            types &= match *piece {
                super::Piece::Never => 0,
                super::Piece::Types(types) => types,
                super::Piece::Own(at) => self.value(at).as_object().map_or(ALL, |keywords| {
                    let listed = listed(self.draft(at).is_4(), keywords);
                    types_of(keywords)
                        & listed.map_or(ALL, |values| {
                            values.iter().fold(0, |types, value| types | type_of(value))
                        })
                }),
                super::Piece::AnyOf(group) | super::Piece::OneOf(group) if depth < 4 => {
                    let branches = Rc::clone(&self.groups[group as usize]);
                    let types_of = |types, at: &At| types | self.types_of_branch(*at, depth + 1);
                    branches.iter().fold(0, types_of)
                }
                _ => ALL,
            };
        }
        types
    }

    fn types_of_branch(&mut self, at: At, depth: usize) -> Types {
        if let Some(known) = self.facts.types.get(&(at, depth)) {
            return *known;
        }
        let key = self.key_of(at);
        let types = key.map_or(ALL, |key| self.types_left_within(&key, depth));
        self.facts.types.insert((at, depth), types);
        types
    }

    /// Adds the keywords of one schema.
    pub(super) fn add_own(&mut self, at: At, own: &mut Own<'d>) -> Result<(), Refused> {
        let draft = self.draft(at);
        let value: &'d Value = self.value(at);
        let Some(keywords) = value.as_object() else {
            // `false`, where nothing is merged.
            own.types = 0;
            return Ok(());
        };
        if draft.ref_stands_alone() && is_reference(value) {
            return Ok(());
        }
        own.is_draft_4 |= draft.is_4();
        own.types &= types_of(keywords);
        own.declared &= types_of(keywords);
        own.is_const |= !draft.is_4() && keywords.contains_key("const");
        if let Some(values) = listed(draft.is_4(), keywords) {
            own.values = Some(match own.values.take() {
                None => values,
                Some(left) => listed_in_both(left, &values),
            });
        }
        self.add_text(at, keywords, own)?;
        add_bounds(draft.is_4(), keywords, own);
        self.add_array(at, keywords, own)?;
        self.add_object(at, keywords, own)
    }

    fn add_text(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        own: &mut Own<'d>,
    ) -> Result<(), Refused> {
        let draft = self.draft(at);
        let shortest = size_of(draft, keywords, "minLength").unwrap_or(0);
        let longest = size_of(draft, keywords, "maxLength").unwrap_or(u64::MAX);
        let mut patterns = Vec::new();
        if let Some(source) = keywords.get("pattern").and_then(Value::as_str) {
            let pointer = self.pointer(at, "pattern");
            patterns.push(self.pattern(source, || pointer)?);
        }
        let mut formats = Vec::new();
        if let Some(name) = keywords.get("format").and_then(Value::as_str) {
            if self.assert_formats {
                match Format::named(draft, name) {
                    Ok(format) => formats.extend(format),
                    Err(Elsewhere) => {
                        self.cannot(at, "format", format!("to assert the format {name}"))?;
                    }
                }
            }
        }
        for (keyword, asserted) in [
            ("contentEncoding", "base64"),
            ("contentMediaType", "application/json"),
        ] {
            if draft.asserts(keyword)
                && keywords.get(keyword).is_some_and(|value| value == asserted)
            {
                self.cannot(at, keyword, format!("to assert {keyword} in this draft"))?;
            }
        }
        if shortest == 0 && longest == u64::MAX && patterns.is_empty() && formats.is_empty() {
            return Ok(());
        }
        let text = own.text.get_or_insert_with(|| Text {
            shortest: 0,
            longest: u64::MAX,
            patterns: Box::default(),
            formats: Box::default(),
        });
        text.shortest = text.shortest.max(shortest);
        text.longest = text.longest.min(longest);
        let join = |old: &mut Box<[_]>, new: Vec<_>| {
            let mut all = std::mem::take(old).into_vec();
            all.extend(new);
            *old = all.into();
        };
        join(&mut text.patterns, patterns);
        let mut all = std::mem::take(&mut text.formats).into_vec();
        all.extend(formats);
        text.formats = all.into();
        Ok(())
    }
}
