//! How long an attempt and a call may take.

use std::time::Duration;

use http::StatusCode;
use outbound_retry::{Attempts, RetryLayer};
use test_support::{Scripted, Step, send};
use tokio::time::{Instant, timeout};
use tower::Layer;

use crate::{SECOND, at_once, get, with_method};

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_is_given_up_for_another() {
    let api = Scripted::new([Step::ok("slow").delay(60 * SECOND), Step::ok("fast")]);
    let start = Instant::now();
    let response = send(&mut at_once().attempt_timeout(2 * SECOND).layer(api), get())
        .await
        .unwrap();

    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(Attempts::of(response.extensions()), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_no_other_may_follow_runs_on() {
    for (request, retries) in [(with_method("POST"), 3), (get(), 0)] {
        let api = Scripted::new([Step::ok("slow").delay(60 * SECOND)]);
        let mut client = at_once()
            .retries(retries)
            .attempt_timeout(2 * SECOND)
            .layer(api);
        let start = Instant::now();
        assert_eq!(send(&mut client, request).await.unwrap().status(), 200);
        assert_eq!(start.elapsed(), 60 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_is_not_cut_short() {
    let api = Scripted::from_fn(|_| Step::ok("slow").delay(60 * SECOND));
    let mut client = at_once()
        .retries(2)
        .attempt_timeout(2 * SECOND)
        .layer(api.clone());
    let start = Instant::now();
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
    assert_eq!(start.elapsed(), 64 * SECOND);
    assert_eq!(api.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_attempt_does_not_include_the_pause_before_it() {
    let api = Scripted::new([
        Step::status(503),
        Step::ok("in time").delay(2 * SECOND - Duration::from_millis(2)),
    ]);
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(60 * SECOND))
        .attempt_timeout(2 * SECOND)
        .layer(api.clone());
    let response = send(&mut client, get()).await.unwrap();
    assert_eq!((response.status(), api.calls()), (StatusCode::OK, 2));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_after_the_deadline_and_no_vain_pause_is_made() {
    let api = Scripted::from_fn(|_| Step::status(503).delay(SECOND));
    let mut client = RetryLayer::new()
        .retries(9)
        .backoff(|_| std::iter::repeat(2 * SECOND))
        .deadline(6 * SECOND)
        .layer(api.clone());
    let start = Instant::now();
    let response = send(&mut client, get()).await.unwrap();

    // Attempts at 0 s and 3 s; a third would start at 6 s.
    assert_eq!(
        (response.status(), api.calls()),
        (StatusCode::SERVICE_UNAVAILABLE, 2)
    );
    assert_eq!(start.elapsed(), 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_ends_its_retries() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(SECOND))
        .layer(api.clone());
    assert!(timeout(SECOND / 2, send(&mut client, get())).await.is_err());
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(api.calls(), 1);
}
