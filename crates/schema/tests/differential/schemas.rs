//! Schemas at random: all keywords, few names and values, so that they meet.

use serde_json::{Map, Value, json};

use crate::random::Random;

pub(crate) const NAMES: [&str; 7] = ["a", "b", "c", "ab", "kind", "é", "x\"y"];
const PATTERNS: [&str; 12] = [
    "^a",
    "^a$",
    "b",
    "^[a-c]{1,2}$",
    "^.$",
    "é",
    "\\d",
    "^\\w+$",
    "^$",
    "",
    "^(a|b)$",
    "\\s",
];
const FORMATS: [&str; 15] = [
    "date",
    "time",
    "date-time",
    "duration",
    "ipv4",
    "ipv6",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "hostname",
    "regex",
    "uri",
    "uri-reference",
    "date",
    "none",
];
/// Of those formats, or nearly.
const FORMATTED: [&str; 21] = [
    "2024-02-29",
    "2023-02-29",
    "23:59:60Z",
    "22:59:60.5-01:00",
    "2024-12-31t23:59:59z",
    "2024-12-31T24:00:00Z",
    "P1Y2M3DT4H5M6S",
    "P1Y3D",
    "P2W",
    "127.0.0.1",
    "::1",
    "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    "/a~1b/~0",
    "1/a",
    "0#",
    "a-b.c",
    "http://x/a?b#c",
    "../a%20b",
    "a b",
    "^(?<a>[a-c]+)$",
    "(?i)a",
];
pub(crate) const KINDS: [&str; 4] = ["a", "b", "one", "two"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    V4,
    V6,
    V7,
    V2019,
    V2020,
}

pub(crate) const DRAFTS: [(Draft, &str); 5] = [
    (Draft::V4, "http://json-schema.org/draft-04/schema#"),
    (Draft::V6, "http://json-schema.org/draft-06/schema#"),
    (Draft::V7, "http://json-schema.org/draft-07/schema#"),
    (Draft::V2019, "https://json-schema.org/draft/2019-09/schema"),
    (Draft::V2020, "https://json-schema.org/draft/2020-12/schema"),
];

pub(crate) struct Schemas<'r> {
    pub(crate) random: &'r mut Random,
    pub(crate) draft: Draft,
}

/// Definitions that a schema may refer to.
const DEFINITIONS: usize = 4;

