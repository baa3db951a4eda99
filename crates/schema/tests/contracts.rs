//! The kinds of contract: required pointers, Rust types, several at once; and which engine has them.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Duplicates};
use serde::Deserialize;

/// Where a body breaks a list of required pointers, or `ok`.
fn required(pointers: &[&str], body: &str) -> String {
    match Contract::required(pointers).unwrap().check(body.as_bytes()) {
        Ok(()) => "ok".to_owned(),
        Err(violation) => format!("{} {}", violation.keyword(), violation.instance()),
    }
}

#[test]
fn required_pointers_reach_into_objects_arrays_and_every_element() {
    let body = r#"{"a":{"b/c":[{"d":null},{"d":1}]},"~":[]}"#;
    for (pointer, expected) in [
        ("", "ok"),
        ("/a", "ok"),
        ("/a/b~1c/1/d", "ok"),
        ("/a/b~1c/*/d", "ok"),
        ("/~0/*/missing", "ok"),
        ("/a/b~1c/2", "required /a/b~1c/2"),
        ("/a/b~1c/01", "required /a/b~1c/01"),
        ("/a/b~1c/*/e", "required /a/b~1c/0/e"),
        ("/a/*", "type /a"),
        ("/a/b~1c/*/d: integer", "type /a/b~1c/0/d"),
        ("/x/y", "required /x"),
        ("/a: object", "ok"),
        ("/a: array", "type /a"),
    ] {
        assert_eq!(required(&[pointer], body), expected, "{pointer}");
    }
}

#[test]
fn types_are_those_of_json_schema() {
    for (kind, good, bad) in [
        ("null", &["null"][..], &["0", "false"][..]),
        ("boolean", &["true"], &["1", "null"]),
        (
            "integer",
            &["1", "-1", "1.0", "1e2", "18446744073709551615"],
            &["1.5", "\"1\""],
        ),
        ("number", &["1", "1.5"], &["\"1\""]),
        ("string", &["\"\""], &["1"]),
        ("array", &["[]"], &["{}"]),
        ("object", &["{}"], &["[]", "null"]),
    ] {
        let contract = Contract::required([format!(": {kind}")]).unwrap();
        assert!(
            good.iter()
                .all(|text| contract.check(text.as_bytes()).is_ok()),
            "{kind}"
        );
        assert!(
            bad.iter()
                .all(|text| contract.check(text.as_bytes()).is_err()),
            "{kind}"
        );
    }
}

