//! Which schemas, resources and anchors a document has.

use std::collections::HashMap;

use serde_json::Value;

use super::uri::{normal, resolve, without_fragment};
use super::{Documents, Place, Resource, SchemaId};
use crate::Draft;
use crate::engine::draft::is_reference;
use crate::engine::refused::Refused;

/// The most schemas that are told apart.
const MOST_SCHEMAS: usize = 200_000;

/// The deepest nesting that is followed.
const DEEPEST: usize = 256;

/// The URI that a schema names itself with.
fn uri_of(draft: Draft, value: &Value) -> Option<&str> {
    value.get(draft.id_keyword()).and_then(Value::as_str)
}

impl<'d> Documents<'d> {
    pub(super) fn add_document(
        &mut self,
        document: usize,
        uri: &str,
        value: &'d Value,
    ) -> Result<(), Refused> {
        let draft = self.draft_of(value, self.draft, document, "")?;
        let base = normal(without_fragment(uri));
        let resource = self.add_resource(base.clone(), draft);
        self.by_uri.entry(base).or_insert(resource);
        let root = self.walk(document, resource, "", value, 0, true)?;
        self.resources[resource].root = root;
        Ok(())
    }

    fn add_resource(&mut self, base: String, draft: Draft) -> usize {
        self.resources.push(Resource {
            base,
            draft,
            root: 0,
            anchors: HashMap::new(),
            dynamic: Vec::new(),
        });
        self.resources.len() - 1
    }

    /// The draft that the schema says it is of.
    fn draft_of(
        &self,
        value: &Value,
        outer: Draft,
        document: usize,
        pointer: &str,
    ) -> Result<Draft, Refused> {
        let Some(uri) = value.get("$schema").and_then(Value::as_str) else {
            return Ok(outer);
        };
        if let Some(draft) = Draft::of_meta_schema(uri) {
            return Ok(draft);
        }
        Err(Refused::unsupported(
            format!("{}/$schema", self.name_of(document, pointer)),
            format!("$schema names a meta-schema of its own: {uri}"),
        ))
    }

    /// Indexes a schema and those within it.
    pub(super) fn walk(
        &mut self,
        document: usize,
        mut resource: usize,
        pointer: &str,
        value: &'d Value,
        depth: usize,
        is_named: bool,
    ) -> Result<SchemaId, Refused> {
        if self.places.len() >= MOST_SCHEMAS || depth > DEEPEST {
            return Err(Refused::unsupported(
                self.name_of(document, pointer),
                "a schema of this size or depth",
            ));
        }
        let id = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let outer = self.resources[resource].draft;
        let own = self.own_draft(outer, document, pointer, value)?;
        let stands_alone = own.ref_stands_alone() && is_reference(value);
        if !stands_alone && is_named {
            if let Some(inner) = self.resource_within(resource, own, value) {
                self.resources[inner].root = id;
                resource = inner;
            }
        }
        let draft = self.resources[resource].draft;
        if !stands_alone && is_named && self.add_anchors(resource, draft, value, id) {
            let fault = "an anchor that stands twice in one resource";
            return Err(Refused::unsupported(self.name_of(document, pointer), fault));
        }
        self.by_pointer.insert((document, pointer.to_owned()), id);
        self.places.push(Place {
            value,
            document,
            pointer: pointer.to_owned(),
            resource,
        });
        let mut within = Vec::new();
        draft.each_subschema(value, false, |rest, schema| within.push((rest, schema)));
        for (rest, schema) in within {
            // From 2019-09 on the keyword is only kept for old schemas: nothing in it is named.
            let is_named =
                is_named && (draft.ref_stands_alone() || !rest.starts_with("/dependencies/"));
            let pointer = format!("{pointer}{rest}");
            // A place that a reference led to already keeps its number.
            if !self.by_pointer.contains_key(&(document, pointer.clone())) {
                self.walk(document, resource, &pointer, schema, depth + 1, is_named)?;
            }
        }
        Ok(id)
    }

    /// The draft of a schema within another, which may be another one only if it is named as
    /// both drafts do it: else `jsonschema` goes by one or the other, according to the way that
    /// leads there.
    fn own_draft(
        &self,
        outer: Draft,
        document: usize,
        pointer: &str,
        value: &Value,
    ) -> Result<Draft, Refused> {
        if pointer.is_empty() || value.get("$schema").is_none() {
            return Ok(outer);
        }
        let own = self.draft_of(value, outer, document, pointer)?;
        let stands_alone = own.ref_stands_alone() && is_reference(value);
        let uri = uri_of(own, value).filter(|_| !stands_alone);
        let is_named = uri.is_some_and(|uri| !without_fragment(uri).is_empty());
        if own == outer || is_named && own.is_4() == outer.is_4() {
            return Ok(own);
        }
        let fault = if is_named {
            "a schema of draft 4 in one of another draft, or the other way round"
        } else {
            "a $schema of another draft without an $id beside it"
        };
        let at = format!("{}/$schema", self.name_of(document, pointer));
        Err(Refused::unsupported(at, fault))
    }

    /// The resource that an `$id` begins.
    fn resource_within(&mut self, outer: usize, draft: Draft, value: &Value) -> Option<usize> {
        let base = without_fragment(uri_of(draft, value)?);
        if base.is_empty() {
            return None;
        }
        let base = resolve(&self.resources[outer].base, base);
        let resource = self.add_resource(base.clone(), draft);
        self.by_uri.insert(base, resource);
        Some(resource)
    }

    /// Whether one of them is known already, so that it is not certain what it names.
    fn add_anchors(&mut self, resource: usize, draft: Draft, value: &Value, id: SchemaId) -> bool {
        let text = |keyword: &str| value.get(keyword).and_then(Value::as_str);
        let resource = &mut self.resources[resource];
        if draft.ref_stands_alone() {
            let fragment = text(draft.id_keyword()).and_then(|uri| uri.split_once('#'));
            return match fragment.filter(|(_, anchor)| !anchor.is_empty()) {
                Some((_, anchor)) => resource.anchors.insert(anchor.to_owned(), id).is_some(),
                None => false,
            };
        }
        let mut is_known = false;
        if let Some(anchor) = text("$anchor") {
            is_known = resource.anchors.insert(anchor.to_owned(), id).is_some();
        }
        if draft.is_2020() {
            if let Some(anchor) = text("$dynamicAnchor") {
                is_known |= resource
                    .anchors
                    .insert(anchor.to_owned(), id)
                    .is_some_and(|known| known != id);
                resource.dynamic.push((anchor.to_owned(), id));
            }
        } else if value.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
            // It has a meaning only at the root.
            if resource.dynamic.is_empty() {
                resource.dynamic.push((String::new(), id));
            }
        }
        is_known
    }
}
