//! What would exhaust the stack of the `jsonschema` crate, or its time, is refused before it comes
//! there, whatever names hide it; else some of these tests would end the process.

#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Draft, Engine, SchemaOptions};

#[test]
fn branches_that_refer_to_branches_are_refused_for_the_other_engine() {
    let schema = |levels: usize| {
        let link = |n: usize| {
            let next = format!(r##"{{"$ref":"#/$defs/d{}"}}"##, n + 1);
            format!(r#""d{n}":{{"anyOf":[{next},{next}]}},"#)
        };
        let links: String = (0..levels).map(link).collect();
        format!(
            r##"{{"$defs":{{{links}"d{levels}":{{"type":"string"}}}},"properties":{{
                "meta":{{"$ref":"https://json-schema.org/draft/2020-12/schema"}},
                "x":{{"$ref":"#/$defs/d0"}}}}}}"##
        )
    };
    let contract = Contract::schema(&schema(5)).unwrap();
    assert_eq!(contract.engine(), Engine::Full);
    let violation = contract.check(br#"{"x":1}"#).unwrap_err();
    assert_eq!((violation.instance(), violation.keyword()), ("/x", "anyOf"));
    let refused = Contract::schema(&schema(100)).unwrap_err().to_string();
    assert!(
        refused.contains("branches that refer to branches"),
        "{refused}"
    );
}

#[test]
fn a_long_chain_of_references_is_refused_for_the_other_engine_too() {
    let link = |n: usize| {
        format!(
            "\"d{n}\":{{\"items\":{{\"$ref\":\"#/$defs/d{}\"}}}},",
            n + 1
        )
    };
    for (length, is_built) in [(400, true), (50_000, false)] {
        let links: String = (0..length).map(link).collect();
        let last = r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#;
        let schema = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{links}"d{length}":{last}}}}}"##);
        assert_eq!(Contract::schema(&schema).is_ok(), is_built, "{length}");
    }
}

/// Definitions that each apply the next one by `depth` schemas within each other.
fn nested_chain(length: usize, depth: usize, around: &dyn Fn(String) -> String) -> String {
    let link = |n: usize| {
        let next = format!("{{\"$ref\":\"#/$defs/d{}\"}}", n + 1);
        let nested = (0..depth).fold(next, |within, _| around(within));
        format!("\"d{n}\":{nested},")
    };
    let links: String = (0..length).map(link).collect();
    let last = r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#;
    format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{links}"d{length}":{last}}}}}"##)
}

