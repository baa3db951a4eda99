//! When a token is renewed, what happens meanwhile, and what if that fails.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use outbound_auth::{Reason, Token, Tokens, ValidFor, from_fn};
use tokio::time::{Instant, sleep};

use self::support::{
    HOME, SECOND, Wall, api, bearer, credentials, down, get, numbered_at_once, replaying, script,
    send, source, source_after, token,
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn the_first_request_in_the_early_window_renews_and_none_waits() {
    let (source, reasons) = source_after(SECOND, Some(HOUR));
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    // No earlier than the margin, the lead and the longest jitter before its end.
    sleep(
        HOUR - Tokens::DEFAULT_MARGIN - Tokens::DEFAULT_REFRESH_AHEAD - Tokens::MAX_JITTER - SECOND,
    )
    .await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(reasons.all(), [Reason::Missing]);
    sleep(Tokens::MAX_JITTER + SECOND).await;

    let began = Instant::now();
    for response in join_all((0..10_000).map(|_| send(&service, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(credentials(&sent).iter().all(|sent| *sent == bearer(1)));
    sleep(2 * SECOND).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent).pop().unwrap(), bearer(2));
    assert_eq!(reasons.all(), [Reason::Missing, Reason::Stale]);
}

#[tokio::test(start_paused = true)]
async fn two_clients_that_started_together_do_not_renew_together() {
    let mut renewals = Vec::new();
    for seed in 0..20 {
        let (source, reasons) = source(Some(HOUR));
        let tokens = Tokens::builder(source).seed(seed).build();
        let (inner, _) = api(|_| 200);
        let service = replaying(&tokens, inner);
        let began = Instant::now();
        while reasons.len() < 2 {
            send(&service, get(HOME)).await.unwrap();
            sleep(SECOND).await;
        }
        renewals.push(began.elapsed().as_secs());
    }
    renewals.sort_unstable();
    renewals.dedup();
    assert!(renewals.len() > 10, "{renewals:?}");
    assert!(renewals.last().unwrap() - renewals[0] > 30, "{renewals:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_lead_a_token_is_renewed_when_it_is_over() {
    let (source, reasons) = source_after(SECOND, Some(HOUR));
    let tokens = Tokens::builder(source)
        .refresh_ahead(Duration::ZERO)
        .build();
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(HOUR - Tokens::DEFAULT_MARGIN - SECOND).await;
    send(&service, get(HOME)).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(reasons.len(), 1);
    let began = Instant::now();
    send(&service, get(HOME)).await.unwrap();
    assert_eq!((began.elapsed(), reasons.len()), (SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_shorter_than_the_margin_is_used_and_fetched_rarely() {
    let (source, reasons) = source(Some(5 * SECOND));
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    for _ in 0..1000 {
        send(&service, get(HOME)).await.unwrap();
        sleep(SECOND / 10).await;
    }
    assert_eq!(sent.len(), 1000);
    // Renewed in the second half of each life.
    assert!((20..=40).contains(&reasons.len()), "{}", reasons.len());
}

#[tokio::test(start_paused = true)]
async fn callers_of_a_token_shorter_than_the_margin_wait_for_one_fetch_and_no_longer() {
    let (source, reasons) = source_after(SECOND / 20, Some(SECOND));
    let tokens = Tokens::new(source);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(SECOND).await;
    let began = Instant::now();
    for response in join_all((0..10_000).map(|_| send(&service, get(HOME)))).await {
        response.unwrap();
    }
    assert_eq!((began.elapsed(), reasons.len()), (SECOND / 20, 2));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_finds_its_token_expired() {
    let (source, reasons) = source(Some(HOUR));
    let wall = Wall::new();
    let tokens = Tokens::builder(source).wall_clock(wall.clock()).build();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    // The monotonic clock stood still.
    wall.forward(HOUR);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [bearer(1), bearer(2)]);
    assert_eq!(reasons.all(), [Reason::Missing, Reason::Stale]);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_does_not_prolong_a_token() {
    let (source, _) = source(Some(HOUR));
    let wall = Wall::new();
    let tokens = Tokens::builder(source).wall_clock(wall.clock()).build();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    wall.back(HOUR);
    sleep(HOUR).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [bearer(1), bearer(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_forward_by_a_year_costs_one_fetch() {
    let (source, reasons) = source(Some(HOUR));
    let wall = Wall::new();
    let tokens = Tokens::builder(source).wall_clock(wall.clock()).build();
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    wall.forward(365 * 24 * HOUR);
    for _ in 0..100 {
        send(&service, get(HOME)).await.unwrap();
        sleep(SECOND).await;
        wall.forward(SECOND);
    }
    assert_eq!(reasons.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_fetches_nothing_and_runs_no_task() {
    let (source, reasons) = source(Some(HOUR));
    let tokens = Tokens::new(source);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(24 * HOUR).await;
    assert_eq!(reasons.len(), 1);
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_lets_a_fetch_end_and_then_frees_the_source() {
    let used = Arc::new(AtomicUsize::new(0));
    let ended = Arc::clone(&used);
    let tokens = Tokens::new(from_fn(move |_| {
        let ended = Arc::clone(&ended);
        async move {
            sleep(SECOND).await;
            ended.fetch_add(1, Ordering::Relaxed);
            Ok(Token::new("token"))
        }
    }));
    tokens.refresh();
    drop(tokens);
    assert_eq!(Arc::strong_count(&used), 2);
    sleep(2 * SECOND).await;
    assert_eq!(
        (used.load(Ordering::Relaxed), Arc::strong_count(&used)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_may_ask_for_a_token_that_is_valid_for_longer() {
    let (source, reasons) = source_after(SECOND, Some(HOUR));
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let long = |wanted| {
        let mut request = get(HOME);
        request.extensions_mut().insert(ValidFor(wanted));
        request
    };
    send(&service, get(HOME)).await.unwrap();
    sleep(HOUR / 2).await;
    send(&service, long(HOUR / 3)).await.unwrap();
    assert_eq!(reasons.len(), 1, "it is valid for that long");
    let began = Instant::now();
    send(&service, long(HOUR * 2 / 3)).await.unwrap();
    assert_eq!((began.elapsed(), reasons.len()), (SECOND, 2));
    assert_eq!(reasons.all()[1], Reason::Stale);
    // Longer than any token of this source lives.
    sleep(HOUR / 2).await;
    send(&service, long(2 * HOUR)).await.unwrap();
    assert_eq!(reasons.len(), 2);
    assert_eq!(
        credentials(&sent),
        [bearer(1), bearer(1), bearer(2), bearer(2)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_too_short_is_used_if_there_is_no_longer_one() {
    let (source, reasons) = script(SECOND, [token("1", HOUR), down()]);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(HOUR / 2).await;
    for _ in 0..3 {
        let mut request = get(HOME);
        request.extensions_mut().insert(ValidFor(HOUR * 2 / 3));
        send(&service, request).await.unwrap();
    }
    assert_eq!(credentials(&sent), vec![bearer(1); 4]);
    assert_eq!(reasons.len(), 2);
}

#[tokio::test]
async fn a_request_that_asks_for_an_endless_token_gets_one_where_tokens_do_not_expire() {
    let (tokens, reasons) = numbered_at_once();
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    for _ in 0..3 {
        let mut request = get(HOME);
        request.extensions_mut().insert(ValidFor(Duration::MAX));
        send(&service, request).await.unwrap();
    }
    assert_eq!(reasons.len(), 1);
}
