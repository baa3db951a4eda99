//! References to documents, also of schemas that are never applied.

use std::collections::HashSet;

use serde_json::Value;

use super::uri::{normal, resolve, without_fragment};
use super::{DEFAULT_BASE, Documents, is_well_known};
use crate::Draft;
use crate::engine::draft::is_reference;
use crate::engine::grammar::is_uri_reference;
use crate::engine::refused::Refused;

/// A schema that is still to be looked at.
struct Open<'d> {
    value: &'d Value,
    pointer: String,
    draft: Draft,
    base: String,
}

impl Documents<'_> {
    /// Refuses what refers to a document that was not registered, or by what is no URI.
    pub(super) fn check_references(&mut self) -> Result<(), Refused> {
        let mut mentioned = HashSet::new();
        let mut asked = Vec::new();
        for (uri, value) in &self.documents {
            let base = if uri.is_empty() { DEFAULT_BASE } else { uri };
            let mut open = vec![Open {
                value,
                pointer: String::new(),
                draft: self.draft,
                base: normal(without_fragment(base)),
            }];
            while let Some(schema) = open.pop() {
                let at = |keyword: &str| {
                    let hash = if uri.is_empty() { "" } else { "#" };
                    format!("{uri}{hash}{}/{keyword}", schema.pointer)
                };
                let text = |keyword: &str| schema.value.get(keyword).and_then(Value::as_str);
                let own = text("$schema").and_then(Draft::of_meta_schema);
                let draft = own.unwrap_or(schema.draft);
                let mut base = schema.base.clone();
                let stands_alone = draft.ref_stands_alone() && is_reference(schema.value);
                if let Some(uri) = text("$schema").filter(|uri| !uri.starts_with('#')) {
                    check(uri, || at("$schema"))?;
                }
                let id = text(draft.id_keyword());
                if let Some(id) = id.filter(|id| !stands_alone && !id.starts_with('#')) {
                    let id = id.strip_suffix('#').unwrap_or(id);
                    check(id, || at(draft.id_keyword()))?;
                    let named = without_fragment(id);
                    if !named.is_empty() {
                        base = resolve(&base, named);
                        mentioned.insert(base.clone());
                    }
                }
                if let Some((_, anchor)) = id.and_then(|id| id.split_once('#')) {
                    mentioned.insert(format!("{base}#{anchor}"));
                }
                if let Some(reference) = text("$ref").filter(|uri| !uri.starts_with('#')) {
                    check(reference, || at("$ref"))?;
                    let named = resolve(&base, without_fragment(reference));
                    asked.push((named, at("$ref")));
                }
                draft.each_mentioned(schema.value, |rest, value| {
                    open.push(Open {
                        value,
                        pointer: format!("{}{rest}", schema.pointer),
                        draft,
                        base: base.clone(),
                    });
                });
            }
        }
        asked.retain(|(uri, _)| {
            let is_known = self.by_uri.contains_key(uri) || mentioned.contains(uri);
            !is_known && !is_well_known(uri)
        });
        self.mentioned = mentioned;
        match asked.into_iter().next() {
            Some((uri, at)) => {
                let fault = format!("$ref names a document that is not registered: {uri}");
                Err(Refused::invalid(at, fault))
            }
            None => Ok(()),
        }
    }
}

fn check(uri: &str, at: impl FnOnce() -> String) -> Result<(), Refused> {
    if is_uri_reference(uri) {
        return Ok(());
    }
    Err(Refused::invalid(at(), "not a URI reference"))
}
