//! A fetch on a runtime that nobody drives any more, as happens where calls block on one each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use futures_util::FutureExt;
use outbound_auth::{Reason, Token, Tokens, TokensBuilder, from_fn};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

use self::support::{Log, SECOND, causes};

const HOUR: Duration = Duration::from_secs(3600);

fn runtime() -> Runtime {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap()
}

/// Gives the tokens 1, 2, 3, ... with the refresh tokens r1, r2, r3, ..., after a second each.
fn numbered(lifetime: Duration) -> (TokensBuilder<impl outbound_auth::TokenSource>, Log<Reason>) {
    let reasons = Log::new();
    let log = reasons.clone();
    let source = from_fn(move |why| {
        log.push(why);
        let number = log.len();
        async move {
            sleep(SECOND).await;
            let token = Token::new(number.to_string()).lives(lifetime);
            Ok(token.rotated(format!("r{number}")))
        }
    });
    (Tokens::builder(source), reasons)
}

/// Begins a fetch, and goes away before it ends.
async fn begin(tokens: &Tokens) {
    tokens.refresh();
    yield_now().await;
}

async fn number(tokens: &Tokens) -> String {
    tokens.get().await.unwrap().expose_secret().to_owned()
}

/// The number of the token that is had without waiting.
fn at_hand(tokens: &Tokens) -> String {
    let token = tokens.get().now_or_never().expect("it is at hand");
    token.unwrap().expose_secret().to_owned()
}

#[test]
fn the_fetch_is_made_again_elsewhere_once_it_takes_longer_than_any_can() {
    let (tokens, reasons) = numbered(HOUR);
    let tokens = tokens.build();
    let (idle, other) = (runtime(), runtime());
    idle.block_on(begin(&tokens));
    assert_eq!(reasons.len(), 1);
    other.block_on(async {
        let began = Instant::now();
        let first = tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.get().await }
        });
        // Not before: a fetch may wait for another one, and then take as long.
        advance(2 * Tokens::DEFAULT_FETCH_TIMEOUT - SECOND).await;
        assert!(tokens.get().now_or_never().is_none());
        assert_eq!(reasons.len(), 1);
        advance(SECOND).await;
        assert_eq!(number(&tokens).await, "2");
        assert!(began.elapsed() < 2 * Tokens::DEFAULT_FETCH_TIMEOUT + 2 * SECOND);
        // Who waited for the first one is told why.
        let error = first.await.unwrap().unwrap_err();
        assert!(
            causes(&error)[0].contains("runtime"),
            "{:?}",
            causes(&error)
        );
    });
    // Its token is fetched after all, and comes too late.
    idle.block_on(async { sleep(10 * SECOND).await });
    assert_eq!(other.block_on(number(&tokens)), "2");
    assert_eq!((reasons.len(), tokens.fetches()), (2, 2));
}

#[test]
fn who_waits_is_told_though_there_is_no_further_request() {
    let (tokens, reasons) = numbered(HOUR);
    let tokens = tokens.build();
    let (idle, other) = (runtime(), runtime());
    idle.block_on(begin(&tokens));
    other.block_on(async {
        let began = Instant::now();
        let error = tokens.get().await.unwrap_err();
        assert!(
            causes(&error)[0].contains("runtime"),
            "{:?}",
            causes(&error)
        );
        // The runtimes' clocks began at about the same time.
        let waited = began.elapsed().as_secs_f64().round();
        assert_eq!(waited, 2.0 * Tokens::DEFAULT_FETCH_TIMEOUT.as_secs_f64());
        assert_eq!((number(&tokens).await.as_str(), reasons.len()), ("2", 2));
    });
}

