//! JSON Schema by the `jsonschema` crate, behind our own types.

use std::collections::HashSet;
use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Registry, ValidationError, Validator};
use serde_json::{Value, json};

use crate::finding::{Finding, Step};
use crate::pointer::escape;
use crate::recursion::Branches;
use crate::{Draft, InvalidContract, SchemaOptions};

pub(crate) struct Schema {
    validator: Validator,
    branches: Branches,
    names: HashSet<String>,
}

impl Schema {
    pub(crate) fn compile(
        schema: &Value,
        documents: &[(String, Value)],
        options: &SchemaOptions,
    ) -> Result<Self, InvalidContract> {
        let draft = match options.draft {
            Draft::V4 => jsonschema::Draft::Draft4,
            Draft::V6 => jsonschema::Draft::Draft6,
            Draft::V7 => jsonschema::Draft::Draft7,
            Draft::V201909 => jsonschema::Draft::Draft201909,
            Draft::V202012 => jsonschema::Draft::Draft202012,
        };
        let branches = Branches::of(schema, documents, draft)
            .map_err(|fault| InvalidContract::new("", fault))?;
        let mut names = HashSet::new();
        spell(schema, &mut names);
        documents
            .iter()
            .for_each(|(_, document)| spell(document, &mut names));
        // What names a part of a meta-schema brings all of them into the registry, so that a
        // `$ref` finds them.
        let meta_schemas = json!({"$schema": "https://json-schema.org/draft/2020-12/meta/core"});
        let mut registry = Registry::new()
            .add("urn:outbound:meta-schemas", meta_schemas)
            .map_err(|error| InvalidContract::new("", error.to_string()))?;
        for (uri, document) in documents {
            let draft = draft.detect(document);
            registry = registry
                .add(uri.as_str(), draft.create_resource(document.clone()))
                .map_err(|error| InvalidContract::new(uri, error.to_string()))?;
        }
        let registry = registry
            .prepare()
            .map_err(|error| InvalidContract::new("", error.to_string()))?;
        let mut build = jsonschema::options();
        // A draft that is set here would win over the one that the schema names.
        if schema.get("$schema").is_none() {
            build = build.with_draft(draft);
        }
        if options.formats || !asserts_formats(schema, documents) {
            build = build.should_validate_formats(options.formats);
        }
        build
            .with_registry(&registry)
            .offline()
            // Linear time; a pattern that needs look-around is an error here, not a risk later.
            .with_pattern_options(PatternOptions::regex())
            .build(schema)
            .map(|validator| Self {
                validator,
                branches,
                names,
            })
            .map_err(|error| {
                InvalidContract::new(error.instance_path().as_str(), error.masked().to_string())
            })
    }

    /// Of strict JSON: up to `most` findings.
    pub(crate) fn findings(&self, body: &[u8], most: usize) -> Vec<Finding> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return vec![Finding {
                keyword: Finding::SYNTAX.into(),
                path: Vec::new(),
                schema: String::new(),
                expected: "a JSON text".into(),
                value: None,
            }];
        };
        if !self.branches.allow_verdict(&body) {
            return vec![Finding::too_deep()];
        }
        // Memoized, unlike the search for the places below.
        if self.validator.is_valid(&body) {
            return Vec::new();
        }
        let mut found = Vec::new();
        if self.branches.allow(&body) {
            if most == 1 {
                // Which looks for no other.
                let error = self.validator.validate(&body).err();
                found.extend(error.map(|error| self.finding(&body, &error)));
            } else {
                let errors = self.validator.iter_errors(&body).take(most);
                found.extend(errors.map(|error| self.finding(&body, &error)));
            }
        }
        if found.is_empty() {
            found.push(Finding::somewhere());
        }
        found
    }

    fn finding(&self, body: &Value, error: &ValidationError<'_>) -> Finding {
        let path = error.instance_path().as_str();
        Finding {
            keyword: error.kind().keyword().to_owned().into(),
            path: self.path(body, path),
            schema: escape(error.schema_path().as_str()),
            expected: format!("what the schema says ({})", escape(&told(error))).into(),
            value: None,
        }
    }

    fn path(&self, body: &Value, pointer: &str) -> Vec<Step> {
        let mut value = Some(body);
        let step = |segment: String| {
            let step = match value {
                Some(Value::Array(_)) => {
                    segment.parse().map_or_else(|_| Step::data(""), Step::Index)
                }
                _ if self.names.contains(&segment) => Step::known(&*segment),
                _ => Step::data(&*segment),
            };
            value = value.and_then(|value| match value {
                Value::Array(elements) => elements.get(segment.parse::<usize>().ok()?),
                other => other.get(&segment),
            });
            step
        };
        crate::pointer::split(pointer)
            .unwrap_or_default()
            .into_iter()
            .map(step)
            .collect()
    }
}

/// Whether the schema's own meta-schema says that `format` is asserted (2020-12, section 7.2.2).
fn asserts_formats(schema: &Value, documents: &[(String, Value)]) -> bool {
    const VOCABULARY: &str = "https://json-schema.org/draft/2020-12/vocab/format-assertion";
    let Some(own) = schema.get("$schema").and_then(Value::as_str) else {
        return false;
    };
    documents.iter().any(|(uri, document)| {
        let vocabularies = document.get("$vocabulary");
        uri == own && vocabularies.is_some_and(|known| known.get(VOCABULARY).is_some())
    })
}

/// The keys that a schema spells: any other key of a body is data.
fn spell(schema: &Value, names: &mut HashSet<String>) {
    match schema {
        Value::Array(elements) => elements.iter().for_each(|element| spell(element, names)),
        Value::Object(members) => {
            for (keyword, value) in members {
                match (keyword.as_str(), value) {
                    (
                        "properties" | "dependentRequired" | "dependentSchemas" | "dependencies",
                        Value::Object(named),
                    ) => {
                        names.extend(named.keys().cloned());
                    }
                    ("required", Value::Array(named)) => {
                        names.extend(named.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
                spell(value, names);
            }
        }
        _ => {}
    }
}

/// The fault without the value, and without keys of the body: where a schema does not name
/// them they are data as well, and `masked` shows them.
fn told(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("properties it does not know: {}", unexpected.len())
        }
        ValidationErrorKind::PropertyNames { error } => format!("a key: {}", told(error)),
        _ => error.masked().to_string(),
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}
