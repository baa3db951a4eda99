//! Which responses are held to a contract, and what is handed on, told and refused.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty};
use outbound_http::{BodyTooLarge, BoxError, CollectLayer, CollectedBody};
use outbound_schema::{Contract, Mode, ValidateLayer, ValidatedBody, Violation};
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
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let layer = ValidateLayer::new(id())
            .limit(7)
            .on_violation(move |violation| seen.lock().unwrap().push(violation.to_string()));
        let error = send(&mut layer.layer(api), get()).await.map(|_| ());
        let error = error.unwrap_err();
        assert_eq!(error.downcast_ref::<BodyTooLarge>().unwrap().limit(), 7);
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1);
        assert!(
            told[0].ends_with("size: expected at most 7 bytes"),
            "{told:?}"
        );
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