impl Schemas<'_> {
    /// A whole schema, with definitions.
    pub(crate) fn root(&mut self, uri: &str) -> Value {
        let mut root = self.keywords(3);
        root.insert("$schema".into(), uri.into());
        let keyword = if self.draft >= Draft::V2019 {
            "$defs"
        } else {
            "definitions"
        };
        let definitions: Map<String, Value> = (0..DEFINITIONS)
            .map(|n| (format!("d{n}"), self.schema(2)))
            .collect();
        root.insert(keyword.into(), definitions.into());
        if self.draft >= Draft::V2020 && self.random.one_in(4) {
            root.insert("$dynamicAnchor".into(), "node".into());
        }
        if self.draft == Draft::V2019 && self.random.one_in(4) {
            root.insert("$recursiveAnchor".into(), true.into());
        }
        root.into()
    }

    pub(crate) fn schema(&mut self, depth: usize) -> Value {
        if self.draft > Draft::V4 && self.random.one_in(12) {
            return self.random.one_in(2).into();
        }
        self.keywords(depth).into()
    }

    fn keywords(&mut self, depth: usize) -> Map<String, Value> {
        let mut schema = Map::new();
        if self.random.one_in(2) {
            schema.insert("type".into(), self.types());
        }
        for _ in 0..self.random.below(3) + 1 {
            if depth == 0 || self.random.one_in(2) {
                self.assertion(&mut schema);
            } else {
                self.applicator(&mut schema, depth - 1);
            }
        }
        schema
    }

    fn types(&mut self) -> Value {
        const TYPES: [&str; 7] = [
            "null", "boolean", "integer", "number", "string", "array", "object",
        ];
        // Objects and arrays are where most rules are.
        let weighted = |random: &mut Random| {
            if random.one_in(2) {
                *random.pick(&["object", "array"])
            } else {
                *random.pick(&TYPES)
            }
        };
        if self.random.one_in(3) {
            let mut types = vec![weighted(self.random), *self.random.pick(&TYPES)];
            types.dedup();
            return json!(types);
        }
        weighted(self.random).into()
    }

    fn names(&mut self) -> Value {
        let mut names: Vec<&str> = (0..self.random.below(2) + 1)
            .map(|_| *self.random.pick(&NAMES))
            .collect();
        names.sort_unstable();
        names.dedup();
        json!(names)
    }

    fn number(&mut self) -> Value {
        const NUMBERS: [&str; 14] = [
            "0",
            "1",
            "2",
            "3",
            "-1",
            "1.5",
            "2.0",
            "0.1",
            "-0.5",
            "1e2",
            "9007199254740993",
            "18446744073709551615",
            "1e300",
            "100",
        ];
        let text: &&str = self.random.pick(&NUMBERS);
        serde_json::from_str(text).unwrap()
    }

    fn size(&mut self) -> Value {
        self.random.below(4).into()
    }

    fn assertion(&mut self, schema: &mut Map<String, Value>) {
        let mut put = |keyword: &str, value: Value| {
            schema.insert(keyword.into(), value);
        };
        match self.random.below(22) {
            0 => {
                let values: Vec<Value> = (0..self.random.below(3) + 1)
                    .map(|_| value(self.random, 1))
                    .collect();
                if values
                    .iter()
                    .enumerate()
                    .all(|(n, v)| !values[..n].contains(v))
                {
                    put("enum", values.into());
                }
            }
            1 => put("const", value(self.random, 1)),
            2 => put("minLength", self.size()),
            3 => put("maxLength", self.size()),
            4 => put("pattern", (*self.random.pick(&PATTERNS)).into()),
            5 => put("minimum", self.number()),
            6 => put("maximum", self.number()),
            7 if self.draft == Draft::V4 => {
                let bound = *self.random.pick(&["Minimum", "Maximum"]);
                let number = self.number();
                put(&bound.to_lowercase(), number);
                put(&format!("exclusive{bound}"), self.random.one_in(2).into());
            }
            7 => put("exclusiveMinimum", self.number()),
            8 if self.draft > Draft::V4 => put("exclusiveMaximum", self.number()),
            9 => {
                let divisors = [json!(2), json!(0.1), json!(1.5), json!(3), json!(1e-8)];
                put("multipleOf", self.random.pick(&divisors).clone());
            }
            10 => put("minItems", self.size()),
            11 => put("maxItems", self.size()),
            12 => put("uniqueItems", (!self.random.one_in(4)).into()),
            13 => put("minProperties", self.size()),
            14 => put("maxProperties", self.size()),
            15 | 16 => put("required", self.names()),
            17 => {
                let names = self.names();
                put(
                    "dependentRequired",
                    json!({*self.random.pick(&NAMES): names}),
                );
            }
            18 => {
                let names = self.names();
                put("dependencies", json!({*self.random.pick(&NAMES): names}));
            }
            19 => put("format", (*self.random.pick(&FORMATS)).into()),
            20 => put("unknown", json!({"type": "string"})),
            _ => put("$comment", "nothing".into()),
        }
    }

    fn list(&mut self, depth: usize) -> Value {
        (0..self.random.below(3) + 1)
            .map(|_| self.schema(depth))
            .collect::<Vec<_>>()
            .into()
    }

    fn map(&mut self, names: &[&str], depth: usize) -> Value {
        (0..self.random.below(3) + 1)
            .map(|_| ((*self.random.pick(names)).to_owned(), self.schema(depth)))
            .collect::<Map<_, _>>()
            .into()
    }

    fn reference(&mut self) -> Value {
        let keyword = if self.draft >= Draft::V2019 {
            "$defs"
        } else {
            "definitions"
        };
        match self.random.below(DEFINITIONS + 1) {
            DEFINITIONS => "#".into(),
            n => format!("#/{keyword}/d{n}").into(),
        }
    }

    fn applicator(&mut self, schema: &mut Map<String, Value>, depth: usize) {
        let keyword = *self.random.pick(&[
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "if",
            "properties",
            "properties",
            "patternProperties",
            "additionalProperties",
            "propertyNames",
            "items",
            "items",
            "prefixItems",
            "additionalItems",
            "contains",
            "dependentSchemas",
            "dependencies",
            "unevaluatedItems",
            "unevaluatedProperties",
            "$ref",
            "$ref",
            "$dynamicRef",
            "$recursiveRef",
            "tagged",
        ]);
        let value = match keyword {
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.list(depth),
            "properties" | "dependentSchemas" | "dependencies" => self.map(&NAMES, depth),
            "patternProperties" => self.map(&PATTERNS, depth),
            "if" => {
                for branch in ["then", "else"] {
                    if !self.random.one_in(3) {
                        schema.insert(branch.into(), self.schema(depth));
                    }
                }
                self.schema(depth)
            }
            "items" if self.draft < Draft::V2020 && self.random.one_in(2) => self.list(depth),
            "contains" => {
                for (keyword, most) in [("minContains", 3), ("maxContains", 3)] {
                    if self.random.one_in(4) {
                        schema.insert(keyword.into(), self.random.below(most).into());
                    }
                }
                self.schema(depth)
            }
            "$ref" => self.reference(),
            "$dynamicRef" => match self.random.below(2) {
                0 if self.draft >= Draft::V2020 => {
                    schema.insert("$dynamicAnchor".into(), "node".into());
                    "#node".into()
                }
                _ => "#".into(),
            },
            "$recursiveRef" => "#".into(),
            "tagged" => return self.tagged(schema, depth),
            _ => self.schema(depth),
        };
        schema.insert(keyword.into(), value);
    }

    /// Branches that a member tells apart, or nearly.
    fn tagged(&mut self, schema: &mut Map<String, Value>, depth: usize) {
        let keyword = *self.random.pick(&["oneOf", "anyOf"]);
        let branches: Vec<Value> = (0..self.random.below(3) + 2)
            .map(|_| {
                let mut branch = self.keywords(depth);
                let kind = if self.random.one_in(4) {
                    json!({"enum": [self.random.pick(&KINDS[..2]), self.random.pick(&KINDS[2..])]})
                } else {
                    json!({"enum": [self.random.pick(&KINDS)]})
                };
                if let Some(Value::Object(known)) = branch.get_mut("properties") {
                    known.insert("kind".into(), kind);
                } else {
                    branch.insert("properties".into(), json!({"kind": kind}));
                }
                if !self.random.one_in(3) {
                    branch.insert("required".into(), json!(["kind"]));
                }
                if self.random.one_in(2) {
                    branch.insert("additionalProperties".into(), false.into());
                }
                branch.remove("$ref");
                branch.into()
            })
            .collect();
        schema.insert(keyword.into(), branches.into());
    }
}

