//! The schemas that were handed in: which URI names which, and what a reference leads to.

use std::collections::HashMap;

use serde_json::Value;

use super::draft::pointer_segment;
use super::refused::Refused;
use crate::Draft;

/// The base of a schema that names none.
const DEFAULT_BASE: &str = "json-schema:///";

/// The most schemas that are told apart.
const MOST_SCHEMAS: usize = 200_000;

/// The deepest nesting that is followed.
const DEEPEST: usize = 256;

/// A schema's number in [`Documents`].
pub(crate) type SchemaId = u32;

/// A schema at one place of one document.
#[derive(Debug)]
pub(crate) struct Place<'d> {
    pub(crate) value: &'d Value,
    document: usize,
    /// Into its document.
    pub(crate) pointer: String,
    pub(crate) resource: usize,
}

/// A schema with a URI of its own, and what is within but has none.
#[derive(Debug)]
pub(crate) struct Resource {
    base: String,
    pub(crate) draft: Draft,
    pub(crate) root: SchemaId,
    anchors: HashMap<String, SchemaId>,
    /// Those that `$dynamicRef` looks for; `""` is `$recursiveAnchor`.
    pub(crate) dynamic: Vec<(String, SchemaId)>,
}

#[derive(Debug)]
pub(crate) struct Documents<'d> {
    documents: Vec<(&'d str, &'d Value)>,
    pub(crate) places: Vec<Place<'d>>,
    by_pointer: HashMap<(usize, String), SchemaId>,
    pub(crate) resources: Vec<Resource>,
    by_uri: HashMap<String, usize>,
    draft: Draft,
}

/// What a reference was found to lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) schema: SchemaId,
    /// Its fragment names a dynamic anchor.
    pub(crate) is_dynamic: bool,
}

impl Place<'_> {
    /// Whether it is in the schema itself rather than in a document beside it.
    pub(crate) const fn is_of_root(&self) -> bool {
        self.document == 0
    }
}

impl<'d> Documents<'d> {
    /// Indexes the schema and the documents that it may refer to.
    pub(crate) fn new(
        schema: &'d Value,
        others: impl IntoIterator<Item = (&'d str, &'d Value)>,
        draft: Draft,
    ) -> Result<Self, Refused> {
        let mut documents = Self {
            documents: vec![("", schema)],
            places: Vec::new(),
            by_pointer: HashMap::new(),
            resources: Vec::new(),
            by_uri: HashMap::new(),
            draft,
        };
        documents.documents.extend(others);
        for document in 0..documents.documents.len() {
            let (uri, value) = documents.documents[document];
            let base = if document == 0 { DEFAULT_BASE } else { uri };
            documents.add_document(document, base, value)?;
        }
        Ok(documents)
    }

    fn add_document(
        &mut self,
        document: usize,
        uri: &str,
        value: &'d Value,
    ) -> Result<(), Refused> {
        let draft = self.draft_of(value, self.draft, document, "")?;
        let base = without_fragment(uri).to_owned();
        let resource = self.add_resource(base.clone(), draft);
        self.by_uri.entry(base).or_insert(resource);
        let root = self.walk(document, resource, String::new(), value, 0, true)?;
        self.resources[resource].root = root;
        Ok(())
    }

    /// Where the schema is, for people: a pointer, with its URI if it is another document.
    pub(crate) fn name(&self, schema: SchemaId) -> String {
        let place = self.place(schema);
        match self.documents.get(place.document) {
            Some((uri, _)) if !uri.is_empty() => format!("{uri}#{}", place.pointer),
            _ => place.pointer.clone(),
        }
    }