#[test]
fn a_pointer_that_is_none_is_refused_and_named() {
    for pointer in [
        "id",
        "/a~2",
        "/a: integr",
        "*",
        "/10000",
        "/a:integer",
        "/a:\tnull",
    ] {
        let error = Contract::required([pointer]).unwrap_err();
        assert_eq!(error.pointer(), pointer);
        assert!(error.to_string().contains(pointer), "{error}");
    }
    // A colon by itself is a key's.
    for (pointer, body) in [("/a:b", r#"{"a:b":1}"#), ("/xs:int", r#"{"xs:int":1}"#)] {
        assert_eq!(required(&[pointer], body), "ok");
        assert_eq!(required(&[pointer], "{}"), format!("required {pointer}"));
    }
}

#[test]
fn indices_that_count_too_many_elements_are_refused_and_counted() {
    let required = |count: usize| {
        let pointers = (0..count).map(|n| format!("/k{n}/9999"));
        Contract::required(pointers)
    };
    assert!(required(8).is_ok());
    assert_eq!(
        required(40).unwrap_err().to_string(),
        "invalid contract: too much is required: 40 pointers, of up to 2 segments, with indices \
         that count 400000 elements; ask for less, for lower indices, or for `*`"
    );
}

#[test]
fn a_type_refuses_two_of_a_field_by_itself() {
    let contract = Contract::of::<Item>().duplicates(Duplicates::Allow);
    let twice = contract.check(br#"{"id":1,"id":2}"#).unwrap_err();
    assert_eq!(twice.keyword(), "type");
    assert!(contract.check(br#"{"id":1,"x":1,"x":2}"#).is_ok());
}

#[derive(Deserialize)]
#[allow(dead_code)] // Only read into.
struct Page {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[allow(dead_code)] // Only read into.
struct Item {
    id: u8,
}

#[test]
fn a_rust_type_is_a_contract_that_names_the_place_and_no_value() {
    let contract = Contract::of::<Page>();
    assert!(
        contract
            .check(br#"{"items":[{"id":1}],"more":true}"#)
            .is_ok()
    );
    let violation = contract
        .check(br#"{"items":[{"id":1},{"id":"canary"}]}"#)
        .unwrap_err();
    assert_eq!(violation.instance(), "/items/1/id");
    assert!(!format!("{violation} {violation:?}").contains("canary"));
}

#[test]
fn all_contracts_hold_at_once() {
    let contract = Contract::all([
        Contract::of::<Page>(),
        Contract::required(["/next"]).unwrap(),
    ]);
    assert!(contract.check(br#"{"items":[],"next":null}"#).is_ok());
    assert_eq!(
        contract.check(br#"{"items":[]}"#).unwrap_err().instance(),
        "/next"
    );
    assert_eq!(
        contract.check(br#"{"next":1}"#).unwrap_err().keyword(),
        "type"
    );
}

#[test]
fn whatever_the_contract_the_text_must_be_strict_json() {
    let any = Contract::any();
    for text in [
        &b""[..],
        b"{} x",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"\"\\ud800\"",
        b"\"\xff\"",
        b"1e400",
        b"{\"a\":1,\"a\":2}",
    ] {
        assert_eq!(
            any.check(text).unwrap_err().keyword(),
            "json",
            "{}",
            text.escape_ascii()
        );
    }
    let deep = "[".repeat(1_000_000);
    assert_eq!(any.check(deep.as_bytes()).unwrap_err().offset(), Some(127));
    assert!(
        any.duplicates(Duplicates::Allow)
            .check(b"{\"a\":1,\"a\":2}")
            .is_ok()
    );
}

#[cfg(not(feature = "full"))]
#[test]
fn what_the_engine_cannot_do_is_refused_and_keyword_and_feature_are_named() {
    let schema = r#"{"properties":{"a":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#;
    let error = Contract::schema(schema).unwrap_err();
    assert_eq!(error.pointer(), "/properties/a/$ref");
    let told = error.to_string();
    assert!(told.contains("$ref") && told.contains("`full`"), "{told}");
}

#[cfg(feature = "full")]
#[test]
fn what_the_engine_cannot_do_falls_back_and_can_be_refused() {
    use outbound_schema::Engine;

    let schema = r#"{"properties":{"a":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#;
    let contract = Contract::schema(schema).unwrap();
    assert_eq!(contract.engine(), Engine::Full);
    assert!(contract.check(br#"{"a":{"type":"string"}}"#).is_ok());
    assert!(contract.check(br#"{"a":{"type":1}}"#).is_err());
    let error = contract.require_fused().unwrap_err();
    assert_eq!(error.pointer(), "/properties/a/$ref");
    assert!(error.to_string().contains("$ref"), "{error}");
}

/// What follows is no JSON, and nobody sees it.
#[test]
fn nothing_is_read_behind_the_one_violation_that_is_looked_for() {
    let body = br#"[{"id":"1"},{"id":2},!"#;
    for contract in [
        Contract::required(["/*/id: integer"]).unwrap(),
        Contract::schema(r#"{"items":{"properties":{"id":{"type":"integer"}}}}"#).unwrap(),
    ] {
        let violation = contract.check(body).unwrap_err();
        assert_eq!(
            (violation.instance(), violation.keyword()),
            ("/0/id", "type")
        );
    }
}

#[cfg(feature = "full")]
#[test]
fn the_other_engine_collects_violations_too() {
    let schema = r#"{"items":{"type":"integer"},
        "contains":{"anyOf":[{"$ref":"http://json-schema.org/draft-07/schema#"},true]}}"#;
    let contract = Contract::schema(schema).unwrap();
    assert_eq!(contract.engine(), outbound_schema::Engine::Full);
    let places = |most| {
        let contract = contract.clone().max_violations(most);
        let violation = contract.check(br#"[1,"","",2,""]"#).unwrap_err();
        let further = violation.further().iter();
        std::iter::once(&violation)
            .chain(further)
            .map(|violation| violation.instance().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(places(1), ["/1"]);
    assert_eq!(places(2), ["/1", "/2"]);
    assert_eq!(places(9), ["/1", "/2", "/4"]);
}

#[test]
fn what_the_engine_can_do_is_fused() {
    use outbound_schema::Engine;

    let contract = Contract::schema(r#"{"unevaluatedProperties":false}"#).unwrap();
    assert_eq!(contract.engine(), Engine::Fused);
    let both = Contract::all([contract.clone(), Contract::of::<Vec<u8>>()]);
    assert_eq!(both.engine(), Engine::Type);
    assert!(both.require_fused().is_err());
    assert!(contract.require_fused().is_ok());
}
