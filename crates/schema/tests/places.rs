//! What a violation of a JSON Schema tells: where, by which rule, and what is expected.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, SchemaOptions, Violation};

fn fused(schema: &str) -> Contract {
    Contract::schema(schema).unwrap().require_fused().unwrap()
}

fn broken(schema: &str, body: &str) -> Violation {
    fused(schema).check(body.as_bytes()).unwrap_err()
}

fn told(violation: &Violation) -> (&str, &str, &str, &str, usize) {
    (
        violation.instance(),
        violation.schema(),
        violation.keyword(),
        violation.expected(),
        violation.offset().unwrap(),
    )
}

#[test]
fn each_keyword_tells_where_by_which_rule_and_what_is_expected() {
    for (schema, body, expected) in [
        (
            r#"{"properties":{"a":{"type":["string","null"]}}}"#,
            r#"{"a": 1}"#,
            ("/a", "/properties/a/type", "type", "null or string", 6),
        ),
        (
            r#"{"items":{"enum":[1,"b",null]}}"#,
            "[1,2]",
            ("/1", "/items/enum", "enum", "one of null, 1, \"b\"", 3),
        ),
        (
            r#"{"const":{"a":1}}"#,
            "[]",
            ("", "/const", "const", "{\"a\":1}", 0),
        ),
        (
            r#"{"minimum":2}"#,
            "1",
            ("", "/minimum", "minimum", "a number of at least 2", 0),
        ),
        (
            r#"{"exclusiveMaximum":2}"#,
            " 2",
            (
                "",
                "/exclusiveMaximum",
                "exclusiveMaximum",
                "a number below 2",
                1,
            ),
        ),
        (
            r#"{"multipleOf":0.01}"#,
            "1.001",
            ("", "/multipleOf", "multipleOf", "a multiple of 0.01", 0),
        ),
        (
            r#"{"maxLength":1}"#,
            r#""ab""#,
            ("", "/maxLength", "maxLength", "at most 1 characters", 0),
        ),
        (
            r#"{"pattern":"^a"}"#,
            r#""b""#,
            ("", "/pattern", "pattern", "a string that matches ^a", 0),
        ),
        (
            r#"{"required":["a"]}"#,
            "{}",
            ("", "/required", "required", "the member \"a\"", 0),
        ),
        (
            r#"{"additionalProperties":false}"#,
            r#"{"a":1}"#,
            (
                "/*",
                "/additionalProperties",
                "additionalProperties",
                "nothing here",
                5,
            ),
        ),
        (
            r#"{"dependentRequired":{"a":["b"]}}"#,
            r#"{"a":1}"#,
            (
                "",
                "/dependentRequired",
                "dependentRequired",
                "the member \"b\"",
                0,
            ),
        ),
        (
            r#"{"uniqueItems":true}"#,
            "[1,1.0]",
            (
                "",
                "/uniqueItems",
                "uniqueItems",
                "elements that all differ",
                0,
            ),
        ),
        (
            r#"{"contains":{"type":"string"}}"#,
            "[1]",
            (
                "",
                "/contains",
                "contains",
                "an element for which the schema within holds",
                0,
            ),
        ),
        (
            r#"{"anyOf":[{"type":"string"},{"type":"number","maximum":1}]}"#,
            "2",
            (
                "",
                "/anyOf/1/maximum",
                "maximum",
                "a number of at most 1",
                0,
            ),
        ),
        (
            r#"{"oneOf":[{"maximum":1},{"maximum":2}]}"#,
            "1",
            ("", "/oneOf", "oneOf", "exactly one of 2 schemas to hold", 0),
        ),
        (
            r##"{"$defs":{"a/b":{"minItems":1}},"properties":{"x":{"$ref":"#/$defs/a~1b"}}}"##,
            r#"{"x":[]}"#,
            (
                "/x",
                "/$defs/a~1b/minItems",
                "minItems",
                "at least 1 elements",
                5,
            ),
        ),
        (
            r#"{"if":{"type":"array"},"then":{"maxItems":0}}"#,
            "[1]",
            ("", "/then/maxItems", "maxItems", "at most 0 elements", 0),
        ),
        (
            r#"{"patternProperties":{"^a":{"type":"null"}}}"#,
            r#"{"ab":1}"#,
            ("/*", "/patternProperties/^a/type", "type", "null", 6),
        ),
        (
            r#"{"unevaluatedProperties":false,"properties":{"a":true}}"#,
            r#"{"a":1,"b":2}"#,
            (
                "/*",
                "/unevaluatedProperties",
                "unevaluatedProperties",
                "nothing here",
                11,
            ),
        ),
    ] {
        assert_eq!(told(&broken(schema, body)), expected, "{schema} {body}");
    }
}

#[test]
fn all_places_are_told_if_asked_for() {
    let schema =
        r#"{"items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"}}}}"#;
    let body = br#"[{"id":1},{},{"id":"x"},7]"#;
    let contract = fused(schema).max_violations(10);
    let first = contract.check(body).unwrap_err();
    let mut all = vec![first.instance().to_owned()];
    all.extend(
        first
            .further()
            .iter()
            .map(|other| other.instance().to_owned()),
    );
    assert_eq!(all, ["/1", "/2/id", "/3"]);
    let two = fused(schema).max_violations(2).check(body).unwrap_err();
    assert_eq!(two.further().len(), 1);
}

