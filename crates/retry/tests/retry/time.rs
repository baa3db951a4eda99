//! How long an attempt and a call may take.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use outbound_http::DeadlineAt;
use outbound_retry::{Attempt, Attempts, Budget, Report, RetryLayer, Verdict};
use test_support::{Scripted, Step, send};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::{Layer, ServiceExt, service_fn};

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
async fn no_pause_is_made_that_the_timer_ends_after_the_deadline() {
    // It ends at a whole millisecond, the next after what was asked for.
    let step = Duration::from_millis(1);
    for (before, sends, elapsed) in [
        (step / 2, 1, Duration::ZERO),
        (step - Duration::from_nanos(1), 1, Duration::ZERO),
        (step, 2, SECOND - step),
        (step * 3 / 2, 2, SECOND - step),
    ] {
        for body in ["", "busy"] {
            let api = Scripted::from_fn(move |_| Step::status(503).body(body));
            let mut client = RetryLayer::new()
                .retries(1)
                .backoff(move |_| std::iter::repeat(SECOND - before))
                .deadline(SECOND)
                .layer(api.clone());
            let start = Instant::now();
            let response = send(&mut client, get()).await.unwrap();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(Attempts::of(response.extensions()) as usize, sends);
            assert_eq!(
                (api.calls(), start.elapsed()),
                (sends, elapsed),
                "{before:?}"
            );
        }
    }
}

/// A service that fails, and is ready for a retry ten seconds after it was asked to be.
fn slow_to_be_ready<E: Copy + Send + Sync + 'static>(
    outcome: Result<&'static str, E>,
) -> impl tower::Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = E> + Clone
{
    let service = service_fn(move |_: Request<Full<Bytes>>| async move {
        let mut response = Response::new(Full::from(outcome?));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Ok(response)
    });
    Sluggish {
        service,
        is_first: true,
        ready: None,
    }
}

/// Ready at first, each clone only after ten seconds.
struct Sluggish<S> {
    service: S,
    is_first: bool,
    ready: Option<Pin<Box<Sleep>>>,
}

impl<S: Clone> Clone for Sluggish<S> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            is_first: false,
            ready: None,
        }
    }
}

impl<S, R> tower::Service<R> for Sluggish<S>
where
    S: tower::Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if !self.is_first {
            let ready = self
                .ready
                .get_or_insert_with(|| Box::pin(sleep(10 * SECOND)));
            ready!(ready.as_mut().poll(cx));
        }
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}

/// A call with five seconds, by a service that is ready for a retry after ten.
async fn late<E: Copy + Send + Sync + 'static>(
    outcome: Result<&'static str, E>,
) -> (Result<Response<Full<Bytes>>, E>, u32) {
    let (mut request, report) = (get(), Report::new());
    let budget = Budget::new(0, 1);
    request.extensions_mut().insert(report.clone());
    request
        .extensions_mut()
        .insert(DeadlineAt(Instant::now() + 5 * SECOND));
    let uri = request.uri().clone();
    let layer = RetryLayer::new()
        .backoff(|_| std::iter::repeat(SECOND))
        .classify(|_: &Attempt<'_>, _: Result<&Response<Full<Bytes>>, &E>| Verdict::Unprocessed)
        .budget(budget.clone());
    let outcome = layer
        .layer(slow_to_be_ready(outcome))
        .oneshot(request)
        .await;
    let spent = u64::from(report.attempts() - 1) * 1000;
    assert_eq!(budget.balance(&uri), 1000 - spent);
    (outcome, report.attempts())
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_service_is_ready_for_too_late_gives_way_to_the_outcome_before_it() {
    let start = Instant::now();
    let (outcome, sends) = late(Err::<_, &str>("lost")).await;
    assert_eq!((outcome.unwrap_err(), sends), ("lost", 1));
    // At the deadline, as nothing is to be waited for any more.
    assert_eq!(start.elapsed(), 5 * SECOND);

    let start = Instant::now();
    let (outcome, sends) = late(Ok::<_, Infallible>("")).await;
    assert_eq!(start.elapsed(), 5 * SECOND);
    let response = outcome.unwrap();
    assert_eq!(
        (response.status(), sends),
        (StatusCode::SERVICE_UNAVAILABLE, 1)
    );
    let attempts = Attempts::get(response.extensions());
    assert!(attempts.is_some_and(|attempts| attempts.count == 1 && attempts.exhausted));
}

#[tokio::test(start_paused = true)]
async fn a_late_attempt_is_made_where_no_outcome_was_kept() {
    // A response with a body holds its connection, and was discarded before the pause.
    let start = Instant::now();
    let (outcome, sends) = late(Ok::<_, Infallible>("busy")).await;
    assert_eq!(start.elapsed(), 11 * SECOND);
    assert_eq!(
        (outcome.unwrap().status(), sends),
        (StatusCode::SERVICE_UNAVAILABLE, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_ends_its_retries() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(SECOND))
        .layer(api.clone());
    assert!(timeout(SECOND / 2, send(&mut client, get())).await.is_err());
    sleep(60 * SECOND).await;
    assert_eq!(api.calls(), 1);
}
