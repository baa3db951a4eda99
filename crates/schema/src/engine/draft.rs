//! What the drafts differ in: which keywords they know and where schemas are within schemas.

use serde_json::Value;

use crate::Draft;

/// How the value of a keyword holds schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It is one.
    Schema,
    /// An array of them.
    List,
    /// An object of them, by name.
    Map,
    /// One, or an array of them: `items` before 2020-12.
    SchemaOrList,
    /// An object of schemas or arrays of names: `dependencies`.
    Dependencies,
}

const V4: u8 = 4;
const V6: u8 = 6;
const V7: u8 = 7;
const V2019: u8 = 8;
const V2020: u8 = 9;

impl Draft {
    const fn rank(self) -> u8 {
        match self {
            Self::V4 => V4,
            Self::V6 => V6,
            Self::V7 => V7,
            Self::V201909 => V2019,
            Self::V202012 => V2020,
        }
    }

    /// By the URI of its meta-schema; `None` of another one.
    pub(crate) fn of_meta_schema(uri: &str) -> Option<Self> {
        Some(match uri.trim_end_matches('#') {
            "http://json-schema.org/draft-04/schema" => Self::V4,
            "http://json-schema.org/draft-06/schema" => Self::V6,
            "http://json-schema.org/draft-07/schema" => Self::V7,
            "https://json-schema.org/draft/2019-09/schema" => Self::V201909,
            "https://json-schema.org/draft/2020-12/schema" => Self::V202012,
            _ => return None,
        })
    }

    /// Whether keywords beside a `$ref` are ignored.
    pub(crate) const fn ref_stands_alone(self) -> bool {
        self.rank() <= V7
    }

    pub(crate) const fn is_4(self) -> bool {
        self.rank() == V4
    }

    pub(crate) const fn is_2019(self) -> bool {
        self.rank() == V2019
    }

    pub(crate) const fn is_2020(self) -> bool {
        self.rank() == V2020
    }

    pub(crate) const fn id_keyword(self) -> &'static str {
        if self.is_4() { "id" } else { "$id" }
    }

    /// Whether it gives `keyword` a meaning that decides about values.
    pub(crate) fn asserts(self, keyword: &str) -> bool {
        let since = match keyword {
            "type"
            | "enum"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "multipleOf"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "items"
            | "additionalItems"
            | "minProperties"
            | "maxProperties"
            | "required"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "dependencies"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "$ref"
            | "format" => V4,
            "const" | "contains" | "propertyNames" => V6,
            "if" | "then" | "else" => V7,
            "dependentRequired"
            | "dependentSchemas"
            | "minContains"
            | "maxContains"
            | "unevaluatedItems"
            | "unevaluatedProperties" => V2019,
            "prefixItems" | "$dynamicRef" => V2020,
            "$recursiveRef" => return self.is_2019(),
            // Drafts 6 and 7 leave it to the validator, and others do assert it.
            "contentEncoding" | "contentMediaType" => return matches!(self, Self::V6 | Self::V7),
            _ => return false,
        };
        self.rank() >= since
    }

    /// How `keyword` holds schemas, `None` if it does not.
    pub(crate) fn holds(self, keyword: &str) -> Option<Holds> {
        let (since, holds) = match keyword {
            "additionalItems" if self.is_2020() => return None,
            "additionalItems" | "additionalProperties" | "not" => (V4, Holds::Schema),
            "allOf" | "anyOf" | "oneOf" => (V4, Holds::List),
            "definitions" | "properties" | "patternProperties" => (V4, Holds::Map),
            "items" if self.is_2020() => (V4, Holds::Schema),
            "items" => (V4, Holds::SchemaOrList),
            "dependencies" => (V4, Holds::Dependencies),
            "contains" | "propertyNames" => (V6, Holds::Schema),
            "if" | "then" | "else" => (V7, Holds::Schema),
            "$defs" | "dependentSchemas" => (V2019, Holds::Map),
            "unevaluatedItems" | "unevaluatedProperties" | "contentSchema" => {
                (V2019, Holds::Schema)
            }
            "prefixItems" => (V2020, Holds::List),
            _ => return None,
        };
        (self.rank() >= since).then_some(holds)
    }

    /// Calls `visit` with each schema right within `schema` and the rest of its pointer. Beside a
    /// reference that stands alone that is only what others may refer to, or else all the rest.
    pub(crate) fn each_subschema<'a>(
        self,
        schema: &'a Value,
        is_ignored: bool,
        mut visit: impl FnMut(String, &'a Value),
    ) {
        let Some(keywords) = schema.as_object() else {
            return;
        };
        let stands_alone = self.ref_stands_alone() && is_reference(schema);
        for (keyword, value) in keywords {
            if is_ignored != (stands_alone && keyword != "definitions") {
                continue;
            }
            let Some(holds) = self.holds(keyword) else {
                continue;
            };
            match (holds, value) {
                (Holds::List | Holds::SchemaOrList, Value::Array(elements)) => {
                    for (index, element) in elements.iter().enumerate() {
                        visit(format!("/{keyword}/{index}"), element);
                    }
                }
                (Holds::Map | Holds::Dependencies, Value::Object(members)) => {
                    for (name, member) in members {
                        if holds == Holds::Map || !member.is_array() {
                            visit(format!("/{keyword}/{}", pointer_segment(name)), member);
                        }
                    }
                }
                (Holds::Schema | Holds::SchemaOrList, _) => visit(format!("/{keyword}"), value),
                _ => {}
            }
        }
    }
}

impl Draft {
    /// Calls `visit` with each schema right within `schema` that `jsonschema` looks for names and
    /// references in, whether they are applied or not: beside a `$ref` as well, and in draft 4 also
    /// under later keywords.
    pub(crate) fn each_mentioned<'a>(
        self,
        schema: &'a Value,
        mut visit: impl FnMut(String, &'a Value),
    ) {
        if !self.is_4() {
            // It is only kept for old schemas.
            let mut visit = |rest: String, value| {
                if !self.is_2020() || !rest.starts_with("/dependencies/") {
                    visit(rest, value);
                }
            };
            self.each_subschema(schema, false, &mut visit);
            self.each_subschema(schema, true, &mut visit);
            return;
        }
        Self::V201909.each_subschema(schema, false, &mut visit);
        let list = schema.get("prefixItems").and_then(Value::as_array);
        for (index, element) in list.into_iter().flatten().enumerate() {
            visit(format!("/prefixItems/{index}"), element);
        }
    }
}

/// Whether it is a schema with a `$ref`.
pub(crate) fn is_reference(schema: &Value) -> bool {
    schema.get("$ref").is_some_and(Value::is_string)
}

/// A name as a segment of a JSON Pointer (RFC 6901).
pub(crate) fn pointer_segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
