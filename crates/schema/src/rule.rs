use std::fmt;
use std::sync::Arc;

use crate::InvalidContract;
use crate::finding::Finding;
use crate::schema::{Engine, Schema};
use crate::settings::Settings;
use crate::strict::Strict;

/// What a contract asks, and who checks it.
pub(crate) enum Rule {
    Strict(Strict),
    Schema(Schema),
    Type {
        strict: Strict,
        name: &'static str,
        check: fn(&[u8]) -> Option<Finding>,
    },
    All(Vec<Arc<Self>>),
}

impl Rule {
    /// What checks a body; of several rules, the slowest.
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Strict(_) => Engine::Fused,
            Self::Schema(schema) => schema.engine(),
            Self::Type { .. } => Engine::Type,
            Self::All(rules) => {
                let engines = rules.iter().map(|rule| rule.engine());
                engines.max().unwrap_or(Engine::Fused)
            }
        }
    }

    /// What another engine than the fused one does; `None` if that is nothing.
    pub(crate) fn why_not_fused(&self) -> Option<InvalidContract> {
        match self {
            Self::Strict(_) => None,
            Self::Schema(schema) => schema.why_not_fused(),
            Self::Type { name, .. } => Some(InvalidContract::new(
                *name,
                "a Rust type is read, not checked by the fused engine",
            )),
            Self::All(rules) => rules.iter().find_map(|rule| rule.why_not_fused()),
        }
    }

    /// What is wrong with `body`; nothing if it meets the rule.
    pub(crate) fn findings(&self, body: &[u8], settings: Settings) -> Vec<Finding> {
        match self {
            Self::Strict(strict) => strict.findings(body, settings),
            Self::Type { strict, check, .. } => {
                let mut findings = strict.findings(body, settings);
                if findings.is_empty() {
                    findings.extend(check(body));
                }
                findings
            }
            Self::Schema(schema) => schema.findings(body, settings),
            Self::All(rules) => {
                let mut findings = Vec::new();
                for rule in rules {
                    findings.append(&mut rule.findings(body, settings));
                    // What is no JSON is none for any of them.
                    if findings.len() >= settings.most || findings.iter().any(Finding::is_syntax) {
                        findings.truncate(settings.most);
                        return findings;
                    }
                }
                findings
            }
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strict(strict) => match strict.required() {
                None => f.write_str("Contract::any"),
                Some(required) => f.debug_tuple("Contract::required").field(required).finish(),
            },
            Self::Schema(schema) => f.debug_tuple("Contract::schema").field(schema).finish(),
            Self::Type { name, .. } => f.debug_tuple("Contract::of").field(name).finish(),
            Self::All(rules) => f.debug_tuple("Contract::all").field(rules).finish(),
        }
    }
}
