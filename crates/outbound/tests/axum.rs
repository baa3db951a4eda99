//! What a handler of axum answers when an API that it calls fails.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use outbound::axum::{IncomingDeadlineLayer, UpstreamError};
use outbound::http::DeadlineAt;
use outbound::paginate::NoNext;
use outbound::schema::{Contract, ValidateLayer};
use outbound::{Client, ErrorExt, standard, success};
use test_support::{Scripted, Step};
use tokio::time::Instant;
use tower::ServiceExt;

async fn names(
    State(api): State<Client>,
    Extension(deadline): Extension<DeadlineAt>,
) -> Result<Bytes, UpstreamError> {
    let request = Request::get("/names?key=secret-query").extension(deadline);
    let response = api.send(request.body(Full::default())?).await?;
    Ok(success(response)?.into_body().into_bytes())
}

/// What a client of the app is answered when its upstream does this.
async fn ask(step: Step) -> (StatusCode, HeaderMap, String) {
    let upstream = standard()
        .base_url("https://secret-host.test/secret-path")
        .unwrap()
        .without_retry()
        .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
        .service(Scripted::new([step]));
    let app = Router::new()
        .route("/", get(names))
        .layer(IncomingDeadlineLayer::new(Duration::from_secs(3)))
        .with_state(upstream.boxed());
    let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test(start_paused = true)]
async fn each_failure_has_its_status_and_tells_nothing_of_the_upstream() {
    let reset = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "secret detail");
    let asks = |status, when: &str| {
        Step::status(status)
            .header("retry-after", when)
            .body("secret body")
    };
    let busy = |status| asks(status, "7");
    let date = "Sun, 06 Nov 1994 08:49:44 GMT";
    for (step, expected, retry_after) in [
        (Step::error(reset), 502, None),
        (Step::ok(r#"{"secret":1}"#), 502, None),
        (Step::status(500).body("secret body"), 502, None),
        (Step::status(404), 502, None),
        (Step::status(401), 502, None),
        (busy(503), 503, Some("7")),
        (busy(429), 503, Some("7")),
        (Step::status(503), 503, None),
        (asks(503, date), 503, Some(date)),
        (asks(503, ""), 503, None),
        (asks(503, "7; secret-host.test"), 503, None),
        (busy(500), 502, None),
        (
            Step::ok(r#"{"id":1}"#).delay(Duration::from_secs(4)),
            504,
            None,
        ),
    ] {
        let (status, headers, body) = ask(step).await;
        assert_eq!(status, expected, "{body}");
        assert_eq!(headers["content-type"], "application/problem+json");
        let told = headers
            .get("retry-after")
            .map(|value| value.to_str().unwrap());
        assert_eq!(told, retry_after);
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], expected);
        assert_eq!(problem["title"], status.canonical_reason().unwrap());
        assert!(!body.contains("secret"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_refused_passes_its_retry_after_on_too() {
    let busy = || Step::status(503).header("retry-after", "61");
    let upstream: Client = standard().service(Scripted::new([busy(), busy()])).boxed();
    let request = || {
        let request = Request::get("https://upstream.test/names");
        request.body(Full::<Bytes>::default()).unwrap()
    };
    let answered = success(upstream.send(request()).await.unwrap());
    let error: outbound::BoxError = match upstream.pages(NoNext, request()).await {
        Ok(pages) => std::pin::pin!(pages)
            .next()
            .await
            .unwrap()
            .unwrap_err()
            .into(),
        Err(error) => error,
    };
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(error.retry_after(), answered.unwrap_err().retry_after());
    let response = UpstreamError::from(error).into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "61");
}

#[tokio::test(start_paused = true)]
async fn a_success_passes_and_the_caller_s_time_is_the_upstream_s() {
    let (status, headers, body) = ask(Step::ok(r#"{"id":1}"#)).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"id":1}"#));
    assert!(!headers.contains_key("retry-after"));

    let start = Instant::now();
    let (status, ..) = ask(Step::ok("{}").delay(Duration::from_secs(1000))).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[test]
fn a_mistake_of_the_handler_is_not_the_upstream_s() {
    let status = |error: UpstreamError| error.into_response().status().as_u16();
    let request = Request::get("not a url").body(()).unwrap_err();
    assert_eq!(status(request.into()), 500);
    let value = http::HeaderValue::from_str("\n").unwrap_err();
    assert_eq!(status(value.into()), 500);
    assert_eq!(status(Contract::required(["id"]).unwrap_err().into()), 500);
    // Not one that stands within what an upstream did.
    let request = Request::get("not a url").body(()).unwrap_err();
    assert_eq!(status(std::io::Error::other(request).into()), 502);
    assert_eq!(status("an error of the upstream's".into()), 502);
}
