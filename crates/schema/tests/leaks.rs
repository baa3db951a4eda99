//! What a violation must never tell, and what hostile data must never do.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use outbound_schema::{Contract, Mode, ValidateLayer, Violation};
use test_support::{Body, send};
use tokio_test::{assert_pending, task};
use tower::Layer;

fn get() -> Request<Empty<Bytes>> {
    Request::get("https://user:canary@api.test/items?key=canary#canary")
        .body(Empty::new())
        .unwrap()
}

fn assert_silent(violation: &Violation) {
    let told = format!("{violation} {violation:?}");
    assert!(!told.contains("canary"), "{told}");
    assert!(!told.chars().any(char::is_control), "{told:?}");
}

#[tokio::test]
async fn no_debug_text_shows_the_query_or_the_password() {
    let stalled = || {
        let head = Response::builder()
            .header("content-type", "application/json")
            .header("set-cookie", "canary");
        head.body(Body::stalling_after(["[\"canary\""])).unwrap()
    };
    let api = tower::service_fn(move |_: Request<Empty<Bytes>>| {
        std::future::ready(Ok::<_, std::convert::Infallible>(stalled()))
    });
    let mut client = ValidateLayer::new(Contract::any()).layer(api);
    let mut call = task::spawn(tower::Service::call(&mut client, get()));
    assert!(!format!("{call:?}").contains("canary"), "{call:?}");
    assert_pending!(call.poll());
    assert!(!format!("{call:?}").contains("canary"), "{call:?}");

    let mut client = ValidateLayer::new(Contract::any())
        .mode(Mode::Report)
        .layer(api);
    let mut body = send(&mut client, get()).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    assert!(!format!("{body:?}").contains("canary"), "{body:?}");
}

#[tokio::test]
async fn no_debug_text_of_a_request_shows_it_either() {
    use outbound_schema::Rejection;
    let request = || {
        Request::post("https://user:canary@api.test/?key=canary")
            .header("content-type", "application/json")
            .header("authorization", "canary")
            .body(Body::stalling_after(["[\"canary\""]))
            .unwrap()
    };
    let layer = ValidateLayer::requests(Contract::required(["/id"]).unwrap());
    let mut client = layer.clone().layer(test_support::Scripted::new([]));
    let mut call = task::spawn(tower::Service::call(&mut client, request()));
    assert_pending!(call.poll());
    assert!(!format!("{call:?} {client:?}").contains("canary"));
    let layer = layer.reject_with(Rejection::problem);
    assert!(!format!("{layer:?}").contains("canary"));
}

#[test]
fn a_value_is_shown_only_if_that_was_asked_for_and_then_its_beginning() {
    let contract = Contract::required(["/id: integer"]).unwrap();
    let text = br#"{"id":"canary bird"}"#;
    assert_silent(&contract.check(text).unwrap_err());
    let shown = contract.excerpt(5).check(text).unwrap_err();
    assert_eq!(shown.excerpt(), Some("\"cana\u{2026}"));
    assert!(
        shown
            .to_string()
            .contains(", found \"cana\u{2026} (rule /id: integer)")
    );
}