    pub(crate) fn place(&self, schema: SchemaId) -> &Place<'d> {
        &self.places[schema as usize]
    }

    pub(crate) fn draft(&self, schema: SchemaId) -> Draft {
        self.resources[self.place(schema).resource].draft
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
        if document != 0 {
            // Nobody may ask for it.
            return Ok(outer);
        }
        Err(Refused::unsupported(
            format!("{pointer}/$schema"),
            format!("$schema names a meta-schema of its own: {uri}"),
        ))
    }

    /// Indexes a schema and those within it.
    fn walk(
        &mut self,
        document: usize,
        mut resource: usize,
        pointer: String,
        value: &'d Value,
        depth: usize,
        is_named: bool,
    ) -> Result<SchemaId, Refused> {
        if self.places.len() >= MOST_SCHEMAS || depth > DEEPEST {
            return Err(Refused::unsupported(
                pointer,
                "a schema of this size or depth",
            ));
        }
        let id = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let outer = self.resources[resource].draft;
        let stands_alone = outer.ref_stands_alone() && super::draft::is_reference(value);
        if !stands_alone && is_named {
            if let Some(inner) = self.resource_within(document, resource, &pointer, value)? {
                self.resources[inner].root = id;
                resource = inner;
            }
        }
        let draft = self.resources[resource].draft;
        if !stands_alone && is_named && self.add_anchors(resource, draft, value, id) {
            let fault = "an anchor that stands twice in one resource";
            return Err(Refused::unsupported(pointer, fault));
        }
        self.by_pointer.insert((document, pointer.clone()), id);
        self.places.push(Place {
            value,
            document,
            pointer: pointer.clone(),
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
                self.walk(document, resource, pointer, schema, depth + 1, is_named)?;
            }
        }
        Ok(id)
    }

    /// The resource that an `$id` begins.
    fn resource_within(
        &mut self,
        document: usize,
        outer: usize,
        pointer: &str,
        value: &'d Value,
    ) -> Result<Option<usize>, Refused> {
        let outer_draft = self.resources[outer].draft;
        let mut draft = outer_draft;
        if !pointer.is_empty() && value.get("$schema").is_some() {
            draft = self.draft_of(value, outer_draft, document, pointer)?;
        }
        let Some(uri) = value.get(draft.id_keyword()).and_then(Value::as_str) else {
            return Ok(None);
        };
        let base = without_fragment(uri);
        if base.is_empty() {
            return Ok(None);
        }
        let base = resolve(&self.resources[outer].base, base);
        let resource = self.add_resource(base.clone(), draft);
        self.by_uri.insert(base, resource);
        Ok(Some(resource))
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

    /// What `reference`, which stands in `from`, leads to.
    pub(crate) fn follow(
        &mut self,
        from: SchemaId,
        keyword: &str,
        reference: &str,
    ) -> Result<Target, Refused> {
        let place = self.place(from);
        let (own, pointer) = (place.resource, place.pointer.clone());
        let at = || format!("{pointer}/{keyword}");
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = if base.is_empty() {
            own
        } else {
            let uri = resolve(&self.resources[own].base, base);
            match self.by_uri.get(&uri) {
                Some(resource) => *resource,
                None if is_well_known(&uri) => {
                    let fault = format!("{keyword} names a meta-schema: {uri}");
                    return Err(Refused::unsupported(at(), fault));
                }
                None => {
                    let fault = format!("{keyword} names a document that is not registered: {uri}");
                    return Err(Refused::invalid(at(), fault));
                }
            }
        };
        let nowhere = || Refused::invalid(at(), format!("{keyword} leads nowhere: {reference}"));
        let fragment = decode(fragment).ok_or_else(nowhere)?;
        if fragment.is_empty() || fragment.starts_with('/') {
            let root = self.resources[resource].root;
            let schema = self.descend(root, &fragment)?.ok_or_else(nowhere)?;
            return Ok(Target {
                schema,
                is_dynamic: false,
            });
        }
        let resource = &self.resources[resource];
        let schema = *resource.anchors.get(&fragment).ok_or_else(nowhere)?;
        let is_dynamic = resource
            .dynamic
            .iter()
            .any(|(name, id)| *name == fragment && *id == schema);
        Ok(Target { schema, is_dynamic })
    }

    /// Follows a JSON Pointer from a schema.
    fn descend(&mut self, root: SchemaId, pointer: &str) -> Result<Option<SchemaId>, Refused> {
        let place = self.place(root);
        let document = place.document;
        let (mut value, mut own) = (place.value, place.pointer.clone());
        let mut enclosing = root;
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            let within = match value {
                Value::Object(members) => members.get(&name),
                Value::Array(elements) => name.parse::<usize>().ok().and_then(|i| elements.get(i)),
                _ => None,
            };
            let Some(within) = within else {
                return Ok(None);
            };
            value = within;
            own.push('/');
            own.push_str(&pointer_segment(&name));
            if let Some(known) = self.by_pointer.get(&(document, own.clone())) {
                enclosing = *known;
            }
        }
        if let Some(known) = self.by_pointer.get(&(document, own.clone())) {
            return Ok(Some(*known));
        }
        // Below a keyword that holds no schemas, where no `$id` has a meaning.
        let resource = self.place(enclosing).resource;
        self.walk(document, resource, own, value, 0, false)
            .map(Some)
    }

    /// The dynamic anchors that entering the schema's resource brings into scope.
    pub(crate) fn dynamic_anchors(&self, schema: SchemaId) -> &[(String, SchemaId)] {
        &self.resources[self.place(schema).resource].dynamic
    }

    /// The schema within that one, at the rest of its pointer.
    pub(crate) fn within(&mut self, schema: SchemaId, rest: &str) -> Result<SchemaId, Refused> {
        match self.descend(schema, rest)? {
            Some(within) => Ok(within),
            None => Err(Refused::invalid(
                self.name(schema),
                format!("there is no {rest}"),
            )),
        }
    }

    /// Whether any schema may ask for a dynamic anchor.
    pub(crate) fn has_dynamic_anchors(&self) -> bool {
        self.resources
            .iter()
            .any(|resource| !resource.dynamic.is_empty())
    }
}

/// What `jsonschema` knows without being told.
fn is_well_known(uri: &str) -> bool {
    uri.starts_with("http://json-schema.org/draft-0")
        || uri.starts_with("https://json-schema.org/draft/20")
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(base, _)| base)
}

/// RFC 3986, section 5.2; where there is no hierarchy the reference stands by itself.
fn resolve(base: &str, reference: &str) -> String {
    outbound_http::resolve(base, reference).unwrap_or_else(|_| reference.to_owned())
}

/// Percent-decodes a fragment.
fn decode(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}
