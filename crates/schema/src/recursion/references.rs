//! References, followed from one to the next as `jsonschema` does when it builds a validator.

use std::collections::{HashMap, HashSet};

use jsonschema::Draft;
use serde_json::Value;

use super::place::{Place, children, draft_of};
use crate::engine::{decode, resolve, without_fragment};
use crate::pointer::split;

/// The base of a schema that has no name.
const ROOT: &str = "json-schema:///";

/// Keywords whose schemas look at the value that the schema around them looks at.
const SAME_VALUE: [&str; 8] = [
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
];

/// How deep parts of schemas, lists and maps too, may be within each other and along references:
/// `jsonschema` builds them by recursion, and much deeper ones would exhaust a stack of 2 MiB.
const DEEPEST: usize = 1_000;

/// What is behind a part of a schema.
#[derive(Clone, Copy, Default)]
pub(super) struct Behind {
    /// References that may come back to where they have been.
    pub(super) is_endless: bool,
    /// Schemas that look at the same value.
    looks: usize,
    /// How many of these are within each other.
    nested: usize,
    /// How many parts are, whatever they look at.
    depth: usize,
}

impl Behind {
    const ENDLESS: Self = Self {
        is_endless: true,
        looks: 1,
        nested: 1,
        depth: 1,
    };
}

pub(super) struct References<'a> {
    root: Place<'a>,
    /// By URI, with the anchor where there is one.
    named: HashMap<String, Place<'a>>,
    /// Where there are schemas, by address.
    schemas: HashSet<*const Value>,
    /// By URI and fragment; endless while it is being followed.
    seen: HashMap<String, Behind>,
    /// How many parts are open.
    open: usize,
    pub(super) most_looks: usize,
    pub(super) most_nested: usize,
}

impl<'a> References<'a> {
    pub(super) fn new(schema: &'a Value, documents: &'a [(String, Value)], draft: Draft) -> Self {
        let place = |value, draft, uri: &str| {
            let outer = Place {
                value,
                draft,
                base: resolve(ROOT, without_fragment(uri)),
            };
            (outer.base.clone(), outer.within(value))
        };
        let (_, root) = place(schema, draft_of(schema, documents, draft), ROOT);
        let mut references = Self {
            root: root.clone(),
            named: HashMap::new(),
            schemas: HashSet::new(),
            seen: HashMap::new(),
            open: 0,
            most_looks: 0,
            most_nested: 0,
        };
        let documents = documents
            .iter()
            .map(|(uri, document)| place(document, draft, uri));
        let mut all: Vec<_> = documents.collect();
        all.push((ROOT.to_owned(), root));
        for (uri, place) in &all {
            let named = references.named.entry(uri.clone());
            named.or_insert_with(|| place.clone());
            references.names_within(place);
        }
        for (_, place) in &all {
            references.other_names_within(place);
        }
        references
    }

    /// Notes what schemas call themselves.
    fn names_within(&mut self, place: &Place<'a>) {
        self.schemas.insert(place.value);
        for name in place.names() {
            self.named.insert(name, place.clone());
        }
        for value in place.draft.subresources_of(place.value) {
            self.names_within(&place.within(value));
        }
    }

    /// Notes names that stand where there are schemas only if a reference leads there.
    fn other_names_within(&mut self, place: &Place<'a>) {
        for name in place.names() {
            self.named.entry(name).or_insert_with(|| place.clone());
        }
        for value in children(place.value) {
            self.other_names_within(&place.within(value));
        }
    }

    /// What is behind the schema; `None` if it is too deep.
    pub(super) fn of_root(&mut self) -> Option<Behind> {
        let root = self.root.clone();
        self.follow(&root.base, "#")
    }

    /// What is behind a reference. One that leads nowhere here is taken to be endless.
    fn follow(&mut self, base: &str, reference: &str) -> Option<Behind> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let uri = match uri {
            "" => base.to_owned(),
            uri => resolve(base, uri),
        };
        let key = format!("{uri}#{fragment}");
        if let Some(known) = self.seen.get(&key) {
            return (self.open + known.depth <= DEEPEST).then_some(*known);
        }
        let Some(place) = self.find(&uri, fragment) else {
            return Some(Behind::ENDLESS);
        };
        self.seen.insert(key.clone(), Behind::ENDLESS);
        let behind = self.part(&place)?;
        self.seen.insert(key, behind);
        Some(behind)
    }

    fn find(&self, uri: &str, fragment: &str) -> Option<Place<'a>> {
        let fragment = decode(fragment)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.named.get(&format!("{uri}#{fragment}")).cloned();
        }
        let mut place = self.named.get(uri)?.clone();
        let mut value = place.value;
        for segment in split(&fragment)? {
            value = match value {
                Value::Array(elements) => elements.get(segment.parse::<usize>().ok()?)?,
                other => other.get(&segment)?,
            };
            if self.schemas.contains(&std::ptr::from_ref(value)) {
                place = place.within(value);
            }
        }
        // Elsewhere no name is read, not even that of a schema which a reference leads to.
        place.draft = place.draft.detect(value);
        place.value = value;
        Some(place)
    }

    fn part(&mut self, place: &Place<'a>) -> Option<Behind> {
        self.open += 1;
        if self.open > DEEPEST {
            return None;
        }
        let mut sum = Behind::default();
        match place.value {
            Value::Array(elements) => {
                for value in elements {
                    let behind = self.part(&place.within(value))?;
                    sum.is_endless |= behind.is_endless;
                    sum.looks = sum.looks.saturating_add(behind.looks);
                    sum.nested = sum.nested.max(behind.nested);
                    sum.depth = sum.depth.max(behind.depth);
                }
            }
            Value::Object(members) => {
                sum.looks = 1;
                for (keyword, value) in members {
                    let behind = match (keyword.as_str(), value) {
                        ("$ref", Value::String(target)) => self.follow(&place.base, target)?,
                        ("$dynamicRef" | "$recursiveRef", Value::String(target)) => Behind {
                            is_endless: true,
                            ..self.follow(&place.base, target)?
                        },
                        _ => self.part(&place.within(value))?,
                    };
                    sum.is_endless |= behind.is_endless;
                    sum.depth = sum.depth.max(behind.depth);
                    // All else looks at other values, or at none.
                    if SAME_VALUE.contains(&keyword.as_str()) {
                        sum.looks = sum.looks.saturating_add(behind.looks);
                        sum.nested = sum.nested.max(behind.nested);
                    }
                }
                sum.nested += 1;
                self.most_looks = self.most_looks.max(sum.looks);
                self.most_nested = self.most_nested.max(sum.nested);
            }
            _ => {}
        }
        sum.depth += 1;
        self.open -= 1;
        Some(sum)
    }
}
