//! A JSON Schema, and which engine checks it.

use std::fmt;

use serde_json::Value;

use crate::engine::{Program, Refused, Rejected, read};
use crate::finding::Finding;
#[cfg(feature = "full")]
use crate::full;
use crate::settings::Settings;
#[cfg(feature = "full")]
use crate::strict::Strict;
use crate::{Duplicates, InvalidContract, SchemaOptions, walk};

/// What checks a body against a [`Contract`](crate::Contract), the fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Engine {
    /// This crate's own: the contract is checked in the pass that checks the JSON, with no tree.
    Fused,
    /// The Rust type is read by `serde`.
    Type,
    /// The `jsonschema` crate, over a tree; only with the feature `full`.
    Full,
}

#[cfg_attr(feature = "full", allow(clippy::large_enum_variant))] // Made once a contract.
pub(crate) enum Schema {
    Fused(Program),
    #[cfg(feature = "full")]
    Full {
        strict: Strict,
        schema: full::Schema,
        /// Why it is not fused.
        reason: Refused,
    },
}

impl Schema {
    pub(crate) fn compile(text: &str, options: &SchemaOptions) -> Result<Self, InvalidContract> {
        let schema = parse(text, "")?;
        let documents = options
            .documents
            .iter()
            .map(|(uri, text)| Ok((uri.clone(), parse(text, uri)?)))
            .collect::<Result<Vec<_>, InvalidContract>>()?;
        match Program::compile(&schema, &documents, options.draft, options.formats) {
            Ok(program) => Ok(Self::Fused(program)),
            Err(refused) if refused.is_unsupported => {
                Self::otherwise(refused, &schema, &documents, options)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    #[cfg(feature = "full")]
    fn otherwise(
        reason: Refused,
        schema: &Value,
        documents: &[(String, Value)],
        options: &SchemaOptions,
    ) -> Result<Self, InvalidContract> {
        let schema = full::Schema::compile(schema, documents, options).map_err(|error| {
            if error.pointer() == reason.pointer {
                // Both refuse it, and ours says why.
                InvalidContract::new(&*reason.pointer, &*reason.fault)
            } else {
                error
            }
        })?;
        let strict = Strict::json();
        Ok(Self::Full {
            strict,
            schema,
            reason,
        })
    }

    #[cfg(not(feature = "full"))]
    fn otherwise(
        reason: Refused,
        _: &Value,
        _: &[(String, Value)],
        _: &SchemaOptions,
    ) -> Result<Self, InvalidContract> {
        Err(reason.into())
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Fused(_) => Engine::Fused,
            #[cfg(feature = "full")]
            Self::Full { .. } => Engine::Full,
        }
    }

    pub(crate) fn why_not_fused(&self) -> Option<InvalidContract> {
        match self {
            Self::Fused(_) => None,
            #[cfg(feature = "full")]
            Self::Full { reason, .. } => Some(InvalidContract::new(
                reason.pointer.clone(),
                format!("the fused engine cannot do this: {}", reason.fault),
            )),
        }
    }

    /// What is wrong with `body`; nothing if it meets the schema.
    pub(crate) fn findings(&self, body: &[u8], settings: Settings) -> Vec<Finding> {
        match self {
            Self::Fused(program) => {
                let is_unique = settings.duplicates == Duplicates::Reject;
                match program.check(body, is_unique, settings.most) {
                    Ok(()) => Vec::new(),
                    Err(Rejected::Schema(found)) => found,
                    Err(Rejected::Json) => {
                        let mut found = walk::findings(body, None, settings);
                        if found.is_empty() {
                            // Only a body that is too long to be looked at.
                            found.push(Finding::somewhere());
                        }
                        found
                    }
                }
            }
            #[cfg(feature = "full")]
            Self::Full { strict, schema, .. } => {
                let mut found = strict.findings(body, settings);
                if found.is_empty() {
                    found = schema.findings(body, settings.most);
                }
                found
            }
        }
    }
}

fn parse(text: &str, uri: &str) -> Result<Value, InvalidContract> {
    if let Some(schema) = read(text) {
        return Ok(schema);
    }
    // It tells better what is wrong.
    serde_json::from_str(text)
        .map_err(|error| InvalidContract::new(uri, format!("the schema is no JSON: {error}")))
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fused(program) => program.fmt(f),
            #[cfg(feature = "full")]
            Self::Full { schema, .. } => schema.fmt(f),
        }
    }
}
