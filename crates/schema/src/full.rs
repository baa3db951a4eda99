//! JSON Schema by the `jsonschema` crate, behind our own types.

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Registry, ValidationError, Validator};
use serde_json::Value;

use crate::pointer::escape;
use crate::recursion::Branches;
use crate::{Draft, InvalidContract, SchemaOptions, Violation};

pub(crate) struct Schema {
    validator: Validator,
    branches: Branches,
}

impl Schema {
    pub(crate) fn compile(text: &str, options: &SchemaOptions) -> Result<Self, InvalidContract> {
        let schema = parse(text, "")?;
        let draft = match options.draft {
            Draft::V4 => jsonschema::Draft::Draft4,
            Draft::V6 => jsonschema::Draft::Draft6,
            Draft::V7 => jsonschema::Draft::Draft7,
            Draft::V201909 => jsonschema::Draft::Draft201909,
            Draft::V202012 => jsonschema::Draft::Draft202012,
        };
        let documents = options
            .documents
            .iter()
            .map(|(uri, text)| Ok((uri, parse(text, uri)?)))
            .collect::<Result<Vec<_>, _>>()?;
        let branches = Branches::of(&schema, documents.iter().map(|(_, document)| document));
        let mut registry = Registry::new();
        for (uri, document) in documents {
            let draft = draft.detect(&document);
            registry = registry
                .add(uri.as_str(), draft.create_resource(document))
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
        build
            .with_registry(&registry)
            .offline()
            .should_validate_formats(options.formats)
            // Linear time; a pattern that needs look-around is an error here, not a risk later.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map(|validator| Self {
                validator,
                branches,
            })
            .map_err(|error| {
                InvalidContract::new(error.instance_path().as_str(), error.masked().to_string())
            })
    }

    pub(crate) fn check(&self, body: &Value) -> Result<(), Violation> {
        // Memoized, unlike the search for the place below.
        if self.validator.is_valid(body) {
            return Ok(());
        }
        let somewhere = || {
            let expected = "what the schema says; it branches too often to tell where";
            Violation::new("schema", String::new(), String::new(), expected)
        };
        if !self.branches.allow(body) {
            return Err(somewhere());
        }
        let Err(error) = self.validator.validate(body) else {
            return Err(somewhere());
        };
        Err(Violation::new(
            error.kind().keyword().to_owned(),
            escape(error.instance_path().as_str()),
            escape(error.schema_path().as_str()),
            format!("what the schema says ({})", escape(&told(&error))),
        ))
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

fn parse(text: &str, uri: &str) -> Result<Value, InvalidContract> {
    serde_json::from_str(text)
        .map_err(|error| InvalidContract::new(uri, format!("the schema is no JSON: {error}")))
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}