/// A value at random.
pub(crate) fn value(random: &mut Random, depth: usize) -> Value {
    if random.one_in(20) {
        return (*random.pick(&FORMATTED)).into();
    }
    match random.below(if depth == 0 { 9 } else { 16 }) {
        0 => Value::Null,
        1 => random.one_in(2).into(),
        2 | 3 => {
            const NUMBERS: [&str; 14] = [
                "0",
                "1",
                "2",
                "-1",
                "1.0",
                "1.5",
                "0.3",
                "-0.0",
                "100",
                "1e2",
                "9007199254740993",
                "9007199254740992.0",
                "18446744073709551616",
                "3",
            ];
            let text: &&str = random.pick(&NUMBERS);
            serde_json::from_str(text).unwrap()
        }
        4 | 5 => (*random.pick(&KINDS)).into(),
        6 => (*random.pick(&NAMES)).into(),
        7 => (*random.pick(&[
            "",
            "abc",
            "é",
            "\u{1f600}\n",
            "7",
            " ",
            "aaaaaaaaaaaaaaaaaaaa",
        ]))
        .into(),
        8 => json!([]),
        9..=11 => (0..random.below(4))
            .map(|_| value(random, depth - 1))
            .collect::<Vec<_>>()
            .into(),
        _ => (0..random.below(4))
            .map(|_| ((*random.pick(&NAMES)).to_owned(), value(random, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}
