//! A schema among others, and what it is called, as `jsonschema` reads it.

use jsonschema::Draft;
use serde_json::Value;

use crate::engine::{resolve, without_fragment};

/// A schema, its draft, and what references in it are relative to: the name that it has itself
/// is part of that already.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) value: &'a Value,
    pub(super) draft: Draft,
    pub(super) base: String,
}

impl<'a> Place<'a> {
    /// A schema that is within this one.
    pub(super) fn within(&self, value: &'a Value) -> Self {
        let draft = self.draft.detect(value);
        let schema = draft.create_resource_ref(value);
        let id = schema.id().map(without_fragment);
        let base = match id.filter(|id| !id.is_empty()) {
            Some(id) => resolve(&self.base, id),
            None => self.base.clone(),
        };
        Self { value, draft, base }
    }

    /// Its URI if it names itself, and those of its anchors.
    pub(super) fn names(&self) -> Vec<String> {
        let text = |keyword: &str| self.value.get(keyword).and_then(Value::as_str);
        let has_id = self.draft.create_resource_ref(self.value).id().is_some();
        let anchors = if self.draft <= Draft::Draft7 {
            let id = text(self.draft.id_keyword());
            [id.and_then(|id| id.strip_prefix('#')), None]
        } else {
            [text("$anchor"), text("$dynamicAnchor")]
        };
        let anchors = anchors
            .into_iter()
            .flatten()
            .map(|anchor| format!("{}#{anchor}", self.base));
        let uri = has_id.then(|| self.base.clone());
        uri.into_iter().chain(anchors).collect()
    }
}

/// The draft of the schema, which may name a meta-schema that is one of the documents.
pub(super) fn draft_of(schema: &Value, documents: &[(String, Value)], draft: Draft) -> Draft {
    let mut schema = schema;
    for _ in documents {
        if draft.detect(schema) != Draft::Unknown {
            break;
        }
        let own = schema.get("$schema").and_then(Value::as_str);
        let own = own.map(without_fragment);
        let mut known = documents.iter();
        match known.find(|(uri, _)| Some(without_fragment(uri)) == own) {
            Some((_, document)) => schema = document,
            None => break,
        }
    }
    draft.detect(schema)
}

pub(super) fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}
