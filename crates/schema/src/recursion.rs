//! How much work it can be to find *where* a body breaks a schema.
//!
//! The verdict is memoized by `jsonschema`; the search for the place is not, and follows every
//! branch of a schema that refers to itself: two hundred brackets would keep it busy for ever.

use std::collections::HashMap;

use serde_json::Value;

/// Most visits of a value that are worth knowing the place.
const MOST_VISITS: usize = 1_000_000;

/// The longest chain of references; `jsonschema` follows them by recursion, and a longer one
/// would exhaust the stack.
const LONGEST_CHAIN: usize = 500;

/// How many ways a schema offers at each level of a body, if it can go on without end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branches(Option<usize>);

impl Branches {
    /// Of a schema and of the documents it may refer to; `None` if its references are too long a
    /// chain.
    pub(crate) fn of<'a>(
        schema: &'a Value,
        documents: impl Iterator<Item = &'a Value>,
    ) -> Option<Self> {
        let mut references = References {
            root: schema,
            seen: HashMap::new(),
            followed: 0,
        };
        if !references.are_endless("")? {
            return Some(Self(None));
        }
        let branches = documents.map(count).sum::<usize>() + count(schema);
        Some(Self(Some(branches.max(1))))
    }

    /// Whether the place in `body` is found with bounded work.
    pub(crate) fn allow(self, body: &Value) -> bool {
        let Some(branches) = self.0 else { return true };
        let (values, depth) = extent(body);
        branches
            .saturating_pow(depth)
            .checked_mul(values)
            .is_some_and(|visits| visits <= MOST_VISITS)
    }
}

/// How many values there are, and how deep they are nested.
fn extent(body: &Value) -> (usize, u32) {
    let join = |(values, depth): (usize, u32), (more, below): (usize, u32)| {
        (values + more, depth.max(below + 1))
    };
    match body {
        Value::Array(elements) => elements.iter().map(extent).fold((1, 0), join),
        Value::Object(members) => members.values().map(extent).fold((1, 0), join),
        _ => (1, 0),
    }
}

/// Subschemas that look at the same value as the schema they are in.
fn count(schema: &Value) -> usize {
    match schema {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(keyword, value)| {
                let own = match (keyword.as_str(), value) {
                    ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => branches.len(),
                    ("if" | "then" | "else" | "not" | "$ref" | "contains", _) => 1,
                    ("dependentSchemas" | "dependencies", Value::Object(branches)) => {
                        branches.len()
                    }
                    _ => 0,
                };
                own + count(value)
            })
            .sum(),
        _ => 0,
    }
}

/// The references of a schema, followed from one to the next.
struct References<'a> {
    root: &'a Value,
    /// `true`: it is being followed, or it comes back to where it was.
    seen: HashMap<&'a str, bool>,
    followed: usize,
}

impl<'a> References<'a> {
    /// Whether following references from `pointer` may come back to where it has been; `None` if
    /// they are too many in a row.
    ///
    /// A reference that is not a plain pointer into the schema is taken to do so.
    fn are_endless(&mut self, pointer: &'a str) -> Option<bool> {
        if let Some(is_open) = self.seen.get(pointer) {
            return Some(*is_open);
        }
        let Some(schema) = self.root.pointer(pointer) else {
            return Some(true);
        };
        if self.followed > LONGEST_CHAIN {
            return None;
        }
        self.followed += 1;
        self.seen.insert(pointer, true);
        let are_endless = self.lead_back(schema)?;
        self.seen.insert(pointer, are_endless);
        self.followed -= 1;
        Some(are_endless)
    }

    fn lead_back(&mut self, value: &'a Value) -> Option<bool> {
        let mut found = false;
        match value {
            Value::Array(elements) => {
                for element in elements {
                    found |= self.lead_back(element)?;
                }
            }
            Value::Object(members) => {
                for (keyword, member) in members {
                    found |= match (keyword.as_str(), member) {
                        ("$ref", Value::String(target)) => match target.strip_prefix('#') {
                            Some(pointer) => self.are_endless(pointer)?,
                            None => true,
                        },
                        ("$dynamicRef" | "$recursiveRef", _) => true,
                        _ => self.lead_back(member)?,
                    };
                }
            }
            _ => {}
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branches(schema: &str) -> Option<usize> {
        let schema = serde_json::from_str(schema).unwrap();
        Branches::of(&schema, std::iter::empty()).unwrap().0
    }

    #[test]
    fn only_a_schema_that_comes_back_to_itself_is_endless() {
        for finite in [
            "true",
            r#"{"anyOf":[{"oneOf":[true,false]}]}"#,
            r##"{"$defs":{"a":{},"b":{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]}},
                "properties":{"x":{"$ref":"#/$defs/b"},"y":{"$ref":"#/$defs/b"}}}"##,
        ] {
            assert_eq!(branches(finite), None, "{finite}");
        }
        for (endless, ways) in [
            (r##"{"items":{"$ref":"#"}}"##, 1),
            (r##"{"anyOf":[{"items":{"$ref":"#"}},true]}"##, 3),
            (
                r##"{"$defs":{"a":{"items":{"$ref":"#/$defs/b"}},
                    "b":{"items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}"##,
                3,
            ),
            (r##"{"$ref":"#anchor"}"##, 1),
            (r#"{"$ref":"other.json"}"#, 1),
            (r##"{"$dynamicRef":"#a"}"##, 1),
        ] {
            assert_eq!(branches(endless), Some(ways), "{endless}");
        }
    }

    #[test]
    fn work_grows_with_values_and_with_depth() {
        let allow =
            |branches, body: &str| Branches(branches).allow(&serde_json::from_str(body).unwrap());
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(allow(None, &deep));
        assert!(allow(Some(1), &deep));
        assert!(!allow(Some(2), &deep));
        assert!(allow(Some(9), r#"{"a":[{"b":1}]}"#));
    }
}
