//! Until when a call may take, and what a retry may still wait for.

use std::time::Duration;

use http::{Method, StatusCode};
use outbound::http::{DeadlineAt, DeadlineExceeded};
use outbound::retry::{Override, RetryLayer};
use outbound::{ErrorExt, standard};
use test_support::{Scripted, Step, Strict};
use tokio::time::Instant;

use crate::{SECOND, request};

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_returns_the_response_that_asked_for_it() {
    let busy = || Step::status(503).header("retry-after", "11");
    let api = Scripted::new([busy()]);
    let stack = standard()
        .deadline(10 * SECOND)
        .service(Strict::with(api.clone()));
    let start = Instant::now();
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((start.elapsed(), api.calls()), (Duration::ZERO, 1));

    // A request's own settings move it no further out: no pause is made that would end behind it.
    let busy = || Step::status(503).header("retry-after", "7");
    let api = Scripted::new([busy(), busy()]);
    let stack = standard()
        .deadline(10 * SECOND)
        .service(Strict::with(api.clone()));
    let mut patient = request(Method::GET, "https://h/");
    let settings = Override::new().deadline(500 * SECOND);
    patient.extensions_mut().insert(settings);
    let response = stack.send(patient).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(api.calls(), 2);

    // A retry's own deadline stands where it is the earlier one, and gives way where it is not.
    for (own, sends) in [(5, 1), (500, 2)] {
        let busy = Step::status(503).header("retry-after", "7");
        let api = Scripted::new([busy, Step::ok("{}")]);
        let stack = standard()
            .retry(RetryLayer::new().deadline(own * SECOND))
            .deadline(10 * SECOND)
            .service(Strict::with(api.clone()));
        stack
            .send(request(Method::GET, "https://h/"))
            .await
            .unwrap();
        assert_eq!(api.calls(), sends);
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_s_own_deadline_counts_if_it_is_the_earlier_one() {
    for (own, expected) in [(3, 3), (100, 10)] {
        let api = Scripted::new([Step::ok("{}").delay(1000 * SECOND)]);
        let stack = standard()
            .deadline(10 * SECOND)
            .service(Strict::with(api.clone()));
        let start = Instant::now();
        let mut request = request(Method::GET, "https://h/");
        request
            .extensions_mut()
            .insert(DeadlineAt(start + own * SECOND));
        let error = stack.send(request).await.unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(start.elapsed(), expected * SECOND);
        let exceeded = error.find::<DeadlineExceeded>().unwrap();
        assert_eq!(exceeded.limit(), expected * SECOND);
    }

    // No retry begins after it, and no pause is made for one.
    let api = Scripted::new([Step::status(503).header("retry-after", "4")]);
    let stack = standard().service(Strict::with(api.clone()));
    let start = Instant::now();
    let mut request = request(Method::GET, "https://h/");
    request
        .extensions_mut()
        .insert(DeadlineAt(start + 3 * SECOND));
    let response = stack.send(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), start.elapsed()),
        (503, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_deadline_is_not_sent_at_all() {
    let api = Scripted::new([Step::ok("{}")]);
    let stack = standard().service(Strict::with(api.clone()));
    for past in [Duration::ZERO, SECOND] {
        let mut request = request(Method::POST, "https://h/");
        let at = DeadlineAt(Instant::now());
        request.extensions_mut().insert(at);
        tokio::time::advance(past).await;
        assert!(stack.send(request).await.unwrap_err().is_timeout());
        assert_eq!(api.calls(), 0);
    }
}
