//! JSON Schema as a contract: documents, drafts, formats, and what is refused.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Draft, InvalidContract, SchemaOptions};

#[test]
fn a_body_is_held_to_a_schema_and_no_value_is_shown() {
    let contract =
        Contract::schema(r#"{"properties":{"age":{"maximum":150}},"required":["age"]}"#).unwrap();
    assert!(contract.check(br#"{"age":7}"#).is_ok());
    let violation = contract.check(br#"{"age":987654}"#).unwrap_err();
    assert_eq!(
        (
            violation.instance(),
            violation.keyword(),
            violation.schema()
        ),
        ("/age", "maximum", "/properties/age/maximum")
    );
    assert!(
        !format!("{violation} {violation:?}").contains("987654"),
        "{violation}"
    );
    assert_eq!(contract.check(b"{}").unwrap_err().keyword(), "required");
}

#[test]
fn what_is_no_schema_is_refused_at_once() {
    for schema in [
        "",
        "{",
        r#"{"type":"nonsense"}"#,
        r#"{"properties":{"a":{"minimum":"1"}}}"#,
    ] {
        assert!(Contract::schema(schema).is_err(), "{schema}");
    }
}

#[test]
fn references_are_found_among_registered_documents_and_never_fetched() {
    let schema = r#"{"$ref":"https://schemas.test/id"}"#;
    assert!(Contract::schema(schema).is_err());
    assert!(Contract::schema(r#"{"$ref":"file:///etc/hostname"}"#).is_err());
    let options = SchemaOptions::new().document("https://schemas.test/id", r#"{"type":"integer"}"#);
    let contract = Contract::schema_with(schema, &options).unwrap();
    assert!(contract.check(b"1").is_ok());
    assert!(contract.check(b"\"1\"").is_err());
}

#[test]
fn a_reference_that_leads_nowhere_is_refused_where_no_value_comes_to_as_well() {
    for (schema, pointer) in [
        (
            r##"{"type":"string","items":{"$ref":"#/x"}}"##,
            "/items/$ref",
        ),
        (
            r##"{"type":"string","properties":{"a":{"not":{"$ref":"#x"}}}}"##,
            "/properties/a/not/$ref",
        ),
        (
            r##"{"enum":[1],"items":{"$dynamicRef":"#x"}}"##,
            "/items/$dynamicRef",
        ),
    ] {
        let error = Contract::schema(schema).unwrap_err().to_string();
        assert!(error.contains(pointer), "{error}");
    }
    // Not what is applied to nothing.
    for schema in [
        r##"{"$defs":{"a":{"$ref":"#/x"}}}"##,
        r##"{"then":{"$ref":"#/x"}}"##,
        r##"{"const":{"$ref":"#/x"}}"##,
    ] {
        assert!(Contract::schema(schema).is_ok(), "{schema}");
    }
}

/// Each once where it is applied and once where nothing refers to it.
#[test]
fn what_is_no_schema_is_refused_where_it_is_never_applied_as_well() {
    let draft_7 = "http://json-schema.org/draft-07/schema#";
    let latest = "https://json-schema.org/draft/2020-12/schema";
    for (draft, wrong, pointer) in [
        (draft_7, r#"{"pattern":"["}"#, "/pattern"),
        (draft_7, r#"{"pattern":"(?i)a"}"#, "/pattern"),
        (
            draft_7,
            r#"{"patternProperties":{"a/(":{}}}"#,
            "/patternProperties/a~1(",
        ),
        (draft_7, r#"{"$id":"a b"}"#, "/$id"),
        (draft_7, r#"{"required":["a",1]}"#, "/required/1"),
        (latest, r#"{"$ref":"https://schemas.test/a"}"#, "/$ref"),
        (latest, r#"{"$ref":"a b"}"#, "/$ref"),
        (latest, r#"{"minLength":-1}"#, "/minLength"),
        (
            latest,
            r#"{"dependentRequired":{"a":["b","b"]}}"#,
            "/dependentRequired/a",
        ),
    ] {
        for place in ["/definitions/x", "/properties/x"] {
            let keyword = place.split('/').nth(1).unwrap();
            let schema = format!(r#"{{"$schema":"{draft}","{keyword}":{{"x":{wrong}}}}}"#);
            let error = Contract::schema(&schema).unwrap_err();
            assert_eq!(error.pointer(), format!("{place}{pointer}"), "{schema}");
        }
        // Data is no schema.
        let schema = format!(r#"{{"$schema":"{draft}","const":{wrong},"examples":[{wrong}]}}"#);
        assert!(Contract::schema(&schema).is_ok(), "{schema}");
    }
    let beside = format!(
        r##"{{"$schema":"{draft_7}","$ref":"#/definitions/a","definitions":{{"a":{{}}}},
            "items":{{"not":{{"pattern":"["}}}}}}"##
    );
    let error = Contract::schema(&beside).unwrap_err();
    assert_eq!(error.pointer(), "/items/not/pattern");
    // An old keyword that is applied but not looked into for names.
    for (id, is_uri) in [("a b", false), ("a", true), ("a#", true)] {
        let applied = Contract::schema(&format!(r#"{{"dependencies":{{"a":{{"$id":"{id}"}}}}}}"#));
        let fault = applied.as_ref().map_err(InvalidContract::pointer).err();
        assert_eq!(fault, (!is_uri).then_some("/dependencies/a/$id"), "{id}");
    }
    // From 2019-09 on a pattern is refused only where it is applied.
    for draft in [latest, "https://json-schema.org/draft/2019-09/schema"] {
        let schema = format!(r#"{{"$schema":"{draft}","$defs":{{"x":{{"pattern":"["}}}}}}"#);
        assert!(Contract::schema(&schema).is_ok(), "{draft}");
    }
}

#[test]
fn what_is_wrong_in_a_registered_document_is_told_with_its_uri() {
    let uri = "https://schemas.test/d";
    for (document, pointer) in [
        (r#"{"$defs":{"a":{"$ref":"nowhere"}}}"#, "/$defs/a/$ref"),
        (r#"{"items":{"minLength":-1}}"#, "/items/minLength"),
        (r#"{"items":{"pattern":"["}}"#, "/items/pattern"),
        (r##"{"items":{"$ref":"#/nowhere"}}"##, "/items/$ref"),
        (r##"{"items":{"$ref":"#nowhere"}}"##, "/items/$ref"),
    ] {
        let options = SchemaOptions::new().document(uri, document);
        let schema = format!(r#"{{"$ref":"{uri}"}}"#);
        let error = Contract::schema_with(&schema, &options).unwrap_err();
        assert_eq!(error.pointer(), format!("{uri}#{pointer}"), "{document}");
    }
    // And what another engine may do.
    let too_many = format!("[{}]", vec!["{}"; 200_001].join(","));
    for (document, pointer) in [
        (
            r#"{"$anchor":"a","items":{"$anchor":"a"}}"#.to_owned(),
            "/items",
        ),
        (format!(r#"{{"allOf":{too_many}}}"#), "/allOf/199998"),
    ] {
        let options = SchemaOptions::new().document(uri, document);
        let contract = Contract::schema_with("{}", &options);
        let error = contract.and_then(Contract::require_fused).unwrap_err();
        assert_eq!(error.pointer(), format!("{uri}#{pointer}"));
    }
    // Of one that is not used, only what it refers to must be there.
    for (document, is_taken) in [
        (r#"{"$ref":"nowhere"}"#, false),
        (r##"{"$ref":"#/nowhere"}"##, true),
        (r#"{"items":{"minLength":-1}}"#, true),
        (r#"{"dependencies":{"a":{"$ref":"nowhere"}}}"#, true),
    ] {
        let options = SchemaOptions::new().document(uri, document);
        let contract = Contract::schema_with("{}", &options);
        assert_eq!(contract.is_ok(), is_taken, "{document}");
    }
}

/// Read as of some draft it could mean something else.
#[test]
fn a_registered_document_of_an_unknown_meta_schema_is_left_to_another_engine() {
    let options = SchemaOptions::new().document(
        "https://schemas.test/d",
        r#"{"$schema":"https://schemas.test/own","type":"integer"}"#,
    );
    let schema = r#"{"$ref":"https://schemas.test/d"}"#;
    let refused = Contract::schema_with(schema, &options).unwrap_err();
    assert!(
        refused.to_string().contains("schemas.test/own"),
        "{refused}"
    );
    let options = options.document(
        "https://schemas.test/own",
        r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#,
    );
    let contract = Contract::schema_with(schema, &options);
    assert_eq!(contract.is_ok(), cfg!(feature = "full"));
    let fused = contract.and_then(Contract::require_fused).unwrap_err();
    assert_eq!(fused.pointer(), "https://schemas.test/d#/$schema");
}

/// The draft reads no name beside a `$ref`; `jsonschema` does.
#[test]
fn a_name_where_the_draft_reads_none_is_left_to_another_engine() {
    for (name, reference) in [
        ("https://schemas.test/a", "https://schemas.test/a"),
        ("#a", "#a"),
    ] {
        let schema = format!(
            r##"{{"$schema":"http://json-schema.org/draft-07/schema#","allOf":[{{"$ref":"{reference}"}}],
                "definitions":{{"b":{{"$ref":"#/definitions/c","not":{{"$id":"{name}"}}}},"c":{{}}}}}}"##
        );
        let contract = Contract::schema(&schema);
        assert_eq!(contract.is_ok(), cfg!(feature = "full"), "{reference}");
        let refused = contract.and_then(Contract::require_fused).unwrap_err();
        assert_eq!(refused.pointer(), "/allOf/0/$ref");
        assert!(refused.to_string().contains("reads none"), "{refused}");
    }
}

#[test]
fn a_pattern_that_takes_too_much_memory_is_refused_by_the_name_of_the_limit() {
    let error =
        Contract::schema(r#"{"items":{"pattern":"^(?:a{1,1000}){1,1000}b$"}}"#).unwrap_err();
    assert_eq!(error.pointer(), "/items/pattern");
    assert!(error.to_string().contains("10485760 bytes"), "{error}");
    // Without an end the other engine knows it to be as good as `a`.
    let open = Contract::schema(r#"{"pattern":"(?:a{1,1000}){1,1000}"}"#);
    assert_eq!(open.is_ok(), cfg!(feature = "full"));
    // What is counted takes none.
    let contract = Contract::schema(r#"{"pattern":"^\\p{L}{0,100000}$"}"#).unwrap();
    assert!(
        contract
            .check(format!("\"{}\"", "é".repeat(100_000)).as_bytes())
            .is_ok()
    );
    assert!(
        contract
            .check(format!("\"{}\"", "é".repeat(100_001)).as_bytes())
            .is_err()
    );
}

#[test]
fn a_reference_may_write_an_equal_uri_in_another_way() {
    for (id, reference, is_equal) in [
        ("HTTP://Schemas.Test/a", "http://schemas.test/b", true),
        ("http://schemas.test:80/a", "b", true),
        (
            "http://schemas.test/x/../a",
            "http://schemas.test:80/%62",
            true,
        ),
        ("http://schemas.test/a", "http://schemas.test/B", false),
        ("http://schemas.test:8080/a", "http://schemas.test/b", false),
    ] {
        let schema = format!(
            r#"{{"$id":"{id}","$ref":"{reference}","$defs":{{"b":{{"$id":"b","type":"integer"}}}}}}"#
        );
        let contract = Contract::schema(&schema);
        assert_eq!(contract.is_ok(), is_equal, "{id} {reference}");
        if let Ok(contract) = contract {
            assert!(contract.check(b"1").is_ok() && contract.check(b"null").is_err());
        }
    }
    let schema = r#"{"$ref":"https://schemas.test/id"}"#;
    let options =
        SchemaOptions::new().document("HTTPS://schemas.test:443/id", r#"{"type":"integer"}"#);
    assert!(Contract::schema_with(schema, &options).is_ok());
}

#[test]
fn format_is_an_annotation_in_every_draft_unless_it_is_asserted() {
    for draft in [
        Draft::V4,
        Draft::V6,
        Draft::V7,
        Draft::V201909,
        Draft::V202012,
    ] {
        let schema = r#"{"format":"ipv4"}"#;
        let options = SchemaOptions::new().draft(draft);
        let annotated = Contract::schema_with(schema, &options).unwrap();
        assert!(annotated.check(b"\"x\"").is_ok(), "{draft:?}");
        let asserted = Contract::schema_with(schema, &options.assert_formats(true)).unwrap();
        assert!(asserted.check(b"\"x\"").is_err(), "{draft:?}");
        assert!(asserted.check(b"\"127.0.0.1\"").is_ok(), "{draft:?}");
    }
}

#[test]
fn the_draft_is_that_of_the_schema_before_that_of_the_options() {
    let exclusive = r#"{"maximum":1,"exclusiveMaximum":true}"#;
    let fourth = SchemaOptions::new().draft(Draft::V4);
    assert!(
        Contract::schema_with(exclusive, &fourth)
            .unwrap()
            .check(b"1")
            .is_err()
    );
    assert!(
        Contract::schema(exclusive).is_err(),
        "a boolean is none in 2020-12"
    );
    let named = r#"{"$schema":"http://json-schema.org/draft-04/schema#","maximum":1,"exclusiveMaximum":true}"#;
    assert!(Contract::schema(named).unwrap().check(b"1").is_err());
}

#[test]
fn a_pattern_that_could_take_for_ever_is_refused() {
    assert!(Contract::schema(r#"{"pattern":"^((?=a)a+)+$"}"#).is_err());
    assert!(Contract::schema(r#"{"pattern":"^(a+)+$"}"#).is_ok());
}