/// What the engine cannot do is no fault where it decides nothing, and then hides no place.
#[test]
fn a_place_is_told_beside_what_the_engine_leaves_out() {
    let format = r#"{"type":"string","format":"hostname"}"#;
    let options = SchemaOptions::new().assert_formats(true);
    for (schema, body, expected) in [
        (
            format!(r#"{{"type":"number","anyOf":[{{"minimum":2}},{format}]}}"#),
            "1",
            (
                "",
                "/anyOf/0/minimum",
                "minimum",
                "a number of at least 2",
                0,
            ),
        ),
        (
            format!(r#"{{"type":"number","items":{format}}}"#),
            "[]",
            ("", "/type", "type", "number", 0),
        ),
        (
            format!(r#"{{"items":{{"type":"null"}},"anyOf":[{{}},{format}]}}"#),
            "[1]",
            ("/0", "/items/type", "type", "null", 1),
        ),
    ] {
        let contract = Contract::schema_with(&schema, &options).unwrap();
        let contract = contract.require_fused().unwrap();
        assert_eq!(
            told(&contract.check(body.as_bytes()).unwrap_err()),
            expected
        );
    }
    let decides = format!(r#"{{"anyOf":[{{"type":"number"}},{format}]}}"#);
    let contract = Contract::schema_with(&decides, &options);
    assert!(contract.and_then(Contract::require_fused).is_err());
}

#[test]
fn a_place_behind_many_values_is_told() {
    let zeros = "0,".repeat(1_100_000);
    let schema = r#"{"properties":{"a":{"items":{"type":"integer"}},"z":{"type":"string"}}}"#;
    let violation = broken(schema, &format!(r#"{{"a":[{zeros}1],"z":1}}"#));
    assert_eq!((violation.instance(), violation.keyword()), ("/z", "type"));

    let chained = r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"type":"integer"}]}},
        "items":{"$ref":"#/$defs/a"}}"##;
    let violation = broken(chained, &format!(r#"[{zeros}"x"]"#));
    assert_eq!(
        (violation.instance(), violation.keyword()),
        ("/1100000", "type")
    );
}

#[test]
fn a_place_that_is_behind_too_many_branches_is_not_looked_for() {
    let schema = r##"{"allOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}],
        "type":["array","integer"],"not":{"const":1}}"##;
    let deep = "[".repeat(60) + "0" + &"]".repeat(60);
    let violation = broken(schema, &format!("[{deep},1]"));
    assert_eq!((violation.instance(), violation.keyword()), ("", "schema"));
    // Before them it is.
    let violation = broken(schema, &format!("[1,{deep}]"));
    assert_eq!((violation.instance(), violation.keyword()), ("/0", "not"));
}

/// Nothing is left out where such a schema is entered, nor is a rule blamed that holds.
#[test]
fn a_place_is_told_where_a_schema_refers_to_itself() {
    let branch = r##"{"$ref":"#/$defs/d","allOf":[{"type":"array"},{"type":"object"}]}"##;
    let never = format!(r##"{{"$ref":"#/$defs/d","oneOf":[false,{branch}]}}"##);
    let not = r##"{"type":"object","not":{"type":"string","$ref":"#/$defs/d"},
        "properties":{"a":{"type":"integer"}}}"##;
    for (entered, prefix, suffix, at) in [
        (r##""$ref":"#/$defs/d""##, "", "", ""),
        (r##""items":{"$ref":"#/$defs/d"}"##, "[", "]", "/0"),
        (
            r##""properties":{"x":{"$ref":"#/$defs/d/oneOf/1"},"y":{"$ref":"#/$defs/d"}}"##,
            r#"{"y":"#,
            "}",
            "/y",
        ),
        (
            r##""properties":{"x":{"$ref":"#/$defs/d/not"},"y":{"$ref":"#/$defs/d"}}"##,
            r#"{"y":"#,
            "}",
            "/y",
        ),
    ] {
        for (definition, value, within, rule) in [
            (&*never, "\"two\"", "", "/$defs/d/oneOf"),
            (&never, "{}", "", "/$defs/d/oneOf"),
            (not, r#"{"a":"x"}"#, "/a", "/$defs/d/properties/a/type"),
            (not, "7", "", "/$defs/d/type"),
        ] {
            let schema = format!(r#"{{{entered},"$defs":{{"d":{definition}}}}}"#);
            let is_there =
                |keyword: &str| !entered.contains(keyword) || definition.contains(keyword);
            if !is_there("oneOf") || !is_there("not") {
                continue;
            }
            let violation = broken(&schema, &format!("{prefix}{value}{suffix}"));
            assert_eq!(violation.instance(), format!("{at}{within}"), "{schema}");
            assert_eq!(violation.schema(), rule, "{schema}");
        }
    }
}
