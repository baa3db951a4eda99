//! References, followed from one to the next as `jsonschema` does when it builds a validator.

use std::collections::HashMap;

use serde_json::Value;

use crate::engine::{decode, resolve, without_fragment};
use crate::pointer::split;

/// Keywords whose schemas look at the value that the schema around them looks at.
const SAME_VALUE: [&str; 8] = [
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
];

/// How deep schemas may be within each other, along references too: `jsonschema` builds them by
/// recursion, and much deeper ones would exhaust a stack of 2 MiB.
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

/// A schema, and what references in it are relative to.
#[derive(Clone)]
struct Place<'a> {
    value: &'a Value,
    base: String,
}

pub(super) struct References<'a> {
    root: Place<'a>,
    /// By URI, with the anchor where there is one.
    named: HashMap<String, Place<'a>>,
    /// By URI and fragment; endless while it is being followed.
    seen: HashMap<String, Behind>,
    /// How many parts are open.
    open: usize,
    pub(super) most_looks: usize,
    pub(super) most_nested: usize,
}

impl<'a> References<'a> {
    pub(super) fn new(schema: &'a Value, documents: &'a [(String, Value)]) -> Self {
        let root = Place {
            value: schema,
            base: "json-schema:///".to_owned(),
        };
        let mut references = Self {
            root: root.clone(),
            named: HashMap::new(),
            seen: HashMap::new(),
            open: 0,
            most_looks: 0,
            most_nested: 0,
        };
        for (uri, value) in documents {
            let base = resolve(&root.base, without_fragment(uri));
            references.index(Place { value, base });
        }
        references.index(root);
        references
    }

    /// Notes what schemas call themselves, wherever that may be.
    fn index(&mut self, place: Place<'a>) {
        self.named
            .entry(place.base.clone())
            .or_insert_with(|| place.clone());
        self.names_within(place);
    }

    fn names_within(&mut self, place: Place<'a>) {
        let place = place.entered();
        let text = |keyword: &str| place.value.get(keyword).and_then(Value::as_str);
        let fragment = |uri: &'a str| uri.split_once('#').map(|(_, fragment)| fragment);
        let ids = [text("$id"), text("id")].into_iter().flatten();
        let anchors = [text("$anchor"), text("$dynamicAnchor")];
        let anchors = anchors
            .into_iter()
            .flatten()
            .chain(ids.filter_map(fragment));
        for anchor in anchors.filter(|anchor| !anchor.is_empty()) {
            let name = format!("{}#{anchor}", place.base);
            self.named.insert(name, place.clone());
        }
        if text("$id").or(text("id")).is_some() {
            self.named.insert(place.base.clone(), place.clone());
        }
        for value in children(place.value) {
            let base = place.base.clone();
            self.names_within(Place { value, base });
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
        let behind = self.part(place)?;
        self.seen.insert(key, behind);
        Some(behind)
    }

    fn find(&self, uri: &str, fragment: &str) -> Option<Place<'a>> {
        let fragment = decode(fragment)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.named.get(&format!("{uri}#{fragment}")).cloned();
        }
        let mut place = self.named.get(uri)?.clone();
        for segment in split(&fragment)? {
            place.value = match place.value {
                Value::Array(elements) => elements.get(segment.parse::<usize>().ok()?)?,
                other => other.get(&segment)?,
            };
            place = place.entered();
        }
        Some(place)
    }

    fn part(&mut self, place: Place<'a>) -> Option<Behind> {
        self.open += 1;
        if self.open > DEEPEST {
            return None;
        }
        let place = place.entered();
        let mut sum = Behind::default();
        match place.value {
            Value::Array(elements) => {
                for value in elements {
                    let base = place.base.clone();
                    let behind = self.part(Place { value, base })?;
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
                        _ => {
                            let base = place.base.clone();
                            self.part(Place { value, base })?
                        }
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

impl Place<'_> {
    /// With the base that the schema itself names.
    fn entered(self) -> Self {
        let text = |keyword: &str| self.value.get(keyword).and_then(Value::as_str);
        let id = text("$id").or(text("id")).map(without_fragment);
        match id {
            Some(id) if !id.is_empty() => Self {
                base: resolve(&self.base, id),
                ..self
            },
            _ => self,
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}
