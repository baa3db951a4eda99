//! What is retried and what is not, after which pause, with which bytes.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use outbound_http::{BoxError, NoReplay, ResendCount};
use outbound_retry::{
    Attempt, Attempts, Cause, Event, Exponential, Idempotent, RetryLayer, Verdict,
};
use test_support::{Body, Scripted, Step, send};
use tokio::time::{Instant, timeout};
use tower::Layer;

const SECOND: Duration = Duration::from_secs(1);

/// Retries without pauses, unless the server asks for them.
fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_static("https://api.test/items?key=secret");
    request
}

fn with_method(method: &str) -> Request<Full<Bytes>> {
    let mut request = get();
    *request.method_mut() = method.parse().expect("a method");
    request
}

/// How often a request is sent that is answered with `step` for ever.
async fn sends(step: fn() -> Step, request: Request<Full<Bytes>>) -> usize {
    let api = Scripted::from_fn(move |_| step());
    let _ = send(&mut at_once().layer(api.clone()), request).await;
    api.calls()
}

fn lost() -> Step {
    Step::error(io::Error::from(io::ErrorKind::ConnectionReset))
}

fn refused() -> Step {
    Step::error(io::Error::from(io::ErrorKind::ConnectionRefused))
}

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
async fn a_first_success_carries_no_mark_and_its_request_no_count() {
    let api = Scripted::new([Step::ok("[1]")]);
    let response = send(&mut at_once().layer(api.clone()), get())
        .await
        .unwrap();

    assert!(response.extensions().is_empty());
    assert!(api.requests()[0].extensions.is_empty());
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
async fn every_attempt_has_the_same_head_and_body() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let request = Request::put("https://api.test/items?key=1")
        .header("accept", "b")
        .header("accept", "a")
        .extension("theirs")
        .body(Full::new(Bytes::from("body")))
        .unwrap();
    let _ = send(&mut at_once().layer(api.clone()), request).await;

    let requests = api.requests();
    assert_eq!(requests.len(), 4);
    for (resend, sent) in requests.iter().enumerate() {
        assert_eq!(sent.method, Method::PUT);
        assert_eq!(sent.uri, "https://api.test/items?key=1");
        assert!(sent.headers.get_all("accept").iter().eq(["b", "a"]));
        assert_eq!(sent.extensions.get::<&str>(), Some(&"theirs"));
        assert_eq!(
            ResendCount::of(&sent.extensions),
            ResendCount(resend as u32)
        );
        assert_eq!(sent.body, "body");
    }
}

#[tokio::test]
async fn a_streaming_body_is_recorded_and_sent_whole_each_time() {
    let api = Scripted::new([Step::status(503).early(), Step::status(503), Step::ok("")]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["ab", "cd", "ef"]))
        .unwrap();
    let mut client = at_once().buffer_body(64).layer(api.clone());

    assert_eq!(send(&mut client, request).await.unwrap().status(), 200);

    let bodies: Vec<_> = api.requests().into_iter().map(|sent| sent.body).collect();
    assert_eq!(
        bodies,
        ["", "abcdef", "abcdef"],
        "the first was answered before it was read"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_sent_once_and_whole() {
    let api = Scripted::new([Step::status(503)]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["0123", "4567"]))
        .unwrap();
    let response = send(&mut at_once().buffer_body(6).layer(api.clone()), request)
        .await
        .unwrap();

    assert_eq!(response.status(), 503);
    assert_eq!(api.requests()[0].body, "01234567");
}

#[tokio::test]
async fn a_body_that_cannot_be_repeated_is_sent_once_and_not_refused() {
    let api = Scripted::new([Step::status(503)]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["ab"]))
        .unwrap();
    let response = send(&mut at_once().replay(NoReplay).layer(api.clone()), request)
        .await
        .unwrap();

    assert_eq!(response.status(), 503);
    assert_eq!(api.requests()[0].body, "ab");
}

#[tokio::test]
async fn a_request_body_that_fails_is_not_retried() {
    let api = Scripted::new([Step::ok("")]);
    let broken = Body::failing_after(["ab"], io::Error::from(io::ErrorKind::ConnectionReset));
    let request = Request::put("https://h/").body(broken).unwrap();
    let error = send(&mut at_once().buffer_body(64).layer(api.clone()), request)
        .await
        .unwrap_err();

    assert!(error.is::<io::Error>());
    assert_eq!(api.calls(), 1);
}

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

/// The pauses of one request that fails for ever.
async fn observed(
    client: &mut (impl tower::Service<Request<Full<Bytes>>> + Clone),
    api: &Scripted,
) -> Vec<Duration> {
    let before = api.calls();
    let _ = send(client, get()).await;
    let at: Vec<_> = api.requests()[before..]
        .iter()
        .map(|sent| sent.at)
        .collect();
    at.windows(2).map(|pair| pair[1] - pair[0]).collect()
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

#[tokio::test]
async fn trailers_are_sent_again() {
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("")]);
    let mut trailers = http::HeaderMap::new();
    trailers.insert("digest", HeaderValue::from_static("d"));
    let body = Body::chunks(["ab", "cd", "ef"]).with_trailers(trailers.clone());
    let request = Request::put("https://h/").body(body).unwrap();
    let mut client = at_once().buffer_body(64).layer(api.clone());
    assert_eq!(send(&mut client, request).await.unwrap().status(), 200);
    for sent in api.requests() {
        assert_eq!(sent.body, "abcdef");
        assert_eq!(sent.trailers, Some(trailers.clone()));
    }
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
