//! What a request and a response carry: overrides, reports, marks, keys.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use outbound_http::ResendCount;
use outbound_retry::{
    Attempts, Exponential, IdempotencyKeyLayer, Idempotent, Override, Report, RetryLayer,
};
use test_support::{Scripted, Step, send};
use tokio::time::{Instant, timeout};
use tower::{Layer, ServiceBuilder};

const SECOND: Duration = Duration::from_secs(1);

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_static("https://api.test/items");
    request
}

fn with<T: Clone + Send + Sync + 'static>(extension: T) -> Request<Full<Bytes>> {
    let mut request = get();
    request.extensions_mut().insert(extension);
    request
}

fn down() -> Scripted {
    Scripted::from_fn(|_| Step::status(503))
}

#[tokio::test]
async fn a_request_may_have_its_own_number_of_retries() {
    for (settings, sends) in [
        (Override::off(), 1),
        (Override::new(), 4),
        (Override::new().retries(1), 2),
        (Override::new().retries(5), 6),
    ] {
        let api = down();
        let _ = send(&mut at_once().layer(api.clone()), with(settings)).await;
        assert_eq!(api.calls(), sends, "{settings:?}");
    }
    // Where the layer is off, a request may turn it on.
    let api = down();
    let mut client = at_once().retries(0).layer(api.clone());
    let _ = send(&mut client, with(Override::new().retries(2))).await;
    assert_eq!(api.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_have_its_own_deadline() {
    let api = down();
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(SECOND))
        .deadline(60 * SECOND)
        .layer(api.clone());
    let settings = Override::new().deadline(SECOND + SECOND / 2);
    let start = Instant::now();
    let _ = send(&mut client, with(settings)).await;
    assert_eq!((api.calls(), start.elapsed()), (2, SECOND));
}

#[tokio::test(start_paused = true)]
async fn no_deadline_is_later_than_the_latest() {
    let each_second = || RetryLayer::new().backoff(|_| std::iter::repeat(SECOND));
    let short = 2 * SECOND + SECOND / 2;
    let long = 60 * SECOND;
    for (layer, own, sends) in [
        (each_second().deadline_at_most(short), None, 3),
        (each_second().deadline_at_most(short), Some(long), 3),
        (
            each_second().deadline_at_most(short).deadline(long),
            None,
            3,
        ),
        (
            each_second().deadline_at_most(short).deadline_at_most(long),
            Some(long),
            3,
        ),
        // Beneath it each may be as late as it likes.
        (
            each_second().deadline(SECOND).deadline_at_most(short),
            None,
            1,
        ),
        (
            each_second().deadline(SECOND).deadline_at_most(long),
            Some(short),
            3,
        ),
    ] {
        let api = down();
        let own = own.map_or(Override::new(), |own| Override::new().deadline(own));
        let _ = send(&mut layer.layer(api.clone()), with(own)).await;
        assert_eq!(api.calls(), sends);
    }
}

#[tokio::test]
async fn a_report_counts_the_attempts_of_a_call_that_fails() {
    let report = Report::new();
    let api = Scripted::from_fn(|_| Step::error(io::Error::from(io::ErrorKind::ConnectionReset)));
    let outcome = send(&mut at_once().layer(api), with(report.clone())).await;
    assert!(outcome.is_err());
    assert_eq!(report.attempts(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_report_counts_the_attempts_of_a_call_that_is_dropped() {
    let report = Report::new();
    assert_eq!(report.attempts(), 0);
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(2 * SECOND))
        .layer(down());
    let call = timeout(3 * SECOND, send(&mut client, with(report.clone())));
    assert!(call.await.is_err());
    assert_eq!(report.attempts(), 2);
}

#[tokio::test]
async fn a_response_that_was_given_up_is_marked_and_others_are_not() {
    let response = send(&mut at_once().layer(down()), get()).await.unwrap();
    let attempts = Attempts::get(response.extensions()).unwrap();
    assert_eq!((attempts.count, attempts.exhausted), (4, true));

    let api = Scripted::new([Step::status(503), Step::status(404)]);
    let response = send(&mut at_once().layer(api), get()).await.unwrap();
    let attempts = Attempts::get(response.extensions()).unwrap();
    assert_eq!((attempts.count, attempts.exhausted), (2, false));

    // What is not repeated for the sake of its method was not given up.
    let mut post = get();
    *post.method_mut() = Method::POST;
    let response = send(&mut at_once().layer(down()), post).await.unwrap();
    assert!(Attempts::get(response.extensions()).is_none());
}

#[tokio::test]
async fn stacked_layers_do_not_multiply() {
    let api = down();
    let mut client = ServiceBuilder::new()
        .layer(at_once())
        .layer(at_once())
        .layer(at_once())
        .service(api.clone());
    let response = send(&mut client, get()).await.unwrap();
    assert_eq!(api.calls(), 4);
    assert!(Attempts::get(response.extensions()).unwrap().exhausted);
}

#[tokio::test]
async fn a_header_tells_the_number_of_the_retry_and_a_first_send_has_none() {
    let name = HeaderName::from_static("x-retry");
    let api = down();
    let _ = send(
        &mut at_once().attempt_header(name).layer(api.clone()),
        get(),
    )
    .await;
    let numbers: Vec<_> = api
        .requests()
        .iter()
        .map(|sent| sent.headers.get("x-retry").cloned())
        .collect();
    let number = |text| Some(HeaderValue::from_static(text));
    assert_eq!(numbers, [None, number("1"), number("2"), number("3")]);

    let api = down();
    let _ = send(&mut at_once().layer(api.clone()), get()).await;
    assert!(api.requests().iter().all(|sent| sent.headers.is_empty()));
}

#[tokio::test]
async fn a_key_is_generated_once_a_call_and_makes_it_repeatable() {
    let api = down();
    let retry = at_once().budget(None);
    let mut client = IdempotencyKeyLayer::new().layer(retry.layer(api.clone()));
    for method in ["POST", "PATCH"] {
        let mut request = get();
        *request.method_mut() = method.parse().unwrap();
        let _ = send(&mut client, request).await;
    }
    let requests = api.requests();
    let key = |at: usize| requests[at].headers["idempotency-key"].clone();
    assert_eq!(requests.len(), 8);
    assert!((0..4).all(|at| key(at) == key(0)));
    assert!((4..8).all(|at| key(at) == key(4)));
    assert_ne!(key(0), key(4));
}

#[tokio::test]
async fn no_key_replaces_the_caller_s_or_goes_where_it_is_not_needed() {
    let api = down();
    let mut client = IdempotencyKeyLayer::new().layer(at_once().layer(api.clone()));
    let mut request = get();
    *request.method_mut() = Method::POST;
    let theirs = HeaderValue::from_static("theirs");
    request.headers_mut().insert("idempotency-key", theirs);
    let _ = send(&mut client, request).await;
    assert_eq!(api.requests()[3].headers["idempotency-key"], "theirs");

    let _ = send(&mut client, get()).await;
    assert!(api.requests()[4].headers.is_empty());
}

#[tokio::test]
async fn a_key_does_not_overrule_its_caller() {
    let api = down();
    let mut client = IdempotencyKeyLayer::new().layer(at_once().layer(api.clone()));
    let mut request = with(Idempotent(false));
    *request.method_mut() = Method::POST;
    let _ = send(&mut client, request).await;
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn a_first_send_carries_nothing_of_the_layer_and_resends_their_number() {
    let api = down();
    let _ = send(&mut at_once().layer(api.clone()), get()).await;
    let requests = api.requests();
    assert!(requests[0].extensions.is_empty());
    for (resend, sent) in requests.iter().enumerate() {
        assert_eq!(
            ResendCount::of(&sent.extensions),
            ResendCount(resend as u32)
        );
    }
}
