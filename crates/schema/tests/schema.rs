//! What is held to a contract, what breaks it, and what a violation tells.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty};
use outbound_http::{BodyTooLarge, BoxError, CollectLayer, CollectedBody};
use outbound_schema::{Contract, Duplicates, Mode, ValidateLayer, ValidatedBody, Violation};
use serde::Deserialize;
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

fn get() -> Request<Empty<Bytes>> {
    Request::get("https://user:pw@api.test:8443/items?key=canary")
        .body(Empty::new())
        .unwrap()
}

fn id() -> Contract {
    Contract::required(["/id: integer"]).unwrap()
}

async fn validated(step: Step) -> Result<Response<ValidatedBody<Body>>, BoxError> {
    send(
        &mut ValidateLayer::new(id()).layer(Scripted::new([step])),
        get(),
    )
    .await
}

async fn violation(step: Step) -> Violation {
    let error = validated(step).await.map(|_| ()).unwrap_err();
    error
        .downcast_ref::<Violation>()
        .expect("a violation")
        .clone()
}

#[tokio::test]
async fn a_body_that_meets_its_contract_is_handed_on_without_a_copy() {
    let whole = Bytes::from(r#"{"id": 1}"#);
    let response = validated(Step::ok(whole.clone())).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!((body.as_ptr(), &body), (whole.as_ptr(), &whole));
}

#[tokio::test]
async fn chunks_and_trailers_are_handed_on() {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("7"));
    let body = Body::chunks([r#"{"id"#, r#"":1}"#]).with_trailers(trailers.clone());
    let response = validated(Step::ok("").body_with(body)).await.unwrap();
    assert_eq!(response.body().size_hint().exact(), Some(8));
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers(), Some(&trailers));
    assert_eq!(body.to_bytes(), r#"{"id":1}"#);
}

#[tokio::test]
async fn a_violation_says_what_and_where_and_of_which_response() {
    let violation = violation(Step::ok(r#"{"id":"canary"}"#)).await;
    assert_eq!(
        (
            violation.instance(),
            violation.keyword(),
            violation.expected()
        ),
        ("/id", "type", "integer")
    );
    assert_eq!(violation.schema(), "/id: integer");
    assert_eq!(violation.status().unwrap(), 200);
    assert_eq!(violation.content_type(), Some("application/json"));
    assert_eq!(violation.url(), Some("https://api.test:8443/items"));
    assert!(!format!("{violation} {violation:?}").contains("canary"));
}

#[tokio::test]
async fn what_has_no_body_of_its_own_is_not_held_to_the_contract() {
    for status in [204, 205, 206, 301, 304, 400, 404, 500, 101] {
        let response = validated(Step::status(status).body("<p>")).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "<p>"
        );
    }
    for method in [Method::HEAD, Method::CONNECT] {
        let mut request = get();
        *request.method_mut() = method;
        let step = Step::status(200).header("content-length", "12");
        let mut client = ValidateLayer::new(id()).layer(Scripted::new([step]));
        assert!(send(&mut client, request).await.is_ok());
    }
}

#[tokio::test]
async fn heads_that_promise_no_json_are_violations() {
    for (name, value, keyword) in [
        ("content-type", "text/html", "content-type"),
        (
            "content-type",
            "application/json; charset=latin1",
            "content-type",
        ),
        ("x", "no content type", "content-type"),
        ("content-encoding", "gzip", "content-encoding"),
    ] {
        let step = Step::status(200).header(name, value).body(r#"{"id":1}"#);
        assert_eq!(violation(step).await.keyword(), keyword, "{name}: {value}");
    }
    let problem = Step::status(200)
        .header("content-type", "Application/Problem+JSON; a=b")
        .body(r#"{"id":1}"#);
    assert!(validated(problem).await.is_ok());
}

#[tokio::test]
async fn an_empty_body_of_a_200_is_a_violation() {
    for body in ["", " \n"] {
        assert_eq!(violation(Step::ok(body)).await.keyword(), "json");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_or_while_it_is_read() {
    for body in [
        Body::full(r#"{"id":1}"#),
        Body::chunks([r#"{"id"#, r#"":1}"#]),
    ] {
        let api = Scripted::new([Step::ok("").body_with(body)]);
        let error = send(&mut ValidateLayer::new(id()).limit(7).layer(api), get())
            .await
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.downcast_ref::<BodyTooLarge>().unwrap().limit(), 7);
    }
    let api = Scripted::new([Step::ok(r#"{"id":1}"#)]);
    assert!(
        send(&mut ValidateLayer::new(id()).limit(8).layer(api), get())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_body_that_fails_passes_its_own_error_on() {
    let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let step = Step::ok("").body_with(Body::failing_after([r#"{"id"#], error));
    let error = validated(step).await.map(|_| ()).unwrap_err();
    assert!(error.is::<std::io::Error>());
}

/// A layer that reports, and what it was told.
fn reporting() -> (ValidateLayer, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let layer = ValidateLayer::new(id())
        .mode(Mode::Report)
        .on_violation(move |violation| lines.lock().unwrap().push(violation.keyword().to_owned()));
    (layer, told)
}

#[tokio::test]
async fn a_report_changes_no_byte_and_delays_no_frame() {
    let (layer, told) = reporting();
    let api =
        Scripted::new([Step::ok("").body_with(Body::stalling_after([r#"{"id"#, r#"":"1"}"#]))]);
    let mut body = send(&mut layer.layer(api), get())
        .await
        .unwrap()
        .into_body();

    let mut frames = Vec::new();
    while let Some(frame) = body.frame().now_or_never() {
        frames.push(frame.unwrap().unwrap().into_data().unwrap());
    }
    assert_eq!(frames, [r#"{"id"#, r#"":"1"}"#]);
    assert!(told.lock().unwrap().is_empty(), "the body has not ended");
}

#[tokio::test]
async fn a_report_tells_once_of_what_is_broken_and_of_nothing_else() {
    for (step, expected) in [
        (Step::ok(r#"{"id":1}"#), &[][..]),
        (Step::ok(r#"{"id":"1"}"#), &["type"]),
        (Step::ok(r#"{"id":1"#), &["json"]),
        (Step::status(200).body("<p>"), &["content-type"]),
        (
            Step::ok("").body_with(Body::chunks([r#"{"x"#, r#"":1}"#])),
            &["required"],
        ),
        (
            Step::ok("").body_with(Body::failing_after(["{"], "cut")),
            &[],
        ),
        (Step::status(404).body("<p>"), &[]),
    ] {
        let (layer, told) = reporting();
        let response = send(&mut layer.layer(Scripted::new([step])), get())
            .await
            .unwrap();
        let _ = response.into_body().collect().await;
        assert_eq!(*told.lock().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_body_that_was_collected_beneath_is_reported_on_when_it_is_taken() {
    let (layer, told) = reporting();
    let api = CollectLayer::default().layer(Scripted::new([Step::ok(r#"{"id":"1"}"#)]));
    let response = send(&mut layer.layer(api), get()).await.unwrap();
    let body: CollectedBody = response.into_body().into();
    assert_eq!(body.into_bytes(), r#"{"id":"1"}"#);
    assert_eq!(*told.lock().unwrap(), ["type"]);
}

#[tokio::test]
async fn enforcement_tells_of_violations_too() {
    let (layer, told) = reporting();
    let mut client = layer
        .mode(Mode::Enforce)
        .layer(Scripted::new([Step::ok("{}")]));
    assert!(send(&mut client, get()).await.is_err());
    assert_eq!(*told.lock().unwrap(), ["required"]);
}

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
    for pointer in ["id", "/a~2", "/a: integr", "*"] {
        let error = Contract::required([pointer]).unwrap_err();
        assert_eq!(error.pointer(), pointer);
        assert!(error.to_string().contains(pointer), "{error}");
    }
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

mod json_schema {
    use outbound_schema::{Draft, SchemaOptions};

    use super::*;

    #[test]
    fn a_body_is_held_to_a_schema_and_no_value_is_shown() {
        let contract =
            Contract::schema(r#"{"properties":{"age":{"maximum":150}},"required":["age"]}"#)
                .unwrap();
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
        let options =
            SchemaOptions::new().document("https://schemas.test/id", r#"{"type":"integer"}"#);
        let contract = Contract::schema_with(schema, &options).unwrap();
        assert!(contract.check(b"1").is_ok());
        assert!(contract.check(b"\"1\"").is_err());
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
}
