//! How much work and stack it can take `jsonschema` to build a schema, and to find *where* a body
//! breaks it.
//!
//! The verdict is memoized by `jsonschema`; the search for the place is not, and follows every
//! branch of a schema that refers to itself: two hundred brackets would keep it busy for ever.

mod place;
mod references;

use jsonschema::Draft;
use serde_json::Value;

use self::references::References;

/// Most visits of a value that are worth knowing the place.
const MOST_VISITS: usize = 1_000_000;

/// Most schemas that may look at one value: branches that refer to branches are followed again for
/// each of them.
const MOST_LOOKS: usize = 100_000;

/// Most schemas within each other that look at one value, wherever that is, taken as often as the
/// whole body is deep: `jsonschema` asks them by recursion, and which of them it asks is not known
/// before.
const MOST_NESTED: usize = 3_000;

/// How a schema branches, and whether it can go on without end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branches {
    /// How many ways it offers at each level of a body, if it can go on without end.
    ways: Option<usize>,
    /// How many schemas within each other look at one value.
    nested: usize,
}

impl Branches {
    /// Of a schema and of the documents it may refer to, or why it is refused.
    pub(crate) fn of(
        schema: &Value,
        documents: &[(String, Value)],
        draft: Draft,
    ) -> Result<Self, &'static str> {
        let mut references = References::new(schema, documents, draft);
        let behind = references.of_root();
        let behind =
            behind.ok_or("a chain of references and parts of schemas that is over 1000 long")?;
        if references.most_looks > MOST_LOOKS {
            return Err("branches that refer to branches, more than 100000 for one value");
        }
        let documents = documents.iter().map(|(_, document)| document);
        let branches = documents.map(count).sum::<usize>() + count(schema);
        Ok(Self {
            ways: behind.is_endless.then_some(branches.max(1)),
            nested: references.most_nested,
        })
    }

    /// Whether `body` is judged within the stack that there is.
    pub(crate) fn allow_verdict(self, body: &Value) -> bool {
        self.ways.is_none() || {
            let (_, depth) = extent(body);
            self.nested.saturating_mul(depth as usize) <= MOST_NESTED
        }
    }

    /// Whether the place in `body` is found with bounded work.
    pub(crate) fn allow(self, body: &Value) -> bool {
        let Some(branches) = self.ways else {
            return true;
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn branches(schema: &str) -> Option<usize> {
        let schema = serde_json::from_str(schema).unwrap();
        Branches::of(&schema, &[], Draft::default()).unwrap().ways
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
    fn branches_that_refer_to_branches_are_refused_where_they_are_too_many() {
        let is_taken = |keyword: &str, levels: usize| {
            let link = |n: usize| {
                let next = format!(r##"{{"$ref":"#/$defs/{}"}}"##, n + 1);
                format!(r#""{n}":{{"{keyword}":[{next},{next}]}}"#)
            };
            let links: Vec<_> = (0..levels).map(link).collect();
            let schema = format!(r#"{{"$defs":{{{},"{levels}":{{}}}}}}"#, links.join(","));
            let schema = serde_json::from_str(&schema).unwrap();
            Branches::of(&schema, &[], Draft::default()).is_ok()
        };
        for keyword in ["anyOf", "oneOf", "allOf"] {
            assert!(is_taken(keyword, 12));
            assert!(!is_taken(keyword, 16));
            assert!(!is_taken(keyword, 100));
        }
        // Each looks at another value than the one before.
        assert!(is_taken("prefixItems", 100));
        assert!(is_taken("enum", 100));
    }

    #[test]
    fn work_grows_with_values_and_with_depth() {
        let allow = |ways, body: &str| {
            Branches { ways, nested: 1 }.allow(&serde_json::from_str(body).unwrap())
        };
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(allow(None, &deep));
        assert!(allow(Some(1), &deep));
        assert!(!allow(Some(2), &deep));
        assert!(allow(Some(9), r#"{"a":[{"b":1}]}"#));
    }
}