#[test]
fn a_chain_of_deep_schemas_does_not_exhaust_the_stack_of_the_other_engine() {
    let schema = |keyword: &str| format!("{{\"{keyword}\":");
    for keyword in [
        "items",
        "not",
        "contains",
        "additionalProperties",
        "propertyNames",
    ] {
        let around = |within| format!("{}{within}}}", schema(keyword));
        for (length, depth, is_built) in [(3, 50, true), (50, 100, false), (300, 50, false)] {
            let chain = nested_chain(length, depth, &around);
            let built = Contract::schema(&chain).map(|contract| contract.engine());
            assert_eq!(built.is_ok(), is_built, "{keyword} {length}: {built:?}");
        }
    }
    for keyword in ["anyOf", "prefixItems"] {
        let around = |within| format!("{}[{within}]}}", schema(keyword));
        assert!(Contract::schema(&nested_chain(300, 50, &around)).is_err());
        let built = Contract::schema(&nested_chain(3, 50, &around));
        assert!(built.is_ok(), "{keyword}: {built:?}");
    }
    // By names, and through documents.
    let chain = nested_chain(50, 100, &|within| format!(r#"{{"items":{within}}}"#));
    for (before, behind) in [
        ("\"$ref\":\"#/", "\"$ref\":\"http://x/d#/"),
        ("#/$defs", "#/%24defs"),
    ] {
        let document = chain.replace(before, behind);
        let options = SchemaOptions::new().document("http://x/d", &*document);
        assert!(Contract::schema_with(r#"{"$ref":"http://x/d"}"#, &options).is_err());
    }
}

/// Names that the draft does not read, and some that are relative to each other.
#[test]
fn no_name_hides_a_chain_from_the_limit_of_the_other_engine() {
    let refused = |schema: &str, options: &SchemaOptions| {
        let refused = Contract::schema_with(schema, options).unwrap_err();
        assert!(refused.to_string().contains("1000 long"), "{refused}");
    };
    let items = |within| format!(r#"{{"items":{within}}}"#);
    let long = nested_chain(50, 100, &items);
    let named = |keyword: &str, chain: &str| {
        (0..50).fold(chain.to_owned(), |chain, n| {
            let before = format!("\"d{n}\":{{");
            chain.replace(&before, &format!("{before}\"{keyword}\":\"d{n}\","))
        })
    };
    refused(&named("id", &long), &SchemaOptions::new());
    for draft in [Draft::V4, Draft::V6, Draft::V7] {
        let options = SchemaOptions::new().draft(draft);
        if draft == Draft::V4 {
            refused(&named("$id", &long), &options);
        }
        // Beside a reference.
        let beside = long.replacen('{', r#"{"id":"http://x/","$id":"http://x/","#, 1);
        refused(&beside, &options);
    }
    // A document that has another name than it is registered by, and one that hides nothing.
    for id in ["v1/", "http://x/v1/", "", "d"] {
        let document = long.replacen('{', &format!("{{\"$id\":\"{id}\","), 1);
        let options = SchemaOptions::new().document("http://x/d", document);
        for uri in ["http://x/d", "http://x/v1/"] {
            if uri == "http://x/d" || id.contains("v1") {
                refused(&format!("{{\"$ref\":\"{uri}\"}}"), &options);
            }
        }
    }
    let hidden = format!(
        r#"{{"$ref":"http://x/d","examples":[{{"$id":"http://x/d"}}],"$defs":{{"a":{}}}}}"#,
        long.replacen('{', r#"{"$id":"http://x/d","#, 1)
    );
    refused(&hidden, &SchemaOptions::new());
    // Nothing names itself within what is no schema.
    let data = |chain: &str| chain.replace("$defs", "x").replace("\"}", "/items\"}");
    let data = data(&named("$id", &long)).replace("schema/items", "schema");
    let meta = r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#;
    let data = data.replace(meta, &format!("{{\"items\":{meta}}}"));
    refused(&data, &SchemaOptions::new());
}

/// That a schema does not refer to itself is seen whatever names there are in it.
#[test]
fn names_do_not_make_a_schema_refer_to_itself() {
    let definitions = r##""$defs":{
        "a":{"id":"a","items":{"anyOf":[{"$ref":"#/$defs/b"},{"type":"string"}]}},
        "b":{"id":"b","type":"array","unevaluatedItems":{"$ref":"#/$defs/c"}},
        "c":{"id":"c","anyOf":[{"type":"array"},{"type":"string","format":"email"}]}}"##;
    let schema = format!(r##"{{"$ref":"#/$defs/a",{definitions}}}"##);
    let document = format!(r##"{{"$id":"v1/","$ref":"#/$defs/a",{definitions}}}"##);
    let options = SchemaOptions::new().assert_formats(true);
    let options = options.document("http://x/d", document);
    let deep = "[".repeat(100) + "1" + &"]".repeat(100);
    for schema in [
        &*schema,
        r#"{"$ref":"http://x/d"}"#,
        r#"{"$ref":"http://x/v1/"}"#,
    ] {
        let contract = Contract::schema_with(schema, &options).unwrap();
        assert_eq!(contract.engine(), Engine::Full);
        assert!(contract.check(format!("[{deep}]").as_bytes()).is_ok());
        let violation = contract.check(format!("[{deep},7]").as_bytes());
        assert_eq!(violation.unwrap_err().instance(), "/1");
    }
}

#[test]
fn a_deep_body_does_not_exhaust_the_stack_of_the_other_engine() {
    let within = (0..55).fold(
        r##"{"type":"array","items":{"$ref":"#/$defs/d"}}"##.to_owned(),
        |within, n| format!(r#"{{"anyOf":[{{"const":{n}}},{within}]}}"#),
    );
    let meta = r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#;
    let contract = Contract::schema(&format!(
        r##"{{"$ref":"#/$defs/d","$defs":{{"d":{within}}},"properties":{{"meta":{meta}}}}}"##
    ));
    let contract = contract.unwrap();
    assert_eq!(contract.engine(), Engine::Full);
    for (depth, is_met) in [(1, true), (40, true), (126, false)] {
        let body = format!("{}0{}", "[".repeat(depth), "]".repeat(depth));
        let told = contract.check(body.as_bytes()).map_err(|violation| {
            let expected = "a body that is not too deep for this schema to be judged";
            assert_eq!(violation.expected(), expected, "{depth}");
        });
        assert_eq!(told.is_ok(), is_met, "{depth}");
    }
    // One that was judged is told otherwise.
    let violation = contract.check(b"{\"meta\":7}").unwrap_err();
    assert_ne!(violation.keyword(), "schema");
}
