//! How many retries there are in an outage, and for whom.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_retry::{Attempts, Budget, Exponential, RetryLayer};
use test_support::{Scripted, Step, send};
use tokio::time::{Instant, timeout};
use tower::Layer;

const SECOND: Duration = Duration::from_secs(1);
const URI: &str = "https://api.test/";

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).expect("a request")
}

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn down() -> Scripted {
    Scripted::from_fn(|_| Step::status(503))
}

#[tokio::test]
async fn retries_are_bounded_by_a_share_of_first_sends_and_the_reserve() {
    for (per_mille, expected) in [(0, 10), (100, 109), (600, 609), (1000, 1009)] {
        let api = down();
        let mut client = at_once()
            .budget(Budget::new(per_mille, 10))
            .layer(api.clone());
        for _ in 0..1000 {
            let _ = send(&mut client, get(URI)).await;
        }
        let retries = api.calls() - 1000;
        assert!(retries.abs_diff(expected) <= 1, "{per_mille}: {retries}");
    }
}

#[tokio::test]
async fn by_default_there_is_one_of_20_percent_and_five() {
    let api = down();
    let mut client = at_once().layer(api.clone());
    for _ in 0..1000 {
        let _ = send(&mut client, get(URI)).await;
    }
    // What the first send earns finds the reserve full.
    assert_eq!(api.calls(), 1000 + 5 + 199);
}

#[tokio::test]
async fn without_one_only_the_number_of_retries_bounds_them() {
    let api = down();
    let mut client = at_once().budget(None).layer(api.clone());
    for _ in 0..100 {
        let _ = send(&mut client, get(URI)).await;
    }
    assert_eq!(api.calls(), 400);
}

#[tokio::test(start_paused = true)]
async fn time_alone_renews_nothing() {
    let (api, budget) = (down(), Budget::new(0, 3));
    let mut client = at_once().budget(budget).layer(api.clone());
    let _ = send(&mut client, get(URI)).await;
    tokio::time::sleep(1000 * SECOND).await;
    let _ = send(&mut client, get(URI)).await;
    assert_eq!(api.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn where_it_is_spent_the_response_is_returned_without_a_pause() {
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(SECOND))
        .budget(Budget::new(0, 0))
        .layer(down());
    let start = Instant::now();
    let response = send(&mut client, get(URI)).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(Attempts::get(response.extensions()).unwrap().exhausted);
}

#[tokio::test(start_paused = true)]
async fn where_it_is_spent_a_slow_attempt_runs_on() {
    let api = Scripted::new([Step::ok("slow").delay(60 * SECOND)]);
    let mut client = at_once()
        .budget(Budget::new(0, 0))
        .attempt_timeout(2 * SECOND)
        .layer(api);
    assert_eq!(send(&mut client, get(URI)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_host_that_is_down_does_not_starve_another() {
    let (api, budget) = (down(), Budget::new(0, 5));
    let mut client = at_once().budget(budget.clone()).layer(api.clone());
    for _ in 0..9 {
        let _ = send(&mut client, get("https://a.test/")).await;
    }
    assert_eq!(api.calls(), 9 + 5);
    assert_eq!(budget.balance(&"https://b.test/".parse().unwrap()), 5000);
    let _ = send(&mut client, get("https://b.test/")).await;
    assert_eq!(api.calls(), 9 + 5 + 4);
}

#[tokio::test]
async fn unprocessed_requests_are_bounded_too() {
    let refused = || Step::error(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
    let api = Scripted::from_fn(move |_| refused());
    let mut client = at_once().budget(Budget::new(0, 4)).layer(api.clone());
    for _ in 0..9 {
        assert!(send(&mut client, get(URI)).await.is_err());
    }
    assert_eq!(api.calls(), 9 + 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_retry_is_sent_costs_nothing() {
    let (budget, uri) = (Budget::new(0, 5), URI.parse().unwrap());
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(2 * SECOND))
        .budget(budget.clone())
        .layer(down());

    // In its first pause.
    let call = timeout(SECOND, send(&mut client, get(URI)));
    assert!(call.await.is_err());
    assert_eq!(budget.balance(&uri), 5000);
    // In its second, after one retry.
    let call = timeout(3 * SECOND, send(&mut client, get(URI)));
    assert!(call.await.is_err());
    assert_eq!(budget.balance(&uri), 4000);
}

#[tokio::test]
async fn a_response_over_the_ceiling_costs_nothing() {
    let (budget, uri) = (Budget::new(0, 5), URI.parse().unwrap());
    let api = Scripted::from_fn(|_| Step::status(503).header("retry-after", "3600"));
    let mut client = at_once().budget(budget.clone()).layer(api);
    let _ = send(&mut client, get(URI)).await;
    assert_eq!(budget.balance(&uri), 5000);
}
