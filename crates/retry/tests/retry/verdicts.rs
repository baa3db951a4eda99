//! Which outcomes are retried, for which requests, and how often.

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, ResendCount};
use outbound_retry::{Attempt, Attempts, Idempotent, Verdict};
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

use crate::{at_once, get, lost, refused, with_method};

#[tokio::test]
async fn a_transient_status_is_retried_until_it_succeeds() {
    let api = Scripted::new([Step::status(503), Step::status(500), Step::ok("[1]")]);
    let response = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap();

    assert_eq!(response.status(), 200);
    assert_eq!(Attempts::of(response.extensions()), 3);
    assert_eq!(ResendCount::of(response.extensions()), ResendCount(2));
    assert_eq!(api.calls(), 3);
}

#[tokio::test]
async fn the_last_response_is_returned_when_the_retries_are_spent() {
    let steps = (0..4).map(|n| Step::status(503).body(format!("answer {n}")));
    let api = Scripted::new(steps);
    let response = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap();

    assert_eq!(response.status(), 503);
    assert_eq!(api.remaining(), 0);
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    assert_eq!(body.to_bytes(), "answer 3");
}

#[tokio::test]
async fn the_last_error_is_returned_as_it_is() {
    let api = Scripted::from_fn(|_| lost());
    let error = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap_err();

    let error = error.downcast_ref::<io::Error>().expect("not wrapped");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(api.calls(), 4);
}

#[tokio::test]
async fn retries_are_counted_after_the_first_send() {
    for retries in [0, 1, 2, 5] {
        let api = Scripted::from_fn(|_| Step::status(503));
        let _ = send(&mut at_once().retries(retries).layer(api.clone()), get()).await;
        assert_eq!(api.calls(), retries as usize + 1);
    }
}

/// How often a request is sent that is answered with `step` for ever.
async fn sends(step: fn() -> Step, request: Request<Full<Bytes>>) -> usize {
    let api = Scripted::from_fn(move |_| step());
    let _ = send(&mut at_once().layer(api.clone()), request).await;
    api.calls()
}

#[tokio::test]
async fn statuses_that_were_not_processed_are_retried_for_any_method() {
    for (step, name) in [
        ((|| Step::status(408)) as fn() -> Step, "408"),
        (|| Step::status(421), "421"),
        (|| Step::status(425), "425"),
        (|| Step::status(429), "429"),
        (
            || Step::status(413).header("retry-after", "0"),
            "413 with Retry-After",
        ),
        (refused, "connection refused"),
    ] {
        for method in ["GET", "POST", "PATCH"] {
            assert_eq!(sends(step, with_method(method)).await, 4, "{method} {name}");
        }
    }
}

#[tokio::test]
async fn what_may_have_been_processed_is_retried_for_idempotent_methods_alone() {
    for (step, name) in [
        ((|| Step::status(500)) as fn() -> Step, "500"),
        (|| Step::status(502), "502"),
        (|| Step::status(503).header("retry-after", "0"), "503"),
        (|| Step::status(504), "504"),
        (lost, "connection lost"),
        (
            || Step::error(io::Error::from(io::ErrorKind::UnexpectedEof)),
            "body cut short",
        ),
        (
            || Step::error(io::Error::from(io::ErrorKind::TimedOut)),
            "timed out",
        ),
    ] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "QUERY"] {
            assert_eq!(sends(step, with_method(method)).await, 4, "{method} {name}");
        }
        for method in ["POST", "PATCH"] {
            assert_eq!(sends(step, with_method(method)).await, 1, "{method} {name}");
        }
    }
}

#[tokio::test]
async fn a_key_or_a_mark_overrides_the_method() {
    let mut keyed = with_method("POST");
    keyed
        .headers_mut()
        .insert("idempotency-key", HeaderValue::from_static("k"));
    assert_eq!(sends(lost, keyed.clone()).await, 4);

    let mut marked = with_method("POST");
    marked.extensions_mut().insert(Idempotent(true));
    assert_eq!(sends(lost, marked).await, 4);

    let mut single = get();
    single.extensions_mut().insert(Idempotent(false));
    assert_eq!(sends(lost, single).await, 1);
    keyed.extensions_mut().insert(Idempotent(false));
    assert_eq!(sends(lost, keyed).await, 1);
}

#[tokio::test]
async fn other_statuses_and_errors_are_sent_once() {
    for status in [
        200, 204, 301, 400, 401, 403, 404, 409, 410, 412, 413, 422, 501, 505,
    ] {
        let api = Scripted::new([Step::status(status)]);
        let response = send(&mut at_once().layer(api.clone()), get())
            .await
            .unwrap();
        assert_eq!(response.status(), status);
    }
    assert_eq!(sends(|| Step::error("overloaded"), get()).await, 1);
    assert_eq!(
        sends(
            || Step::error(io::Error::from(io::ErrorKind::InvalidData)),
            get()
        )
        .await,
        1
    );
}

#[tokio::test]
async fn upgrades_and_tunnels_are_sent_once() {
    assert_eq!(sends(|| Step::status(503), with_method("CONNECT")).await, 1);
    let mut upgrade = get();
    upgrade
        .headers_mut()
        .insert("upgrade", HeaderValue::from_static("websocket"));
    assert_eq!(sends(|| Step::status(503), upgrade).await, 1);
}

#[tokio::test]
async fn a_closure_judges_instead() {
    let api = Scripted::new([Step::status(404), Step::status(503)]);
    let judge = |attempt: &Attempt<'_>, outcome: Result<&Response<Body>, &BoxError>| match outcome {
        Ok(response) if response.status() == 404 && attempt.number() == 1 => Verdict::Unprocessed,
        _ => Verdict::Done,
    };
    let response = send(&mut at_once().classify(judge).layer(api), get())
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
}