#[test]
fn a_token_that_lives_is_used_on_and_its_renewal_made_again() {
    let (tokens, reasons) = numbered(HOUR);
    let tokens = tokens.build();
    let (idle, other) = (runtime(), runtime());
    idle.block_on(async {
        assert_eq!(number(&tokens).await, "1");
        advance(HOUR - 240 * SECOND).await;
        assert_eq!(number(&tokens).await, "1");
        yield_now().await;
    });
    assert_eq!(reasons.len(), 2);
    other.block_on(async {
        advance(HOUR - 239 * SECOND).await;
        for _ in 0..58 {
            assert_eq!(at_hand(&tokens), "1");
            advance(SECOND).await;
        }
        assert_eq!(reasons.len(), 2);
        advance(2 * SECOND).await;
        assert_eq!(at_hand(&tokens), "1");
        sleep(2 * SECOND).await;
        assert_eq!(number(&tokens).await, "3");
    });
    assert_eq!(reasons.len(), 3);
}

#[test]
fn a_refresh_token_that_comes_too_late_is_not_stored_in_the_place_of_a_later_one() {
    let (tokens, reasons) = numbered(HOUR);
    let stored: Log<String> = Log::new();
    let log = stored.clone();
    let tokens = tokens.persist(move |token| {
        log.push(token.refresh_token().unwrap().to_owned());
        async { Ok(()) }
    });
    let tokens = tokens.build();
    let (idle, other) = (runtime(), runtime());
    idle.block_on(begin(&tokens));
    other.block_on(async {
        // What was not stored may be stored first, and what came stored then.
        advance(4 * Tokens::DEFAULT_FETCH_TIMEOUT - SECOND).await;
        assert!(tokens.get().now_or_never().is_none());
        advance(SECOND).await;
        assert_eq!(number(&tokens).await, "2");
    });
    idle.block_on(async { sleep(10 * SECOND).await });
    assert_eq!((stored.all(), reasons.len()), (vec!["r2".to_owned()], 2));
}

#[test]
fn a_token_that_is_set_does_not_leave_the_source_to_the_fetch_in_whose_place_it_was_set() {
    let (tokens, reasons) = numbered(HOUR);
    let tokens = tokens.build();
    let (idle, other) = (runtime(), runtime());
    idle.block_on(begin(&tokens));
    tokens.set(Token::new("set").lives(HOUR)).unwrap();
    other.block_on(async {
        // It may still be under way, and is waited for.
        tokens.refresh();
        sleep(Tokens::DEFAULT_FETCH_TIMEOUT + SECOND).await;
        assert_eq!((number(&tokens).await.as_str(), reasons.len()), ("set", 1));
        advance(HOUR).await;
        assert_eq!(number(&tokens).await, "2");
    });
    // Its token comes too late.
    idle.block_on(async { sleep(10 * SECOND).await });
    assert_eq!(other.block_on(number(&tokens)), "2");
    assert_eq!(reasons.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_in_whose_place_a_token_was_set_is_waited_for_as_long_as_it_may_take() {
    let (tokens, reasons) = numbered(HOUR);
    let tokens = tokens.build();
    for number in 1..=5 {
        begin(&tokens).await;
        assert_eq!(reasons.len(), 2 * number - 1);
        tokens.set(Token::new("set")).unwrap();
        // One at a time, however long ago the first one was.
        begin(&tokens).await;
        assert_eq!(reasons.len(), 2 * number - 1);
        sleep(SECOND).await;
        yield_now().await;
        assert_eq!(reasons.len(), 2 * number);
        sleep(HOUR / 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_is_only_busy_keeps_its_fetch() {
    for timeout in [Duration::ZERO, SECOND] {
        let reasons = Log::new();
        let log = reasons.clone();
        let source = from_fn(move |why| {
            log.push(why);
            async { Ok(Token::new("t")) }
        });
        let tokens = Tokens::builder(source).fetch_timeout(timeout).build();
        // It is asked for again before the fetch had its turn.
        let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(tokens.get())).collect();
        for get in &mut waiting {
            assert!(get.as_mut().now_or_never().is_none());
            // Not `advance`, which would give the fetch its turn.
            tokens.refresh();
        }
        for get in waiting {
            assert_eq!(get.await.unwrap().expose_secret(), "t");
        }
        assert_eq!(reasons.len(), 1, "{timeout:?}");
    }
}
