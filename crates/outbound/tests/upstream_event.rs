//! What the log hears of a call that failed. Alone in its program: the first test that meets an event
//! without a subscriber switches it off for all.

use axum::response::IntoResponse;
use http::{Response, StatusCode};
use outbound::axum::UpstreamError;
use outbound::success;
use test_support::Events;
use tracing::Level;

#[test]
fn the_log_hears_what_the_client_does_not() {
    let events = Events::of("outbound::axum", Level::WARN);
    let _guard = events.record();
    let refused = Response::builder().status(404).body("secret body");
    let error = success(refused.expect("a response")).expect_err("it is no success");
    let error = UpstreamError::from(error);
    assert!(events.take().is_empty(), "not before somebody is answered");
    assert_eq!(error.into_response().status(), StatusCode::BAD_GATEWAY);

    let events = events.take();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].get("http.response.status_code"), Some("502"));
    assert_eq!(
        events[0].get("error"),
        Some("the API answered 404 Not Found")
    );
    assert!(!events[0].contain("secret"));
}
