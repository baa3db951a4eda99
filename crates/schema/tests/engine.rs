//! JSON Schema by the fused engine: what it tells, how much it reads, and that no input makes it
//! slow.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use outbound_schema::{Contract, Draft, Duplicates, Engine, SchemaOptions, Violation};
use proptest::prelude::*;

fn fused(schema: &str) -> Contract {
    Contract::schema(schema).unwrap().require_fused().unwrap()
}

fn broken(schema: &str, body: &str) -> Violation {
    fused(schema).check(body.as_bytes()).unwrap_err()
}

#[test]
fn a_bad_first_element_is_refused_without_reading_the_rest() {
    let list = r#"{"type":"array","items":{"type":"object","required":["id"],
        "properties":{"id":{"type":"integer"},"owner":{"anyOf":[{"type":"null"},
        {"type":"object","properties":{"name":{"type":"string"}}}]}}}}"#;
    // Were the rest read, it would be told that it is no JSON.
    for (start, instance) in [
        ("[7,", "/0"),
        (r#"[{"id":"1","#, "/0/id"),
        (r#"[{"id":"1"},"#, "/0/id"),
        (r#"[{"x":1},"#, "/0"),
        (r#"[{"id":1,"owner":{"name":[],"#, "/0/owner/name"),
    ] {
        let violation = broken(list, &format!("{start} this is no JSON"));
        assert_eq!(violation.instance(), instance, "{start}");
        assert_ne!(violation.keyword(), "json");
        // Up to the fault it is.
        let violation = broken(list, &format!("x {start}"));
        assert_eq!(violation.keyword(), "json");
    }
}

#[test]
fn minus_zero_is_an_integer_but_in_draft_4_by_whatever_path_it_is_read() {
    for (draft, is_integer) in [
        (Draft::V4, false),
        (Draft::V6, true),
        (Draft::V202012, true),
    ] {
        for rest in [
            "",
            r#","minimum":-1"#,
            r#","maximum":7"#,
            r#","multipleOf":1"#,
            r#","enum":[0,1]"#,
            r#","not":{"enum":[5]}"#,
        ] {
            let schema = format!(r#"{{"type":"integer"{rest}}}"#);
            let contract = Contract::schema_with(&schema, &SchemaOptions::new().draft(draft));
            let contract = contract.unwrap().require_fused().unwrap();
            assert_eq!(
                contract.check(b"-0").is_ok(),
                is_integer,
                "{draft:?} {schema}"
            );
            assert!(contract.check(b"0").is_ok(), "{draft:?} {schema}");
        }
    }
}

#[test]
fn an_element_that_is_the_name_of_a_member_evaluates_nothing() {
    let contract = fused(r#"{"dependentSchemas":{"a":{"items":true}},"unevaluatedItems":false}"#);
    for body in [r#"["a",1]"#, r#"[{"b":"a"},1]"#, "[1]"] {
        assert!(contract.check(body.as_bytes()).is_err(), "{body}");
    }
    assert!(contract.check(b"[]").is_ok());
    let named = r#"{"dependentSchemas":{"a":{"properties":{"b":true}}},
        "properties":{"a":true},"unevaluatedProperties":false}"#;
    assert!(fused(named).check(br#"{"a":1,"b":2}"#).is_ok());
    assert!(fused(named).check(br#"{"b":"a"}"#).is_err());
}

#[test]
fn what_a_schema_that_refers_to_itself_leaves_unevaluated_is_left_to_another_engine() {
    // Asked for from without as well, its own marks must not count.
    let schema = r##"{"$ref":"#/$defs/d","unevaluatedItems":false,"$defs":{"d":{
        "$dynamicAnchor":"n","$dynamicRef":"#n","unevaluatedProperties":false}}}"##;
    let refused = Contract::schema(schema).and_then(Contract::require_fused);
    assert!(refused.unwrap_err().to_string().contains("unevaluated"));
}

#[test]
fn branches_are_told_apart_by_a_member_wherever_it_stands() {
    let schema = r#"{"oneOf":[
        {"properties":{"kind":{"const":"a"},"n":{"type":"integer"}},"required":["kind","n"]},
        {"properties":{"kind":{"const":"b"},"n":{"type":"string"}},"required":["kind","n"]},
        {"properties":{"kind":{"enum":["c","d"]}},"required":["kind"]}]}"#;
    let contract = fused(schema);
    let far = " ".repeat(2_000);
    for padding in ["", &far] {
        for (kind, n, is_met) in [
            ("\"a\"", "1", true),
            ("\"a\"", "\"1\"", false),
            ("\"b\"", "\"1\"", true),
            ("\"d\"", "null", true),
            ("\"\\u0064\"", "null", true),
            ("\"e\"", "null", false),
            ("1", "null", false),
        ] {
            for body in [
                format!("{{\"kind\":{kind},{padding}\"n\":{n}}}"),
                format!("{{\"n\":{n},\"x\":[{{}},\"]\"],{padding}\"kind\":{kind}}}"),
            ] {
                assert_eq!(contract.check(body.as_bytes()).is_ok(), is_met, "{body}");
            }
        }
        assert!(
            contract
                .check(format!("{{{padding}\"n\":1}}").as_bytes())
                .is_err()
        );
    }
    let violation = broken(schema, r#"{"kind":"a","n":"x"}"#);
    assert_eq!(violation.schema(), "/oneOf/0/properties/n/type");
}

#[test]
fn the_last_of_two_members_counts_where_they_are_allowed() {
    const CLOSED: &str = r#"{"type":"object","oneOf":[
        {"properties":{"x":{}},"additionalProperties":false,"not":{"required":["q"]}},
        {"properties":{"x":{"const":"p"}},"additionalProperties":false,"not":{"required":["q"]}}]}"#;
    const TAGGED: &str = r#"{"type":"object","oneOf":[
        {"properties":{"kind":{"const":"a"}},"required":["kind"]},
        {"properties":{"kind":{"const":"b"}},"required":["kind"]},
        {"not":{"required":["q"]}}]}"#;
    for (schema, body, is_met) in [
        (
            r#"{"properties":{"a":{"type":"null"}}}"#,
            r#"{"a":1,"a":null}"#,
            true,
        ),
        (
            r#"{"properties":{"a":{"type":"null"}}}"#,
            r#"{"a":null,"a":1}"#,
            false,
        ),
        (r#"{"maxProperties":1}"#, r#"{"a":null,"\u0061":1}"#, true),
        (
            r#"{"additionalProperties":{"type":"null"}}"#,
            r#"{"b":1,"b":null}"#,
            true,
        ),
        (
            r#"{"anyOf":[{"properties":{"a":{"const":1}}},{"type":"null"}]}"#,
            r#"{"a":2,"a":1}"#,
            true,
        ),
        // Branches are told apart by members, of which the replaced ones say nothing.
        (CLOSED, r#"{"x":"q","x":"p"}"#, false),
        (CLOSED, r#"{"x":"p","x":"q"}"#, true),
        (TAGGED, r#"{"kind":"b","kind":"a"}"#, false),
        (TAGGED, r#"{"kind":"b","kind":"c"}"#, true),
    ] {
        let contract = fused(schema);
        assert!(contract.check(body.as_bytes()).is_err());
        let allowing = contract.duplicates(Duplicates::Allow);
        assert_eq!(
            allowing.check(body.as_bytes()).is_ok(),
            is_met,
            "{schema} {body}"
        );
    }
}

#[test]
fn what_a_body_taught_changes_no_verdict() {
    let contract = fused(
        r#"{"properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{}},"required":["a","c"],
            "additionalProperties":false}"#,
    );
    let members = [r#""a":1"#, r#""b":"x""#, r#""c":null"#];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1]] {
        for _ in 0..3 {
            let body: Vec<&str> = order.iter().map(|n| members[*n]).collect();
            let body = format!("{{{}}}", body.join(" , "));
            assert!(contract.check(body.as_bytes()).is_ok(), "{body}");
            let wrong = body.replace('1', "\"1\"");
            assert_eq!(
                contract.check(wrong.as_bytes()).unwrap_err().instance(),
                "/a"
            );
            let unknown = body.replace("\"b\"", "\"bb\"");
            assert!(contract.check(unknown.as_bytes()).is_err());
            let twice = body.replace("\"b\"", "\"a\"");
            assert!(contract.check(twice.as_bytes()).is_err());
        }
    }
}

#[test]
fn objects_of_many_members_are_checked_too() {
    for count in [63, 64, 65, 256, 257, 1_000] {
        let names: Vec<String> = (0..count).map(|n| format!("m{n}")).collect();
        let properties: Vec<String> = names
            .iter()
            .map(|name| format!("{name:?}:{{\"type\":\"null\"}}"))
            .collect();
        let contract = fused(&format!(
            r#"{{"properties":{{{}}},"required":{names:?},"additionalProperties":false}}"#,
            properties.join(",")
        ));
        let members: Vec<String> = names.iter().map(|name| format!("{name:?}:null")).collect();
        let body = |members: &[String]| format!("{{{}}}", members.join(","));
        assert!(contract.check(body(&members).as_bytes()).is_ok(), "{count}");
        assert!(
            contract.check(body(&members[1..]).as_bytes()).is_err(),
            "{count}"
        );
        let mut twice = members.clone();
        twice.push(members[count - 1].clone());
        assert_eq!(
            contract
                .check(body(&twice).as_bytes())
                .unwrap_err()
                .keyword(),
            "json"
        );
    }
}

/// With work that grows with the square, or worse, none of these would end.
#[test]
fn large_and_deep_bodies_take_linear_time() {
    let n = 50_000;
    let tree = r##"{"anyOf":[{"type":"integer"},{"type":"array","items":{"$ref":"#"}},
        {"type":"object","additionalProperties":{"$ref":"#"}}]}"##;
    let twins = r##"{"$defs":{"l":{"anyOf":[
        {"type":"array","maxItems":1,"items":{"$ref":"#/$defs/l"}},
        {"type":"array","maxItems":2,"items":{"$ref":"#/$defs/l"}},{"const":0}]}},"$ref":"#/$defs/l"}"##;
    let keys: String = (0..n)
        .map(|k| format!(",\"common-beginning-{k}-common-end\":1"))
        .collect();
    let numbers: String = (0..n).map(|k| format!(",{k}")).collect();
    let close = |body: &str| format!("[{}]", body.trim_start_matches(','));
    for (schema, body, is_met) in [
        ("{}", "[".repeat(n), false),
        (tree, "[".repeat(n), false),
        ("{}", format!("{{{}}}", &keys[1..]), true),
        (tree, format!("{{{}}}", &keys[1..]), true),
        (r#"{"uniqueItems":true}"#, close(&numbers), true),
        (
            r#"{"uniqueItems":true}"#,
            close(&format!("{numbers},7.0")),
            false,
        ),
        (
            r#"{"items":{"pattern":"^(a+)+$"}}"#,
            close(&format!(",\"{}!\"", "a".repeat(n))),
            false,
        ),
        (
            r#"{"items":{"maxLength":3}}"#,
            close(&format!(",\"{}\"", "\\u0061".repeat(n))),
            false,
        ),
        (
            twins,
            format!("{}1{}", "[".repeat(120), "]".repeat(120)),
            false,
        ),
        (
            twins,
            format!("{}0{}", "[".repeat(120), "]".repeat(120)),
            true,
        ),
        (
            tree,
            close(&",{\"a\":[1,{\"b\":[2]}]}".repeat(n / 10)),
            true,
        ),
        (r#"{"type":"number"}"#, "9".repeat(n), false),
        (
            r#"{"multipleOf":0.1}"#,
            format!("0.{}", "9".repeat(n)),
            true,
        ),
    ] {
        let verdict = fused(schema).check(body.as_bytes());
        assert_eq!(verdict.is_ok(), is_met, "{schema} {:.60}", body);
    }
}

#[test]
fn a_reference_finds_only_what_is_registered() {
    let schema = r#"{"items":{"$ref":"http://127.0.0.1:1/thing.json#/$defs/t"}}"#;
    let error = Contract::schema(schema).unwrap_err();
    assert_eq!(error.pointer(), "/items/$ref");
    assert!(error.to_string().contains("not registered"), "{error}");
    let options = SchemaOptions::new().document(
        "http://127.0.0.1:1/thing.json",
        r#"{"$defs":{"t":{"type":"null"}}}"#,
    );
    let contract = Contract::schema_with(schema, &options).unwrap();
    assert_eq!(contract.engine(), Engine::Fused);
    let violation = contract.check(b"[1]").unwrap_err();
    assert_eq!(
        violation.schema(),
        "http://127.0.0.1:1/thing.json#/$defs/t/type"
    );
}

#[test]
fn what_is_no_schema_is_refused_with_its_pointer() {
    for (schema, pointer) in [
        (
            r#"{"properties":{"a":{"type":"strin"}}}"#,
            "/properties/a/type",
        ),
        (
            r#"{"$defs":{"unused":{"minLength":-1}}}"#,
            "/$defs/unused/minLength",
        ),
        (r#"{"pattern":"("}"#, "/pattern"),
        (r#"{"pattern":"(?=a)"}"#, "/pattern"),
        (r#"{"required":["a","a"]}"#, "/required"),
        (r#"{"anyOf":[]}"#, "/anyOf"),
        (r##"{"$ref":"#/$defs/none"}"##, "/$ref"),
        ("7", ""),
    ] {
        assert_eq!(
            Contract::schema(schema).unwrap_err().pointer(),
            pointer,
            "{schema}"
        );
    }
}

#[test]
fn drafts_differ() {
    let meets = |schema: &str, draft, body: &str| {
        let options = SchemaOptions::new().draft(draft);
        let contract = Contract::schema_with(schema, &options).unwrap();
        contract.check(body.as_bytes()).is_ok()
    };
    assert!(!meets(r#"{"type":"integer"}"#, Draft::V4, "1.0"));
    assert!(meets(r#"{"type":"integer"}"#, Draft::V6, "1.0"));
    let beside = r##"{"definitions":{"any":{}},"$ref":"#/definitions/any","type":"null"}"##;
    assert!(meets(beside, Draft::V7, "1"));
    assert!(!meets(beside, Draft::V201909, "1"));
}

proptest! {
    /// Without a rule, what is accepted is what `serde_json` reads.
    #[test]
    fn bytes_at_random_are_judged_as_serde_json_judges_them(body in ".{0,40}", damage in any::<(u16, u8)>()) {
        let contract = fused(r#"{"title":"anything"}"#).duplicates(Duplicates::Allow);
        let with_rules = fused(r##"{"anyOf":[{"items":{"$ref":"#"}},{"minProperties":0}]}"##)
            .duplicates(Duplicates::Allow);
        let mut quoted = serde_json::to_vec(&body).unwrap();
        let at = usize::from(damage.0) % quoted.len();
        quoted[at] = damage.1;
        for body in [body.as_bytes(), &quoted] {
            let is_json = serde_json::from_slice::<serde_json::Value>(body).is_ok();
            prop_assert_eq!(contract.check(body).is_ok(), is_json);
            prop_assert_eq!(with_rules.check(body).is_ok(), is_json);
        }
    }

    /// Whatever text a schema is made of, it is read or refused.
    #[test]
    fn schemas_at_random_are_read_or_refused(keyword in "[a-zA-Z$]{1,12}", value in "[\\[\\]{}\",:0-9a-z#/$]{0,20}") {
        for text in [format!("{{\"{keyword}\":{value}}}"), value] {
            if let Ok(contract) = Contract::schema(&text) {
                let _ = contract.check(b"[1,{\"a\":\"b\"}]");
            }
        }
    }
}
