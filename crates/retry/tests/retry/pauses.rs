//! The pauses that the back-off makes.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound_retry::{Attempt, Attempts, Exponential, RetryLayer, Verdict};
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

use crate::{SECOND, at_once, get, observed};

#[tokio::test(start_paused = true)]
async fn pauses_are_exactly_those_that_the_back_off_made() {
    let pauses = [3 * SECOND, Duration::ZERO, 5 * SECOND];
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = RetryLayer::new()
        .backoff(move |_| pauses.into_iter())
        .layer(api.clone());
    let _ = send(&mut client, get()).await;

    let at: Vec<_> = api.requests().iter().map(|sent| sent.at).collect();
    let observed: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(observed, pauses);
}

#[tokio::test(start_paused = true)]
async fn a_back_off_that_ends_ends_the_retries() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = RetryLayer::new()
        .retries(9)
        .backoff(|_| [SECOND; 2].into_iter())
        .layer(api.clone());
    let _ = send(&mut client, get()).await;
    assert_eq!(api.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn requests_clones_and_services_do_not_pause_in_step() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let schedule = Exponential::new(1000 * SECOND, 1000 * SECOND);
    let layer = RetryLayer::new().backoff(schedule).budget(None).seed(7);
    let mut client = layer.layer(api.clone());
    let (mut clone, mut sibling) = (client.clone(), layer.layer(api.clone()));

    let mut all = Vec::new();
    for _ in 0..3 {
        all.extend(observed(&mut client, &api).await);
        all.extend(observed(&mut clone, &api).await);
        all.extend(observed(&mut sibling, &api).await);
    }
    let count = all.len();
    assert_eq!(count, 27);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "a pause was drawn twice");
}

#[tokio::test(start_paused = true)]
async fn a_fixed_seed_fixes_the_pauses() {
    let schedule = Exponential::new(1000 * SECOND, 1000 * SECOND);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let api = Scripted::from_fn(|_| Step::status(503));
        let mut client = RetryLayer::new()
            .backoff(schedule)
            .seed(7)
            .layer(api.clone());
        runs.push(observed(&mut client, &api).await);
    }
    assert_eq!(runs[0], runs[1]);
}

/// A timer would panic: there is no runtime.
#[test]
fn without_a_pause_there_is_no_timer() {
    let api = tower::service_fn(|_: Request<Full<Bytes>>| async {
        Response::builder().status(503).body(Body::empty())
    });
    let judge = |_: &Attempt<'_>, _: Result<&Response<Body>, &http::Error>| Verdict::Unprocessed;
    let mut client = at_once().classify(judge).layer(api);
    let response = futures_util::FutureExt::now_or_never(send(&mut client, get()));
    assert_eq!(Attempts::of(response.unwrap().unwrap().extensions()), 4);
}
