//! References that lead nowhere and patterns that are none, also where no value can come to.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Compiler;
use crate::Draft;
use crate::engine::documents::SchemaId;
use crate::engine::draft::{is_reference, pointer_segment};
use crate::engine::grammar::is_uri_reference;
use crate::engine::refused::Refused;

impl Compiler<'_> {
    /// Follows each reference that the schema applies, and reads each pattern, whatever the types
    /// beside it leave of it. What only another engine can follow is no fault as long as no value
    /// needs it.
    pub(super) fn check_applied(&mut self) -> Result<(), Refused> {
        let mut seen = HashSet::from([0]);
        let mut open: Vec<SchemaId> = vec![0];
        while let Some(schema) = open.pop() {
            self.check_texts(schema)?;
            for next in self.applied_by(schema)? {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        Ok(())
    }

    /// Patterns, and what a meta-schema leaves to those who apply it.
    fn check_texts(&mut self, schema: SchemaId) -> Result<(), Refused> {
        let (value, pointer) = (
            self.documents.place(schema).value,
            self.documents.name(schema),
        );
        let draft = self.documents.draft(schema);
        let of_the_draft: &[&str] = match draft {
            Draft::V4 => &["$ref"],
            Draft::V6 => &["contentEncoding", "contentMediaType"],
            _ => &[],
        };
        if draft.ref_stands_alone() && is_reference(value) {
            return Ok(());
        }
        for keyword in of_the_draft {
            if value.get(keyword).is_some_and(|value| !value.is_string()) {
                let fault = format!("{keyword} must be a string");
                return Err(Refused::invalid(format!("{pointer}/{keyword}"), fault));
            }
        }
        // Elsewhere it was read for the sake of the references already.
        let id = value.get("$id").and_then(Value::as_str);
        if let Some(id) = id.filter(|_| draft.is_2020()) {
            if !is_uri_reference(id.strip_suffix('#').unwrap_or(id)) {
                let at = format!("{pointer}/$id");
                return Err(Refused::invalid(at, "not a URI reference"));
            }
        }
        if let Some(source) = value.get("pattern").and_then(Value::as_str) {
            self.pattern(source, || format!("{pointer}/pattern"))?;
        }
        let by_name = value.get("patternProperties").and_then(Value::as_object);
        for source in by_name.into_iter().flat_map(Map::keys) {
            let at = || format!("{pointer}/patternProperties/{}", pointer_segment(source));
            self.pattern(source, at)?;
        }
        Ok(())
    }

    /// The schemas that a schema refers to, and those within it that it applies to values.
    fn applied_by(&mut self, schema: SchemaId) -> Result<Vec<SchemaId>, Refused> {
        let value = self.documents.place(schema).value;
        let draft = self.documents.draft(schema);
        let mut applied = Vec::new();
        // A `$recursiveRef` is to the root, which there is.
        for keyword in ["$ref", "$dynamicRef"] {
            let reference = value.get(keyword).and_then(Value::as_str);
            let Some(reference) = reference.filter(|_| draft.asserts(keyword)) else {
                continue;
            };
            match self.documents.follow(schema, keyword, reference) {
                Ok(target) => applied.push(target.schema),
                Err(refused) if refused.is_unsupported => {}
                Err(refused) => return Err(refused),
            }
        }
        if draft.ref_stands_alone() && is_reference(value) {
            return Ok(applied);
        }
        let mut within = Vec::new();
        draft.each_subschema(value, false, |rest, _| within.push(rest));
        for rest in within {
            let keyword = rest[1..].split('/').next().unwrap_or_default();
            let is_applied = match keyword {
                "$defs" | "definitions" | "contentSchema" => false,
                "then" | "else" => value.get("if").is_some(),
                "if" => value.get("then").or(value.get("else")).is_some(),
                "additionalItems" => value.get("items").is_some_and(Value::is_array),
                keyword => draft.asserts(keyword),
            };
            if is_applied {
                applied.push(self.documents.within(schema, &rest)?);
            }
        }
        Ok(applied)
    }
}
