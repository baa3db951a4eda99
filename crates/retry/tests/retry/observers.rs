//! What observers hear of a retry, and what a response tells of it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, ResendCount};
use outbound_retry::{Attempt, Cause, Event, Verdict};
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

use crate::{at_once, get, lost};

#[tokio::test]
async fn observers_hear_of_each_retry_and_of_no_secret() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let api = Scripted::new([Step::status(503), lost(), Step::ok("")]);
    let mut client = at_once()
        .on_retry(move |event: &Event<'_>| {
            let status = matches!(event.cause(), Cause::Status(_));
            lines
                .lock()
                .unwrap()
                .push((event.retry(), status, event.to_string()));
        })
        .layer(api);
    send(&mut client, get()).await.unwrap();

    let lines = told.lock().unwrap().clone();
    assert_eq!(
        lines,
        [
            (
                1,
                true,
                "GET https://api.test/items answered 503; retry 1 in 0ns".to_owned()
            ),
            (
                2,
                false,
                "GET https://api.test/items failed (connection reset); retry 2 in 0ns".to_owned()
            ),
        ]
    );
}

#[tokio::test]
async fn neither_events_nor_attempts_print_a_secret_of_the_uri() {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let (judged, told) = (Arc::clone(&shown), Arc::clone(&shown));
    let mut client = at_once()
        .retries(1)
        .classify(
            move |attempt: &Attempt<'_>, _: Result<&Response<Body>, &BoxError>| {
                judged.lock().unwrap().push(format!("{attempt:?}"));
                Verdict::Unprocessed
            },
        )
        .on_retry(move |event| told.lock().unwrap().push(format!("{event:?}")))
        .layer(Scripted::from_fn(|_| Step::status(503)));
    let mut request = get();
    *request.uri_mut() = "https://canary@api.test/items?key=canary".parse().unwrap();
    send(&mut client, request).await.unwrap();

    let shown = shown.lock().unwrap().clone();
    assert_eq!(
        shown,
        [
            "Attempt { number: 1, method: GET, uri: https://api.test/items }",
            "Event { retry: 1, delay: 0ns, server_asked: false, method: GET, \
             uri: https://api.test/items, cause: answered 503, .. }",
            "Attempt { number: 2, method: GET, uri: https://api.test/items }",
        ]
    );
}

#[tokio::test]
async fn each_outcome_is_judged_once_and_told_before_the_next_attempt() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (sent, judged, told) = (log.clone(), log.clone(), log.clone());
    let api = tower::service_fn(move |_: Request<Full<Bytes>>| {
        sent.lock().expect("not poisoned").push("sent");
        async { Response::builder().status(503).body(Body::empty()) }
    });
    let mut client = at_once()
        .retries(1)
        .classify(
            move |_: &Attempt<'_>, _: Result<&Response<Body>, &http::Error>| {
                judged.lock().expect("not poisoned").push("judged");
                Verdict::Unprocessed
            },
        )
        .on_retry(move |_| told.lock().expect("not poisoned").push("told"))
        .layer(api);
    send(&mut client, get()).await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        ["sent", "judged", "told", "sent", "judged"]
    );
}

#[tokio::test]
async fn a_first_success_carries_no_mark_and_its_request_no_count() {
    let api = Scripted::new([Step::ok("[1]")]);
    let response = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap();

    assert!(response.extensions().is_empty());
    assert!(api.requests()[0].extensions.is_empty());
}

#[tokio::test]
async fn a_resend_beneath_is_counted_with_those_of_this_layer() {
    let api = Scripted::new([
        Step::status(503).extension(ResendCount(1)),
        Step::ok("").extension(ResendCount(3)),
    ]);
    let response = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap();
    assert_eq!(
        ResendCount::of(&api.requests()[1].extensions),
        ResendCount(2)
    );
    assert_eq!(ResendCount::of(response.extensions()), ResendCount(3));
}
