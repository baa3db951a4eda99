//! What an operator can do with tokens, and what is done with refresh tokens.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join;
use outbound_auth::{BoxError, Reason, Token, Tokens, from_fn};
use tokio::time::{Instant, sleep};

use self::support::{
    HOME, Log, SECOND, api, bearer, causes, credentials, down, get, numbered, poll_once, refusing,
    replaying, script, send, source_after, token, unavailable,
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn warm_fetches_before_the_first_request() {
    let (tokens, reasons) = numbered();
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    tokens.warm().await.unwrap();
    tokens.warm().await.unwrap();
    let began = Instant::now();
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(reasons.all(), [Reason::Missing]);
}

#[tokio::test]
async fn warm_and_get_say_why_there_is_no_token() {
    let (source, _) = script(Duration::ZERO, [down()]);
    let tokens = Tokens::new(source);
    for error in [
        tokens.warm().await.unwrap_err(),
        tokens.get().await.unwrap_err(),
    ] {
        assert!(error.is_unavailable());
        assert_eq!(causes(&error), ["down"]);
    }
}

#[tokio::test]
async fn get_gives_the_token_itself() {
    let (source, _) = script(Duration::ZERO, [token("secret", HOUR)]);
    let token = Tokens::new(source).get().await.unwrap();
    assert_eq!(
        (token.expose_secret(), token.lifetime()),
        ("secret", Some(HOUR))
    );
}

#[tokio::test(start_paused = true)]
async fn refresh_fetches_while_the_old_token_is_used() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    tokens.refresh();
    tokens.refresh();
    let began = Instant::now();
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    sleep(2 * SECOND).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [bearer(1), bearer(1), bearer(2)]);
    assert_eq!(reasons.all(), [Reason::Missing, Reason::Forced]);
}

