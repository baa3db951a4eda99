//! What a user of fetched tokens may rely on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use outbound_auth::{
    AuthError, AuthLayer, FetchError, Reason, Scope, Token, TokenSource, Tokens, from_fn,
};
use outbound_http::{CrossOrigin, Spawn};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};

use self::support::{
    HOME, SECOND, Service, Wall, api, bearer, causes, credentials, get, numbered, numbered_at_once,
    poll_once, replaying, send, source, unavailable,
};

#[tokio::test]
async fn nothing_is_fetched_before_it_is_needed_and_then_once() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    assert_eq!(tokens.fetches(), 0);
    for _ in 0..3 {
        send(&service, get(HOME)).await.unwrap();
    }
    assert_eq!(credentials(&sent), [bearer(1), bearer(1), bearer(1)]);
    assert_eq!(reasons.all(), [Reason::Missing]);
    assert_eq!((tokens.fetches(), tokens.resends()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_first_requests_make_one_fetch() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let began = Instant::now();
    for response in join_all((0..10_000).map(|_| send(&service, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!((reasons.len(), sent.len()), (1, 10_000));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_request_that_began_a_fetch_disturbs_neither_it_nor_the_others() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let mut leader = Box::pin(send(&service, get(HOME)));
    let mut follower = Box::pin(send(&service, get(HOME)));
    assert!(poll_once(&mut leader).is_pending());
    assert!(poll_once(&mut follower).is_pending());
    drop(leader);
    // Takes the place of the one that was dropped.
    let last = send(&service, get(HOME));
    let (follower, last) = futures_util::future::join(follower, last).await;
    assert!(follower.is_ok() && last.is_ok());
    assert_eq!((reasons.len(), sent.len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_waits_for_any_more_still_serves_the_next() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let mut leader = Box::pin(send(&service, get(HOME)));
    assert!(poll_once(&mut leader).is_pending());
    drop(leader);
    sleep(2 * SECOND).await;
    assert_eq!((tokens.fetches(), sent.len()), (1, 0));
    let began = Instant::now();
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(reasons.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn layers_that_share_tokens_share_the_fetch() {
    let (tokens, reasons) = numbered();
    let (inner, _) = api(|_| 200);
    let one = replaying(&tokens, inner.clone());
    let other = AuthLayer::bearer_from(Scope::any(), tokens).layer(inner);
    let both = futures_util::future::join(send(&one, get(HOME)), send(&other, get("/path")));
    let (one, other) = both.await;
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(reasons.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_get_the_same_error_at_once_and_after_a_pause_another_fetch() {
    let fetches = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetches);
    let tokens = Tokens::new(from_fn(move |_| {
        let nth = count.fetch_add(1, Ordering::Relaxed);
        async move {
            sleep(SECOND).await;
            if nth > 0 {
                return Ok(Token::new("late"));
            }
            Err(std::io::Error::other("the token endpoint is down"))?
        }
    }));
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let began = Instant::now();
    for response in join_all((0..10_000).map(|_| send(&service, get(HOME)))).await {
        let error = unavailable(response.unwrap_err());
        assert_eq!(causes(&error), ["the token endpoint is down"]);
        assert!(error.source().unwrap().is::<std::io::Error>());
    }
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!((fetches.load(Ordering::Relaxed), sent.len()), (1, 0));
    assert_eq!(tokens.fetches(), 0, "a failed fetch does not count");

    // So does who comes soon after.
    let began = Instant::now();
    for _ in 0..1000 {
        let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
        assert_eq!(causes(&error), ["the token endpoint is down"]);
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!((fetches.load(Ordering::Relaxed), sent.len()), (1, 0));

    sleep(Tokens::MIN_BACKOFF).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!((fetches.load(Ordering::Relaxed), tokens.fetches()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_an_error_and_after_a_pause_it_is_asked_again() {
    let fetches = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetches);
    let tokens = Tokens::new(from_fn(move |_| {
        let nth = count.fetch_add(1, Ordering::Relaxed);
        async move {
            assert!(nth > 0, "expected in this test's output");
            Ok(Token::new("second"))
        }
    }));
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    for _ in 0..3 {
        let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
        assert!(causes(&error)[0].contains("panicked"), "{error:?}");
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 1, "it is left in peace");
    sleep(Tokens::MIN_BACKOFF).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(fetches.load(Ordering::Relaxed), 2);
}

#[test]
fn a_runtime_that_shuts_down_is_an_error_and_another_one_fetches_again() {
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let runtimes = Runtimes(Arc::new(std::sync::Mutex::new(Some(
        other.handle().clone(),
    ))));
    let tokens = Tokens::builder(from_fn(|_| async { Ok(Token::new("token")) }));
    let tokens = tokens.spawn(runtimes.clone()).build();
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let here = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();

    here.block_on(async {
        let mut waiting = Box::pin(send(&service, get(HOME)));
        assert!(poll_once(&mut waiting).is_pending());
        other.shutdown_background(); // before it ran the fetch
        let error = unavailable(waiting.await.unwrap_err());
        assert!(causes(&error)[0].contains("shut down"), "{error:?}");
        // The runtime is still the old one: it drops the task at once.
        unavailable(send(&service, get(HOME)).await.unwrap_err());

        *runtimes.0.lock().unwrap() = None;
        send(&service, get(HOME)).await.unwrap();
    });
}

#[test]
fn without_a_runtime_a_fetch_is_an_error_and_a_renewal_is_left_for_later() {
    let wall = Wall::new();
    let (source, reasons) = source(Some(1000 * SECOND));
    let tokens = Tokens::builder(source).wall_clock(wall.clock()).build();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let mut waiting = Box::pin(send(&service, get(HOME)));
    let Poll::Ready(Err(error)) = poll_once(&mut waiting) else {
        panic!("there is no runtime to fetch it");
    };
    assert!(causes(&unavailable(error))[0].contains("missing"));

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(tokens.warm()).unwrap();
    wall.forward(900 * SECOND);
    let mut sending = Box::pin(send(&service, get(HOME)));
    assert!(matches!(poll_once(&mut sending), Poll::Ready(Ok(_))));
    assert_eq!((reasons.len(), credentials(&sent)), (1, vec![bearer(1)]));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_does_not_end_is_given_up() {
    let tokens = Tokens::new(from_fn(|_| pending()));
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    let began = Instant::now();
    let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
    assert_eq!(began.elapsed(), Tokens::DEFAULT_FETCH_TIMEOUT);
    assert!(causes(&error)[0].contains("30s"), "{error:?}");
    // A timeout that whoever looks for one finds.
    let cause = error.source().unwrap().source().unwrap();
    assert!(cause.is::<tokio::time::error::Elapsed>(), "{error:?}");

    let tokens = Tokens::builder(from_fn(|_| pending()))
        .fetch_timeout(2 * SECOND)
        .build();
    let (inner, _) = api(|_| 200);
    let began = Instant::now();
    send(&replaying(&tokens, inner), get(HOME))
        .await
        .unwrap_err();
    assert_eq!(began.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_the_margin_before_its_end() {
    for (lifetime, margin, used_for) in [
        (1000 * SECOND, None, 990 * SECOND),
        (50 * SECOND, None, 45 * SECOND),
        (SECOND, None, SECOND * 9 / 10),
        (1000 * SECOND, Some(30 * SECOND), 970 * SECOND),
        (1000 * SECOND, Some(Duration::ZERO), 1000 * SECOND),
    ] {
        let (source, reasons) = source(Some(lifetime));
        let tokens = Tokens::builder(source).refresh_ahead(Duration::ZERO);
        let tokens = match margin {
            Some(margin) => tokens.margin(margin).build(),
            None => tokens.build(),
        };
        let (inner, sent) = api(|_| 200);
        let service = replaying(&tokens, inner);
        send(&service, get(HOME)).await.unwrap();
        sleep(used_for - Duration::from_millis(1)).await;
        send(&service, get(HOME)).await.unwrap();
        assert_eq!(reasons.all(), [Reason::Missing]);
        sleep(Duration::from_millis(1)).await;
        send(&service, get(HOME)).await.unwrap();
        assert_eq!(
            reasons.all(),
            [Reason::Missing, Reason::Stale],
            "{lifetime:?}"
        );
        assert_eq!(credentials(&sent), [bearer(1), bearer(1), bearer(2)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_lifetime_or_with_an_endless_one_is_used_until_it_is_refused() {
    for lifetime in [None, Some(Duration::MAX)] {
        let (source, reasons) = source(lifetime);
        let tokens = Tokens::new(source);
        let (inner, _) = api(|_| 200);
        let service = replaying(&tokens, inner);
        send(&service, get(HOME)).await.unwrap();
        sleep(10_000_000 * SECOND).await;
        send(&service, get(HOME)).await.unwrap();
        assert_eq!(reasons.len(), 1);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_at_birth_is_a_failed_fetch() {
    let (source, reasons) = source(Some(Duration::ZERO));
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let error = unavailable(
        send(&replaying(&tokens, inner), get(HOME))
            .await
            .unwrap_err(),
    );
    assert!(causes(&error)[0].contains("expired"), "{error:?}");
    assert_eq!((reasons.len(), sent.len(), tokens.fetches()), (1, 0, 0));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_a_failed_fetch_and_is_not_shown() {
    for token in [
        "",
        "canary\r\ns3cret",
        "canary-s3cret\n",
        "canary s3cret",
        "canary-s3crét",
    ] {
        let tokens = Tokens::new(from_fn(move |_| async move { Ok(Token::new(token)) }));
        let (inner, sent) = api(|_| 200);
        let error = unavailable(
            send(&replaying(&tokens, inner), get(HOME))
                .await
                .unwrap_err(),
        );
        assert_eq!(causes(&error).len(), 2);
        let text = format!("{error} {error:?} {:?}", causes(&error));
        assert!(!text.contains("s3c"), "{text}");
        assert_eq!(sent.len(), 0);
    }
}

#[tokio::test]
async fn out_of_scope_neither_fetches_nor_sends() {
    let (tokens, reasons) = numbered_at_once();
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner.clone());
    for uri in [
        "https://elsewhere.example",
        "http://api.example.com",
        "/path",
    ] {
        let error = send(&service, get(uri)).await.unwrap_err();
        assert!(
            error.downcast_ref::<AuthError>().unwrap().is_out_of_scope(),
            "{uri}"
        );
    }
    let anywhere = AuthLayer::bearer_from(Scope::any(), tokens).layer(inner);
    let mut strayed = get(HOME);
    strayed.extensions_mut().insert(CrossOrigin);
    let error = send(&anywhere, strayed.clone()).await.unwrap_err();
    assert!(error.downcast_ref::<AuthError>().unwrap().is_out_of_scope());
    assert_eq!((reasons.len(), sent.len()), (0, 0));
    send(&service, strayed).await.unwrap(); // its origin is listed
    assert_eq!(sent.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_for_itself_ends_in_an_error_that_says_so() {
    struct Recursive(Arc<std::sync::OnceLock<Service<support::Inner>>>);

    impl TokenSource for Recursive {
        async fn fetch(&self, _: Reason) -> Result<Token, FetchError> {
            let client = self.0.get().unwrap().clone();
            client.oneshot(get(HOME)).await.map_err(FetchError::new)?;
            Ok(Token::new("never"))
        }
    }

    let client = Arc::default();
    let tokens = Tokens::new(Recursive(Arc::clone(&client)));
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    assert!(client.set(service.clone()).is_ok());
    let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
    assert!(causes(&error)[0].contains("NoAuth"), "{error:?}");
    assert_eq!(sent.len(), 0);
}

/// Spawns on the runtime that is set, or else on the current one.
#[derive(Clone)]
struct Runtimes(Arc<std::sync::Mutex<Option<tokio::runtime::Handle>>>);

impl Spawn for Runtimes {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let handle = self.0.lock().unwrap().clone();
        handle
            .unwrap_or_else(tokio::runtime::Handle::current)
            .spawn(future);
    }
}
