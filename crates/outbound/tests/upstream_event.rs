//! What the log hears of a call that failed. Alone in its program: the first test that meets an event
//! without a subscriber switches it off for all.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use outbound::axum::UpstreamError;
use outbound::paginate::NoNext;
use outbound::{BoxError, standard, success};
use test_support::{Events, Scripted, Step};
use tracing::Level;

/// The error of the one event that is written when this error is answered.
fn told(events: &Events, error: impl Into<BoxError>) -> String {
    let error = UpstreamError::from(error);
    assert!(events.take().is_empty(), "not before somebody is answered");
    assert_eq!(error.into_response().status(), StatusCode::BAD_GATEWAY);
    let written = events.take();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].get("http.response.status_code"), Some("502"));
    assert!(!written[0].contain("secret"));
    written[0].get("error").unwrap().to_owned()
}

#[tokio::test]
async fn the_log_hears_what_the_client_does_not() {
    let events = Events::of("outbound::axum", Level::WARN);
    let _guard = events.record();
    let refused = Response::builder().status(404).body("secret body");
    let refused = success(refused.unwrap()).unwrap_err();
    assert_eq!(told(&events, refused), "the API answered 404 Not Found");

    // What an error came from is what its reader looks for.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?secret", nobody.local_addr().unwrap());
    drop(nobody);
    let hyper = Hyper::builder(TokioExecutor::new()).build_http();
    let api = standard().without_retry().service(hyper);
    let request = Request::get(url).body(Full::<Bytes>::default()).unwrap();
    let error = told(&events, api.send(request).await.unwrap_err());
    assert!(error.starts_with("client error (Connect): "), "{error}");
    assert!(error.contains("refused"), "{error}");

    // But not what serde says, which quotes the body.
    let api = standard().service(Scripted::new([Step::ok(r#"["secret"]"#)]));
    let request = Request::get("https://h/").body(Full::<Bytes>::default());
    let pages = api.pages(NoNext, request.unwrap()).await.unwrap();
    let items = pages.items::<u64>("").try_collect::<Vec<_>>().await;
    let error = told(&events, items.unwrap_err());
    assert!(error.starts_with("page 1, item 1: "), "{error}");
    assert!(
        error.ends_with(": the JSON has another form, at line 1, column 8"),
        "{error}"
    );

    // Nor where a handler reads the body itself.
    let data = serde_json::from_str::<u64>(r#""secret""#).unwrap_err();
    let form = "the JSON has another form, at line 1, column 8";
    assert_eq!(told(&events, data), form);
    let syntax = serde_json::from_str::<u64>("[secret").unwrap_err();
    assert!(told(&events, syntax).contains(", at line 1, column "));
}
