//! Collects what schemas say about elements and members.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::said::{ArrayPiece, ObjectPiece, Own};
use super::{At, Compiler};
use crate::engine::draft::pointer_segment;
use crate::engine::program::Rest;
use crate::engine::refused::Refused;
use crate::engine::shape::size_of;

impl<'d> Compiler<'d> {
    pub(super) fn add_array(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        own: &mut Own<'d>,
    ) -> Result<(), Refused> {
        let draft = self.draft(at);
        let list = if draft.is_2020() {
            "prefixItems"
        } else {
            "items"
        };
        let mut prefix = Vec::new();
        if let Some(Value::Array(schemas)) = keywords.get(list) {
            for index in 0..schemas.len() {
                let within = self.within(at, &format!("/{list}/{index}"))?;
                prefix.push(self.key_of(within)?);
            }
        }
        let is_list = keywords.get("items").is_some_and(Value::is_array);
        let rest = match (is_list, draft.is_2020()) {
            (true, false) => "additionalItems",
            _ => "items",
        };
        let rest = match keywords.get(rest) {
            Some(value) if !value.is_array() => {
                let within = self.within(at, &format!("/{rest}"))?;
                Some(self.key_of(within)?)
            }
            _ => None,
        };
        let piece = ArrayPiece {
            prefix,
            rest,
            fewest: size_of(draft, keywords, "minItems").unwrap_or(0),
            most: size_of(draft, keywords, "maxItems").unwrap_or(u64::MAX),
        };
        let says_nothing = piece.prefix.is_empty()
            && piece.rest.is_none()
            && piece.fewest == 0
            && piece.most == u64::MAX;
        if !says_nothing {
            own.arrays.push(piece);
        }
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            own.rest.push(Rest::Unique);
        }
        if draft.asserts("contains") && keywords.contains_key("contains") {
            let within = self.within(at, "/contains")?;
            let node = self.node_of(within)?;
            let size = |keyword: &str| {
                let is_known = draft.asserts(keyword);
                is_known
                    .then(|| size_of(draft, keywords, keyword))
                    .flatten()
            };
            own.rest.push(Rest::Contains {
                node,
                fewest: size("minContains").unwrap_or(1),
                most: size("maxContains").unwrap_or(u64::MAX),
            });
        }
        Ok(())
    }

    pub(super) fn add_object(
        &mut self,
        at: At,
        keywords: &Map<String, Value>,
        own: &mut Own<'d>,
    ) -> Result<(), Refused> {
        if let Some(known) = self.objects.get(&at) {
            own.objects.extend(known.clone());
            return Ok(());
        }
        let draft = self.draft(at);
        let object = |keyword: &str| keywords.get(keyword).and_then(Value::as_object);
        let mut piece = ObjectPiece {
            properties: BTreeMap::new(),
            patterns: Vec::new(),
            additional: None,
            names: None,
            required: keywords.get("required").map(names_in).unwrap_or_default(),
            dependents: Vec::new(),
            dependents_keyword: "",
            fewest: size_of(draft, keywords, "minProperties").unwrap_or(0),
            most: size_of(draft, keywords, "maxProperties").unwrap_or(u64::MAX),
        };
        for name in object("properties").into_iter().flat_map(Map::keys) {
            let within = self.within(at, &format!("/properties/{}", pointer_segment(name)))?;
            let key = self.key_of(within)?;
            piece.properties.insert(name.clone(), key);
        }
        for source in object("patternProperties").into_iter().flat_map(Map::keys) {
            let rest = format!("patternProperties/{}", pointer_segment(source));
            let within = self.within(at, &format!("/{rest}"))?;
            let key = self.key_of(within)?;
            let pointer = self.pointer(at, &rest);
            piece
                .patterns
                .push((self.pattern(source, || pointer)?, key));
        }
        if keywords.contains_key("additionalProperties") {
            let within = self.within(at, "/additionalProperties")?;
            piece.additional = Some(self.key_of(within)?);
        }
        if draft.asserts("propertyNames") && keywords.contains_key("propertyNames") {
            let within = self.within(at, "/propertyNames")?;
            piece.names = Some(self.key_of(within)?);
        }
        for keyword in ["dependentRequired", "dependencies"] {
            if !draft.asserts(keyword) {
                continue;
            }
            for (name, names) in object(keyword).into_iter().flatten() {
                if names.is_array() {
                    piece.dependents.push((name.clone(), names_in(names)));
                    piece.dependents_keyword = keyword;
                }
            }
        }
        let says_nothing = piece.properties.is_empty()
            && piece.patterns.is_empty()
            && piece.additional.is_none()
            && piece.names.is_none()
            && piece.required.is_empty()
            && piece.dependents.is_empty()
            && piece.fewest == 0
            && piece.most == u64::MAX;
        let piece = (!says_nothing).then(|| Rc::new(piece));
        own.objects.extend(piece.clone());
        self.objects.insert(at, piece);
        Ok(())
    }
}

fn names_in(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}
