//! What is no schema is refused at construction wherever `jsonschema` refuses it, and nowhere
//! else: each keyword of each draft with values of every form, at places that are applied, that
//! nobody refers to, that a `$ref` beside them switches off, and that hold no schemas at all.

use outbound_schema::Contract;
use serde_json::{Value, json};

use crate::corners::DRAFTS;
use crate::{DEFAULT_PAIRS, oracle, setting};

const KEYWORDS: &str = "$ref $id id $schema $anchor $dynamicRef $dynamicAnchor $recursiveRef \
    $recursiveAnchor $vocabulary $comment $defs definitions type enum const multipleOf maximum \
    exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format \
    contentEncoding contentMediaType contentSchema items prefixItems additionalItems \
    unevaluatedItems maxItems minItems uniqueItems contains minContains maxContains \
    maxProperties minProperties required properties patternProperties additionalProperties \
    unevaluatedProperties propertyNames dependencies dependentRequired dependentSchemas allOf \
    anyOf oneOf not if then else title description default examples readOnly writeOnly \
    deprecated unknown";

/// Of every form that a keyword asks for, and near it.
fn values() -> Vec<Value> {
    let mut values: Vec<Value> = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.0",
        "-0.0",
        "0.5",
        "-1.0",
        "1e400",
        "18446744073709551616",
        "[]",
        "[[]]",
        "[true]",
        "[false, true]",
        "[{}]",
        "[{}, {}]",
        "[1, 1.0]",
        r#"["a"]"#,
        r#"["a", "b"]"#,
        r#"["a", "a"]"#,
        r#"["a", 1]"#,
        r#"["string", "null"]"#,
        r#"["string", "string"]"#,
        r#"["string", "any"]"#,
        r#"[{"type": "any"}]"#,
        "{}",
        r#"{"type": "integer"}"#,
        r#"{"type": "any"}"#,
        r#"{"a": true}"#,
        r#"{"a": false}"#,
        r#"{"a": {}}"#,
        r#"{"a": null}"#,
        r#"{"a": 1}"#,
        r#"{"a": "b"}"#,
        r#"{"a": []}"#,
        r#"{"a": ["b"]}"#,
        r#"{"a": ["b", "b"]}"#,
        r#"{"a": ["b", 1]}"#,
        r#"{"a": {"type": "any"}}"#,
        r#"{"a": {"pattern": "["}}"#,
        r#"{"[": {}}"#,
        r#"{"http://x/y": true}"#,
        r#"{"additionalProperties": true}"#,
    ]
    .iter()
    .filter_map(|text| serde_json::from_str(text).ok())
    .collect();
    let texts = [
        "",
        "a",
        "string",
        "any",
        "#",
        "#a",
        "#/a",
        "a b",
        "a:b",
        "1",
        "http://x/y",
        "http://x/y#",
        "http://x/y#z",
        "http://x/ y",
        "%zz",
        "é",
        "[",
        "base64",
        "_a",
        "a.b",
        "date",
    ];
    values.extend(texts.map(Value::from));
    values
}

/// Every place that a schema may stand at, and some where none does.
fn places(draft: &str, inner: &Value) -> Vec<Value> {
    let mut root = inner.clone();
    // A meta-schema that nobody registered is refused by us alone: what it means is not known.
    if let Some(root) = root.as_object_mut() {
        root.entry("$schema")
            .and_modify(|uri| {
                *uri = if uri.is_string() {
                    draft.into()
                } else {
                    uri.take()
                }
            })
            .or_insert_with(|| draft.into());
    }
    let mut places = vec![
        root,
        json!({"definitions": {"a": inner}}),
        json!({"$ref": "#/definitions/b", "definitions": {"b": {}}, "allOf": [inner]}),
        json!({"$defs": {"a": inner}}),
        json!({"properties": {"a": inner}}),
        json!({"properties": {"additionalProperties": inner}}),
        json!({"patternProperties": {"a": inner}}),
        json!({"additionalProperties": inner}),
        json!({"unevaluatedProperties": inner}),
        json!({"propertyNames": inner}),
        json!({"items": inner}),
        json!({"items": [inner]}),
        json!({"prefixItems": [inner]}),
        json!({"additionalItems": inner}),
        json!({"items": [{}], "additionalItems": inner}),
        json!({"unevaluatedItems": inner}),
        json!({"contains": inner}),
        json!({"dependencies": {"a": inner}}),
        json!({"dependentSchemas": {"a": inner}}),
        json!({"allOf": [inner]}),
        json!({"anyOf": [{}, inner]}),
        json!({"oneOf": [inner]}),
        json!({"not": inner}),
        json!({"if": inner}),
        json!({"then": inner}),
        json!({"if": true, "else": inner}),
        json!({"contentSchema": inner}),
        json!({"definitions": {"b": {"properties": {"c": {"items": inner}}}}}),
        json!({"$ref": "#/definitions/b", "definitions": {"b": {"not": inner}}}),
        json!({"properties": {"a": {"$ref": "#", "items": {"not": inner}}}}),
        json!({"const": inner}),
        json!({"enum": [inner]}),
        json!({"default": inner}),
        json!({"unknown": inner}),
        json!({"unknown": {"properties": {"a": inner}}}),
    ];
    for place in places.iter_mut().skip(1) {
        place["$schema"] = draft.into();
    }
    places
}

/// Only whether it is one, and to what its pointer leads.
fn difference(schema: &Value) -> Option<String> {
    let ours = Contract::schema(&schema.to_string());
    match (ours, oracle(schema, false)) {
        (Ok(_), Ok(_)) => None,
        (Err(ours), Err(theirs)) => {
            let (pointer, _) = theirs.split_once(": ").unwrap_or_default();
            let rest = ours.pointer().strip_prefix(pointer);
            let is_within = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            (!is_within).then(|| format!("{schema}: {ours:?} but {theirs}"))
        }
        (Ok(_), Err(theirs)) => Some(format!("{schema}: only jsonschema refuses it: {theirs}")),
        (Err(ours), Ok(_)) => Some(format!("{schema}: only we refuse it: {ours}")),
    }
}

#[test]
fn what_is_no_schema_is_refused_wherever_it_stands() {
    let is_whole = setting("DIFFERENTIAL_PAIRS", DEFAULT_PAIRS) > DEFAULT_PAIRS;
    let mut different = Vec::new();
    let mut count = 0_usize;
    for draft in DRAFTS {
        let keywords = KEYWORDS.split_whitespace();
        let of_keywords =
            keywords.flat_map(|keyword| values().into_iter().map(move |v| json!({ keyword: v })));
        for inner in of_keywords.chain(values()) {
            let places = places(draft, &inner);
            count += 1;
            // Not every value at every place, or it takes minutes where nothing is optimized.
            for (number, schema) in places.iter().enumerate() {
                if is_whole || number < 3 || number == 3 + count % (places.len() - 3) {
                    different.extend(difference(schema));
                }
            }
        }
    }
    assert!(
        different.is_empty(),
        "{} differences:\n{}",
        different.len(),
        different.join("\n")
    );
}
