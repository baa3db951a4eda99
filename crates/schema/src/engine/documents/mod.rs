//! The schemas that were handed in: which URI names which, and what a reference leads to.

mod follow;
mod index;
mod references;
mod uri;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

#[cfg(feature = "full")]
pub(crate) use self::follow::decode;
#[cfg(feature = "full")]
pub(crate) use self::uri::{resolve, without_fragment};
use super::refused::Refused;
use crate::Draft;

/// The base of a schema that names none.
const DEFAULT_BASE: &str = "json-schema:///";

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
    /// What schemas call themselves where only `jsonschema` reads it: with the anchor, if it is one.
    mentioned: HashSet<String>,
    draft: Draft,
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
            mentioned: HashSet::new(),
            draft,
        };
        documents.documents.extend(others);
        for document in 0..documents.documents.len() {
            let (uri, value) = documents.documents[document];
            let base = if document == 0 { DEFAULT_BASE } else { uri };
            documents.add_document(document, base, value)?;
        }
        documents.check_references()?;
        Ok(documents)
    }

    /// Where the schema is, for people: a pointer, with its URI if it is another document.
    pub(crate) fn name(&self, schema: SchemaId) -> String {
        let place = self.place(schema);
        self.name_of(place.document, &place.pointer)
    }

    fn name_of(&self, document: usize, pointer: &str) -> String {
        match self.documents.get(document) {
            Some((uri, _)) if !uri.is_empty() => format!("{uri}#{pointer}"),
            _ => pointer.to_owned(),
        }
    }

    pub(crate) fn place(&self, schema: SchemaId) -> &Place<'d> {
        &self.places[schema as usize]
    }

    pub(crate) fn draft(&self, schema: SchemaId) -> Draft {
        self.resources[self.place(schema).resource].draft
    }

    /// The dynamic anchors that entering the schema's resource brings into scope.
    pub(crate) fn dynamic_anchors(&self, schema: SchemaId) -> &[(String, SchemaId)] {
        &self.resources[self.place(schema).resource].dynamic
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
