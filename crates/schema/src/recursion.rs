//! How much work it can be to find *where* a body breaks a schema.
//!
//! The verdict is memoized by `jsonschema`; the search for the place is not, and follows every
//! branch of a schema that refers to itself: two hundred brackets would keep it busy for ever.

use std::collections::HashMap;

use serde_json::Value;

/// Most visits of a value that are worth knowing the place.
const MOST_VISITS: usize = 1_000_000;

/// Keywords whose schemas look at the value that the schema around them looks at.
const SAME_VALUE: [&str; 8] = [
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
];

/// Most schemas that may look at one value: branches that refer to branches are followed again for
/// each of them.
const MOST_LOOKS: usize = 100_000;

/// The longest chain of references; `jsonschema` follows them by recursion, and a longer one
/// would exhaust the stack.
const LONGEST_CHAIN: usize = 500;

/// How many ways a schema offers at each level of a body, if it can go on without end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branches(Option<usize>);

impl Branches {
    /// Of a schema and of the documents it may refer to, or why it is refused.
    pub(crate) fn of<'a>(
        schema: &'a Value,
        documents: impl Iterator<Item = &'a Value>,
    ) -> Result<Self, &'static str> {
        let mut references = References {
            root: schema,
            seen: HashMap::new(),
            followed: 0,
            most_looks: 0,
        };
        let behind = references.follow("");
        let Behind { is_endless, .. } = behind.ok_or("a chain of more than 500 references")?;
        if references.most_looks > MOST_LOOKS {
            return Err("branches that refer to branches, more than 100000 for one value");
        }
        if !is_endless {
            return Ok(Self(None));
        }
        let branches = documents.map(count).sum::<usize>() + count(schema);
        Ok(Self(Some(branches.max(1))))
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

/// What is behind a part of a schema.
#[derive(Clone, Copy, Default)]
struct Behind {
    /// References that may come back to where they have been.
    is_endless: bool,
    /// Schemas that look at the same value.
    looks: usize,
}

impl Behind {
    const ENDLESS: Self = Self {
        is_endless: true,
        looks: 1,
    };
}

/// The references of a schema, followed from one to the next.
struct References<'a> {
    root: &'a Value,
    /// Endless while it is being followed.
    seen: HashMap<&'a str, Behind>,
    followed: usize,
    most_looks: usize,
}

impl<'a> References<'a> {
    /// What is behind a reference to `pointer`; `None` if they are too many in a row.
    ///
    /// One that is not a plain pointer into the schema is taken to be endless.
    fn follow(&mut self, pointer: &'a str) -> Option<Behind> {
        if let Some(known) = self.seen.get(pointer) {
            return Some(*known);
        }
        let Some(schema) = self.root.pointer(pointer) else {
            return Some(Behind::ENDLESS);
        };
        if self.followed > LONGEST_CHAIN {
            return None;
        }
        self.followed += 1;
        self.seen.insert(pointer, Behind::ENDLESS);
        let behind = self.part(schema)?;
        self.seen.insert(pointer, behind);
        self.followed -= 1;
        Some(behind)
    }

    fn part(&mut self, value: &'a Value) -> Option<Behind> {
        let mut sum = Behind::default();
        match value {
            Value::Array(elements) => {
                for element in elements {
                    let behind = self.part(element)?;
                    sum.is_endless |= behind.is_endless;
                    sum.looks = sum.looks.saturating_add(behind.looks);
                }
            }
            Value::Object(members) => {
                sum.looks = 1;
                for (keyword, member) in members {
                    let behind = match (keyword.as_str(), member) {
                        ("$ref", Value::String(target)) => match target.strip_prefix('#') {
                            Some(pointer) => self.follow(pointer)?,
                            None => Behind::ENDLESS,
                        },
                        ("$dynamicRef" | "$recursiveRef", _) => Behind::ENDLESS,
                        _ => self.part(member)?,
                    };
                    sum.is_endless |= behind.is_endless;
                    // All else looks at other values, or at none.
                    if SAME_VALUE.contains(&keyword.as_str()) {
                        sum.looks = sum.looks.saturating_add(behind.looks);
                    }
                }
                self.most_looks = self.most_looks.max(sum.looks);
            }
            _ => {}
        }
        Some(sum)
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
    fn branches_that_refer_to_branches_are_refused_where_they_are_too_many() {
        let is_taken = |keyword: &str, levels: usize| {
            let link = |n: usize| {
                let next = format!(r##"{{"$ref":"#/$defs/{}"}}"##, n + 1);
                format!(r#""{n}":{{"{keyword}":[{next},{next}]}}"#)
            };
            let links: Vec<_> = (0..levels).map(link).collect();
            let schema = format!(r#"{{"$defs":{{{},"{levels}":{{}}}}}}"#, links.join(","));
            let schema = serde_json::from_str(&schema).unwrap();
            Branches::of(&schema, std::iter::empty()).is_ok()
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
        let allow =
            |branches, body: &str| Branches(branches).allow(&serde_json::from_str(body).unwrap());
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(allow(None, &deep));
        assert!(allow(Some(1), &deep));
        assert!(!allow(Some(2), &deep));
        assert!(allow(Some(9), r#"{"a":[{"b":1}]}"#));
    }
}
