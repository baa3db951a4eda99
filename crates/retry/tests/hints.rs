//! What servers ask for: when to come back, and whether.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use outbound_retry::{Attempts, Exponential, RetryLayer};
use test_support::{Scripted, Step, send};
use tokio::time::Instant;
use tower::Layer;

const SECOND: Duration = Duration::from_secs(1);

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_static("https://api.test/items");
    request
}

fn post() -> Request<Full<Bytes>> {
    let mut request = get();
    *request.method_mut() = http::Method::POST;
    request
}

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

/// How often `request` is sent to an API that answers so at first, and how long it takes.
async fn course(step: Step, request: Request<Full<Bytes>>) -> (u32, Duration) {
    let api = Scripted::new([step, Step::ok("")]);
    let start = Instant::now();
    let response = send(&mut at_once().layer(api), request)
        .await
        .expect("an answer");
    (Attempts::of(response.extensions()), start.elapsed())
}

/// Within a tenth of what was asked; the timer's resolution is a millisecond, rounded up.
fn assert_waited(waited: Duration, asked: Duration) {
    let longest = asked + asked / 10 + Duration::from_millis(1);
    assert!((asked..=longest).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_hint_is_waited_for() {
    let asked = 20 * SECOND;
    for step in [
        Step::status(503).header("retry-after-ms", "20000"),
        Step::status(503).header("x-ms-retry-after-ms", "20000"),
        Step::status(503).header("retry-after", "20"),
        Step::status(429).header("ratelimit", "\"d\";r=0;t=20"),
        Step::status(429)
            .header("ratelimit-remaining", "0")
            .header("ratelimit-reset", "20"),
        Step::status(429)
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", "20"),
        Step::status(429)
            .header("date", "Mon, 01 Jul 2013 17:47:23 GMT")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", "1372700863"),
    ] {
        let (sends, waited) = course(step, get()).await;
        assert_eq!(sends, 2);
        assert_waited(waited, asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_which_something_remains_is_no_hint() {
    let step = Step::status(429)
        .header("x-ratelimit-remaining", "1")
        .header("x-ratelimit-reset", "20");
    assert_eq!(course(step, get()).await, (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_403_is_retried_where_it_is_a_rate_limit_and_nowhere_else() {
    let limit = Step::status(403)
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", "7");
    let (sends, waited) = course(limit, post()).await;
    assert_eq!(sends, 2);
    assert_waited(waited, 7 * SECOND);

    let secondary = Step::status(403).header("retry-after", "7");
    let (sends, waited) = course(secondary, post()).await;
    assert_eq!(sends, 2);
    assert_waited(waited, 7 * SECOND);

    let forbidden = Step::status(403)
        .header("x-ratelimit-remaining", "59")
        .header("x-ratelimit-reset", "7");
    assert_eq!(course(forbidden, get()).await, (1, Duration::ZERO));
    assert_eq!(course(Step::status(403), get()).await.0, 1);
    let unreadable = Step::status(403).header("retry-after", "soon");
    assert_eq!(course(unreadable, get()).await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_may_forbid_a_retry() {
    for status in [429, 500, 503, 408] {
        let step = Step::status(status).header("x-should-retry", "false");
        assert_eq!(course(step, get()).await.0, 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_may_ask_for_a_retry_but_not_for_a_repeated_effect() {
    let step = || Step::status(409).header("x-should-retry", "true");
    assert_eq!(course(step(), get()).await.0, 2);
    assert_eq!(course(step(), post()).await.0, 1);
    let done = Step::status(200).header("x-should-retry", "true");
    assert_eq!(course(done, get()).await.0, 1);
    let unclear = Step::status(409).header("x-should-retry", "perhaps");
    assert_eq!(course(unclear, get()).await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_reset_over_the_ceiling_returns_the_response_at_once() {
    let step = Step::status(429)
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", "2513");
    assert_eq!(course(step, get()).await, (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_hint_over_the_remaining_time_returns_the_response_at_once() {
    let api = Scripted::new([Step::status(503).header("retry-after", "9")]);
    let start = Instant::now();
    let mut client = at_once().deadline(8 * SECOND).layer(api);
    let response = send(&mut client, get()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), start.elapsed()),
        (503, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn a_hint_within_the_remaining_time_is_waited_for_whatever_chance_adds() {
    for seed in 0..50 {
        // Their tenth, or the back-off's own pause, would be too late.
        for (hint, time, pause) in [("58", 60, 0), ("2", 4, 100)] {
            let pause = Exponential::new(pause * SECOND, pause * SECOND);
            let api = Scripted::new([Step::status(503).header("retry-after", hint), Step::ok("")]);
            let layer = RetryLayer::new().seed(seed).backoff(pause);
            let mut client = layer.deadline(time * SECOND).layer(api);
            let start = Instant::now();
            let response = send(&mut client, get()).await.unwrap();
            assert_eq!(response.status(), 200, "seed {seed}, {hint} s");
            let asked = hint.parse::<u32>().unwrap() * SECOND;
            assert!((asked..time * SECOND).contains(&start.elapsed()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_over_the_back_off_s_cap_is_kept_in_full() {
    let step = Step::status(503).header("retry-after", "59");
    let (sends, waited) = course(step, get()).await;
    assert_eq!(sends, 2);
    assert_waited(waited, 59 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn jitter_does_not_exceed_the_ceiling() {
    for _ in 0..20 {
        let step = Step::status(503).header("retry-after", "60");
        let (sends, waited) = course(step, get()).await;
        assert_eq!((sends, waited), (2, 60 * SECOND));
    }
}

#[tokio::test(start_paused = true)]
async fn no_number_is_too_large() {
    let endless = "9".repeat(40);
    let layer = at_once().hint_ceiling(Duration::MAX).deadline(SECOND);
    for step in [
        Step::status(503).header("retry-after", &endless),
        Step::status(503).header("retry-after-ms", &endless),
        Step::status(429).header("ratelimit", &format!("\"d\";r=0;t={endless}")),
        Step::status(429)
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &endless),
    ] {
        let mut client = layer.clone().layer(Scripted::new([step]));
        let start = Instant::now();
        assert!(send(&mut client, get()).await.is_ok());
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

/// Text that is like a hint, or like nothing.
fn noise(random: &mut fastrand::Rng) -> Vec<u8> {
    const PIECES: [&str; 20] = [
        "0",
        "1",
        "7",
        "60",
        "1372700873",
        "1720000000000",
        "-",
        "+",
        ".",
        "\"",
        "\\",
        ";",
        ",",
        "=",
        "r",
        "t",
        "remaining",
        "reset",
        " ",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ];
    let mut text = Vec::new();
    for _ in 0..random.usize(0..9) {
        if random.u8(0..8) == 0 {
            text.push(random.u8(0x80..));
        } else {
            text.extend_from_slice(random.choice(PIECES).unwrap_or_default().as_bytes());
        }
    }
    text
}

#[tokio::test(start_paused = true)]
async fn whatever_a_server_sends_neither_panics_nor_waits_nor_sends_beyond_its_bounds() {
    const NAMES: [&str; 10] = [
        "retry-after",
        "retry-after-ms",
        "x-ms-retry-after-ms",
        "ratelimit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "date",
        "x-should-retry",
    ];
    let random = std::sync::Mutex::new(fastrand::Rng::with_seed(7));
    let api = tower::service_fn(move |_: Request<Full<Bytes>>| {
        let mut random = random.lock().expect("not poisoned");
        let status = random.choice([403, 408, 413, 429, 500, 503]).unwrap_or(200);
        let mut response = http::Response::builder().status(status);
        for name in NAMES {
            if random.bool() {
                response = response.header(name, noise(&mut random));
            }
        }
        std::future::ready(Ok::<_, outbound_http::BoxError>(
            response.body(Full::<Bytes>::default()).expect("a response"),
        ))
    });
    let api = tower::buffer::Buffer::new(api, 1);
    let mut client = at_once().budget(None).hint_ceiling(9 * SECOND).layer(api);
    let (mut retried, mut waited) = (0, Duration::ZERO);
    for _ in 0..3000 {
        let start = Instant::now();
        let response = send(&mut client, get()).await.unwrap();
        let sends = Attempts::of(response.extensions());
        assert!(sends <= 4);
        let longest = (9 * SECOND + Duration::from_millis(1)) * (sends - 1);
        assert!(start.elapsed() <= longest, "{:?}", start.elapsed());
        retried += sends - 1;
        waited += start.elapsed();
    }
    assert!(
        retried > 1000 && waited > 100 * SECOND,
        "{retried} {waited:?}"
    );
}
