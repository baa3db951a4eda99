//! References that lead nowhere, also where no value can come to.

use std::collections::HashSet;

use serde_json::Value;

use super::Compiler;
use crate::engine::documents::SchemaId;
use crate::engine::draft::is_reference;
use crate::engine::refused::Refused;

impl Compiler<'_> {
    /// Follows each reference that the schema applies, whatever the types beside it leave of it.
    /// What only another engine can follow is no fault as long as no value needs it.
    pub(super) fn check_references(&mut self) -> Result<(), Refused> {
        let mut seen = HashSet::from([0]);
        let mut open: Vec<SchemaId> = vec![0];
        while let Some(schema) = open.pop() {
            for next in self.applied_by(schema)? {
                if seen.insert(next) {
                    open.push(next);
                }
            }
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
