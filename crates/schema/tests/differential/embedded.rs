//! A schema within a schema that says by `$schema` that it is of another draft.

use outbound_schema::{Contract, Engine};
use serde_json::{Value, json};

use crate::corners::{DRAFTS, compare};

const BODIES: &str = r#"1 1.0 0 2 6 null [] [1] [1.0] [null] ["x"] [1,2] {} {"a":1} {"a":1.0} {"a":"x"} "x"
    {"a":1,"b":1} {"long":1}"#;

/// What the drafts differ in.
fn contents() -> [Value; 20] {
    let named = |by: &str, name: &str| {
        json!({"definitions": {"b": {by: name, "type": "string"}},
            "properties": {"a": {"$ref": "#q"}}})
    };
    [
        json!({"type": "integer"}),
        json!({"exclusiveMinimum": true, "minimum": 1}),
        json!({"exclusiveMinimum": 1}),
        json!({"$ref": "#/definitions/a", "minimum": 5, "definitions": {"a": {"type": "number"}}}),
        json!({"items": [{"type": "integer"}], "additionalItems": false}),
        json!({"prefixItems": [{"type": "null"}]}),
        json!({"const": 1}),
        json!({"contains": {"type": "null"}, "minContains": 0}),
        json!({"contains": {"type": "null"}}),
        json!({"if": {"type": "integer"}, "then": false}),
        json!({"dependencies": {"a": ["b"]}}),
        json!({"dependentRequired": {"a": ["b"]}}),
        json!({"propertyNames": {"maxLength": 1}}),
        json!({"unevaluatedProperties": false, "properties": {"a": true}}),
        json!({"required": []}),
        json!({"properties": {"a": {"type": "integer"}}}),
        json!({"$defs": {"b": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/b"}}}),
        named("$anchor", "q"),
        named("$id", "#q"),
        named("id", "#q"),
    ]
}

/// Ways to apply it.
fn around(outer: &str, inner: &Value) -> [Value; 5] {
    let referring = |reference: &str, keyword: &str| json!({"$schema": outer, keyword: {"i": inner}, "allOf": [{"$ref": reference}]});
    [
        json!({"$schema": outer, "allOf": [inner]}),
        referring("http://x/inner", "definitions"),
        referring("#/definitions/i", "definitions"),
        referring("#/definitions/i/definitions/a", "definitions"),
        referring("#/$defs/i", "$defs"),
    ]
}

#[test]
fn a_schema_of_another_draft_within() {
    let bodies: Vec<String> = BODIES.split_whitespace().map(str::to_owned).collect();
    for outer in DRAFTS {
        for inner in DRAFTS {
            for content in contents() {
                for id in [Some("id"), Some("$id"), None] {
                    let mut embedded = content.clone();
                    embedded["$schema"] = inner.into();
                    if let Some(id) = id {
                        embedded[id] = "http://x/inner".into();
                    }
                    let ways = around(outer, &embedded);
                    // In draft 4 `$defs` are no schemas; they are checked by us alone.
                    let count = if outer == DRAFTS[0] { 4 } else { 5 };
                    for schema in &ways[..count] {
                        compare(schema, &bodies, false);
                    }
                }
            }
        }
    }
}

#[test]
fn a_named_schema_of_another_draft_needs_no_other_engine() {
    let engine = |outer: &str, inner: &str, id: Option<&str>, way: usize| {
        let mut embedded = json!({"$schema": inner, "type": "integer"});
        if let Some(id) = id {
            embedded[id] = "http://x/inner".into();
        }
        let schema = around(outer, &embedded)[way].to_string();
        Contract::schema(&schema).unwrap().engine()
    };
    for outer in DRAFTS {
        for inner in DRAFTS {
            let is_same = outer == inner;
            let are_named_alike = (outer == DRAFTS[0]) == (inner == DRAFTS[0]);
            let id = if inner == DRAFTS[0] { "id" } else { "$id" };
            for (id, way, is_fused) in [
                (Some(id), 0, are_named_alike),
                (Some(id), 1, are_named_alike),
                (Some(id), 2, is_same),
                (None, 0, is_same),
                (None, 2, is_same),
            ] {
                let is_refused = way == 1 && !are_named_alike;
                let expected = if is_fused {
                    Engine::Fused
                } else {
                    Engine::Full
                };
                if !is_refused {
                    assert_eq!(
                        engine(outer, inner, id, way),
                        expected,
                        "{outer} {inner} {way}"
                    );
                }
            }
        }
    }
}