#[test]
fn no_key_and_no_list_of_the_contract_makes_a_violation_long() {
    let (long, schema) = ("k".repeat(100_000), |schema: &str| {
        Contract::schema(schema).unwrap().excerpt(8)
    });
    let integers = r#"{"additionalProperties":{"type":"integer"}}"#;
    for contract in [
        schema(integers),
        Contract::of::<std::collections::BTreeMap<String, u8>>().excerpt(8),
    ] {
        let text = format!(r#"{{"{long}":"x"}}"#);
        let violation = contract.check(text.as_bytes()).unwrap_err();
        assert_eq!(violation.instance(), "/kkkkkkkk\u{2026}");
    }
    let listed = schema(&format!(r#"{{"enum":["{long}\u00e9"]}}"#));
    let violation = listed.check(b"1").unwrap_err();
    let expected = format!("\"{}\u{2026}", &long[..999]);
    assert_eq!(violation.expected(), expected);
    // A key that the contract spells is its own, however long.
    let spelt = Contract::required([format!("/{long}")]).unwrap();
    let violation = spelt.excerpt(8).check(b"{}").unwrap_err();
    assert_eq!(violation.instance().len(), long.len() + 1);
}

#[tokio::test]
async fn a_hostile_url_cannot_break_a_log_line() {
    for (path, shown) in [
        ("/a\u{2028}b", "/a\\u2028b"),
        ("/a\u{85}b", "/a\\u0085b"),
        ("/a\u{202e}b", "/a\\u202eb"),
        ("/\u{e9}", "/\u{e9}"),
    ] {
        let mut request = get();
        *request.uri_mut() = http::Uri::try_from(path.as_bytes()).unwrap();
        let api = test_support::Scripted::from_fn(|_| test_support::Step::ok("x"));
        let mut client = ValidateLayer::new(Contract::any()).layer(api);
        let error = send(&mut client, request).await.map(|_| ()).unwrap_err();
        let violation = error.downcast_ref::<Violation>().unwrap();
        assert_eq!(violation.url(), Some(shown));
        assert!(violation.to_string().contains(shown), "{violation}");
        assert_silent(violation);
    }
}

#[test]
fn keys_that_a_list_of_pointers_does_not_spell_are_masked() {
    let contract = Contract::required(["/known/*/x"]).unwrap();
    for (text, instance) in [
        (r#"{"canary@example.org":[1,{"canary":x}]}"#, "/*/1/*"),
        (r#"{"known":[{"canary":{},"canary":{}}]}"#, "/known/0/*"),
        (r#"{"known":[{"x":{"canary":tru}}]}"#, "/known/0/x/*"),
        (r#"{"known":[{"canary":1}]}"#, "/known/0/x"),
    ] {
        let violation = contract.check(text.as_bytes()).unwrap_err();
        assert_eq!(violation.instance(), instance, "{text}");
        assert_silent(&violation);
    }
}

#[test]
fn a_typed_contract_tells_the_field_and_not_the_value() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[allow(dead_code)]
        id: u64,
    }
    let contract = Contract::of::<Vec<Item>>();
    let wrong = contract
        .check(br#"[{"id":1},{"id":"canary"}]"#)
        .unwrap_err();
    assert_eq!(wrong.instance(), "/1/id");
    assert_eq!(wrong.expected(), "u64");
    assert_silent(&wrong);
    let missing = contract.check(b"[{}]").unwrap_err();
    assert_eq!(
        (missing.instance(), missing.expected()),
        ("/0", "the field `id`")
    );
    let unknown = contract.check(br#"[{"id":1,"can":2}]"#).unwrap_err();
    assert_eq!(unknown.expected(), "`id`");
    // A value that imitates serde's own words.
    for value in ["x, expected canary", "missing field `canary`"] {
        let text = format!(r#"[{{"id":"{value}"}}]"#);
        assert_silent(&contract.check(text.as_bytes()).unwrap_err());
    }
}

mod json_schema {
    use super::*;

    fn broken(schema: &str, text: &str) -> Violation {
        let contract = Contract::schema(schema).unwrap();
        let violation = contract.check(text.as_bytes()).unwrap_err();
        assert_silent(&violation);
        violation
    }

    #[test]
    fn no_keyword_shows_the_value() {
        for (schema, text) in [
            (r#"{"type":"integer"}"#, r#""canary""#),
            (r#"{"enum":[1]}"#, r#""canary""#),
            (r#"{"const":1}"#, r#""canary""#),
            (r#"{"maxLength":1}"#, r#""canary""#),
            (r#"{"pattern":"^x"}"#, r#""canary""#),
            (r#"{"not":{"type":"string"}}"#, r#""canary""#),
            (r#"{"anyOf":[{"type":"null"}]}"#, r#""canary""#),
            (r#"{"oneOf":[{"type":"null"}]}"#, r#""canary""#),
            (r#"{"oneOf":[true,true]}"#, r#""canary""#),
            (r#"{"uniqueItems":true}"#, r#"["canary","canary"]"#),
            (r#"{"contains":{"type":"null"}}"#, r#"["canary"]"#),
            (r#"{"prefixItems":[true],"items":false}"#, r#"[1,"canary"]"#),
            (
                r#"{"prefixItems":[true],"unevaluatedItems":false}"#,
                r#"[1,"canary"]"#,
            ),
            (r#"{"dependentRequired":{"a":["b"]}}"#, r#"{"a":"canary"}"#),
            (r#"{"properties":{"a":false}}"#, r#"{"a":"canary"}"#),
            (r#"{"additionalProperties":false}"#, r#"{"canary":1}"#),
            (r#"{"unevaluatedProperties":false}"#, r#"{"canary":1}"#),
            (r#"{"propertyNames":{"maxLength":1}}"#, r#"{"canary":1}"#),
            (r#"{"propertyNames":{"pattern":"^x"}}"#, r#"{"canary":1}"#),
            (r#"{"maxProperties":0}"#, r#"{"canary":1}"#),
        ] {
            broken(schema, text);
        }
        let draft_7 = r#"{"$schema":"http://json-schema.org/draft-07/schema#",
            "items":[true],"additionalItems":false}"#;
        broken(draft_7, r#"[1,"canary"]"#);
    }

    #[test]
    fn hostile_keys_cannot_break_a_log_line() {
        let schema = r#"{"additionalProperties":{"type":"null"}}"#;
        let text = r#"{"a\n\u001b[31m/~\u2028":1}"#;
        assert_eq!(broken(schema, text).instance(), "/*");
        let shown = Contract::schema(schema).unwrap().excerpt(12);
        let violation = shown.check(text.as_bytes()).unwrap_err();
        assert_eq!(violation.instance(), "/a\\u000a\\u001b[31m~1~0\\u2028");
        let violation = shown.excerpt(11).check(text.as_bytes()).unwrap_err();
        assert_eq!(violation.instance(), "/a\\u000a\\u001b[31m~1~0\u{2026}");
        broken(r#"{"additionalProperties":false}"#, r#"{"a\nb":1}"#);
    }

    #[test]
    fn a_reference_to_itself_ends() {
        for schema in [
            r##"{"$ref":"#"}"##,
            r##"{"allOf":[{"$ref":"#"}],"type":"array"}"##,
            r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
            r##"{"$dynamicAnchor":"n","$dynamicRef":"#n"}"##,
        ] {
            if let Ok(contract) = Contract::schema(schema) {
                let _ = contract.check(b"[[],[1]]");
            }
        }
    }

    #[test]
    fn deep_recursion_through_branches_is_not_exponential() {
        // The leaf fails, so that each level is tried by both branches.
        let tree = r##"{"anyOf":[{"const":0},{"type":"array","items":{"$ref":"#"}},
            {"type":"array","items":{"$ref":"#"},"maxItems":9}]}"##;
        let deep = "[".repeat(100) + "1" + &"]".repeat(100);
        // Two to the hundredth steps would never end.
        let violation = broken(tree, &deep);
        assert_eq!((violation.keyword(), violation.instance()), ("anyOf", ""));
        assert_eq!(broken(tree, "[[1]]").keyword(), "anyOf");
        let met = deep.replace('1', "0");
        assert!(
            Contract::schema(tree)
                .unwrap()
                .check(met.as_bytes())
                .is_ok()
        );
    }
}