#[tokio::test(start_paused = true)]
async fn refresh_does_not_mind_a_failure_before() {
    let (source, reasons) = script(Duration::ZERO, [down(), token("2", HOUR)]);
    let tokens = Tokens::new(source);
    tokens.warm().await.unwrap_err();
    tokens.warm().await.unwrap_err();
    assert_eq!(reasons.len(), 1);
    tokens.refresh();
    sleep(Duration::from_millis(1)).await;
    tokens.warm().await.unwrap();
    assert_eq!(reasons.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_set_is_used_without_a_fetch() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    tokens.set(Token::new("stored").lives(HOUR)).unwrap();
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [Some("Bearer stored".into())]);
    assert_eq!((reasons.len(), tokens.fetches()), (0, 0));
    sleep(HOUR).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent)[1], bearer(1));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_set_during_a_fetch_serves_those_who_wait_and_stays() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let mut waiting = Box::pin(send(&service, get(HOME)));
    assert!(poll_once(&mut waiting).is_pending());
    tokens.set(Token::new("stored")).unwrap();
    let began = Instant::now();
    waiting.await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    sleep(2 * SECOND).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), vec![Some("Bearer stored".into()); 2]);
    assert_eq!(reasons.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_carry_is_not_set() {
    let (tokens, _) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    tokens.set(Token::new("good")).unwrap();
    let error = tokens.set(Token::new("canary\ns3cret")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [Some("Bearer good".into())]);
}

#[tokio::test(start_paused = true)]
async fn after_invalidate_the_next_request_fetches() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    tokens.invalidate();
    assert_eq!(reasons.len(), 1);
    let began = Instant::now();
    let (one, other) = join(send(&service, get(HOME)), send(&service, get(HOME))).await;
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(reasons.all(), [Reason::Missing, Reason::Forced]);
    assert_eq!(credentials(&sent), [bearer(1), bearer(2), bearer(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_token_that_was_invalidated_meanwhile_is_sent_again() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = support::slow_api(SECOND, refusing(1));
    let service = replaying(&tokens, inner);
    tokens.warm().await.unwrap();
    let sending = tokio::spawn(send(&service, get(HOME)));
    sleep(SECOND / 2).await;
    tokens.invalidate();
    assert_eq!(sending.await.unwrap().unwrap().status(), 200);
    assert_eq!((reasons.len(), sent.len()), (2, 2));
}

/// Stores refresh tokens, or fails to.
#[derive(Clone)]
struct Store {
    stored: Log<String>,
    full: Arc<AtomicBool>,
}

impl Store {
    fn new() -> Self {
        Self {
            stored: Log::new(),
            full: Arc::default(),
        }
    }

    /// Tokens 1, 2, 3, ... with the refresh tokens r1, r2, r3, ..., each fetch a second long.
    fn tokens(&self, lifetime: Duration) -> (Tokens, Arc<AtomicUsize>) {
        let fetches = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetches);
        let source = from_fn(move |_| {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                sleep(SECOND).await;
                let token = Token::new(number.to_string()).lives(lifetime);
                Ok(token.rotated(format!("r{number}")))
            }
        });
        let store = self.clone();
        let tokens = Tokens::builder(source).persist(move |token| {
            let store = store.clone();
            async move {
                sleep(SECOND).await;
                if store.full.load(Ordering::Relaxed) {
                    return Err(BoxError::from("the disk is full"));
                }
                store.stored.push(token.refresh_token().unwrap().to_owned());
                Ok(())
            }
        });
        (tokens.build(), fetches)
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_persisted_before_its_token_is_used() {
    let store = Store::new();
    let (tokens, _) = store.tokens(HOUR);
    let stored = store.stored.clone();
    let (inner, sent) = api(move |_| {
        assert_eq!(stored.all(), ["r1"]);
        200
    });
    let began = Instant::now();
    send(&replaying(&tokens, inner), get(HOME)).await.unwrap();
    assert_eq!((began.elapsed(), sent.len()), (2 * SECOND, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_persisted_once_although_the_one_who_asked_went_away() {
    let store = Store::new();
    let (tokens, fetches) = store.tokens(HOUR);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let mut leader = Box::pin(send(&service, get(HOME)));
    assert!(poll_once(&mut leader).is_pending());
    sleep(SECOND / 2).await;
    drop(leader);
    sleep(SECOND).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(
        (store.stored.all(), fetches.load(Ordering::Relaxed)),
        (vec!["r1".into()], 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_refresh_token_cannot_be_persisted_is_kept_and_not_fetched_again() {
    let store = Store::new();
    let (tokens, fetches) = store.tokens(HOUR);
    store.full.store(true, Ordering::Relaxed);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
    assert!(
        causes(&error)[0].contains("persisted"),
        "{:?}",
        causes(&error)
    );
    assert_eq!(causes(&error)[1], "the disk is full");
    sleep(SECOND).await;
    store.full.store(false, Ordering::Relaxed);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [bearer(1)]);
    assert_eq!(
        (store.stored.all(), fetches.load(Ordering::Relaxed)),
        (vec!["r1".into()], 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_persisted_even_if_its_token_expired_before_that() {
    let store = Store::new();
    let (tokens, fetches) = store.tokens(10 * SECOND);
    store.full.store(true, Ordering::Relaxed);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap_err();
    sleep(20 * SECOND).await;
    store.full.store(false, Ordering::Relaxed);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(store.stored.all(), ["r1", "r2"]);
    assert_eq!(
        (credentials(&sent), fetches.load(Ordering::Relaxed)),
        (vec![bearer(2)], 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_could_not_be_persisted_gives_way_to_one_that_is_set() {
    for (set, stored) in [
        (Token::new("set").rotated("newer"), ["r2"]),
        (Token::new("set"), ["r1"]), // it is still the latest
    ] {
        let store = Store::new();
        let (tokens, _) = store.tokens(HOUR);
        store.full.store(true, Ordering::Relaxed);
        tokens.warm().await.unwrap_err();
        store.full.store(false, Ordering::Relaxed);
        tokens.set(set).unwrap();
        tokens.refresh();
        sleep(10 * SECOND).await;
        assert_eq!(store.stored.all(), stored);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_refresh_token_is_not_persisted() {
    let (source, _) = source_after(SECOND, None);
    let tokens = Tokens::builder(source).persist(|_| async { Err("not to be called".into()) });
    let (inner, _) = api(|_| 200);
    send(&replaying(&tokens.build(), inner), get(HOME))
        .await
        .unwrap();
}
