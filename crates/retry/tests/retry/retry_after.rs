//! The pauses that a server asks for with `Retry-After`.

use std::time::Duration;

use outbound_retry::{Attempts, RetryLayer};
use test_support::{Scripted, Step, send};
use tokio::time::Instant;
use tower::Layer;

use crate::{SECOND, at_once, get, observed};

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_server_asks_for_is_kept_and_exceeded_by_a_tenth_at_most() {
    for _ in 0..50 {
        let api = Scripted::new([Step::status(503).header("retry-after", "10"), Step::ok("")]);
        let start = Instant::now();
        let response = send(&mut RetryLayer::new().layer(api), get())
            .await
            .unwrap();

        assert_eq!(response.status(), 200);
        // The timer's resolution is a millisecond, rounded up.
        assert!((10 * SECOND..=11 * SECOND + Duration::from_millis(1)).contains(&start.elapsed()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_is_measured_against_the_response_s_own_date() {
    let step = Step::status(429)
        .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .header("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT");
    let api = Scripted::new([step, Step::ok("")]);
    let start = Instant::now();
    let _ = send(&mut at_once().layer(api), get()).await.unwrap();
    assert!((20 * SECOND..=22 * SECOND + Duration::from_millis(1)).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_pause_over_the_ceiling_returns_the_response_at_once() {
    for asked in ["61", "99999999999999999999999999"] {
        let step = Step::status(503).header("retry-after", asked).body("busy");
        let api = Scripted::new([step]);
        let start = Instant::now();
        let response = send(&mut RetryLayer::new().layer(api), get())
            .await
            .unwrap();

        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], asked);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(Attempts::of(response.extensions()), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn zero_seconds_asked_for_are_no_less_than_the_back_off() {
    let api = Scripted::from_fn(|_| Step::status(503).header("retry-after", "0"));
    let mut client = RetryLayer::new()
        .backoff(|_| [SECOND; 3].into_iter())
        .layer(api.clone());
    assert_eq!(observed(&mut client, &api).await, [SECOND; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_hint_on_a_response_that_is_not_retried_is_ignored() {
    for status in [200, 301, 404] {
        let api = Scripted::new([Step::status(status).header("retry-after", "5")]);
        let start = Instant::now();
        assert!(send(&mut RetryLayer::new().layer(api), get()).await.is_ok());
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
