//! When a token is fetched again after a fetch that failed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use outbound_auth::{Reason, Token, Tokens, ValidFor, from_fn};
use tokio::time::{Instant, sleep};

use self::support::{
    Fault, HOME, SECOND, api, bearer, causes, credentials, down, get, replaying, script, send,
    source, token, unavailable,
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_costs_nobody_anything_while_the_token_lives() {
    let (source, reasons) = script(SECOND, [token("1", HOUR), down(), down(), token("2", HOUR)]);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(HOUR - Tokens::DEFAULT_MARGIN - Tokens::DEFAULT_REFRESH_AHEAD).await;
    let began = Instant::now();
    let mut fetches = Vec::new();
    for tenth in 0..100 {
        let before = Instant::now();
        send(&service, get(HOME)).await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
        if fetches.len() < reasons.len() {
            fetches.push((tenth, began.elapsed()));
        }
        sleep(SECOND / 10).await;
    }
    // The first fetch, the renewal, and two more after growing pauses.
    assert_eq!(reasons.len(), 4, "{fetches:?}");
    let at: Vec<_> = fetches[1..].iter().map(|(_, at)| *at).collect();
    assert!(
        at[1] - at[0] >= SECOND + SECOND / 2 && at[1] - at[0] <= 21 * SECOND / 10,
        "{at:?}"
    );
    assert!(
        at[2] - at[1] >= 2 * SECOND && at[2] - at[1] <= 31 * SECOND / 10,
        "{at:?}"
    );
    assert_eq!(credentials(&sent).pop().unwrap(), bearer(2));
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_that_cannot_be_renewed_fails_at_once_until_the_pause_is_over() {
    let (source, reasons) = script(SECOND, [token("1", 100 * SECOND), down(), token("2", HOUR)]);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap();
    sleep(100 * SECOND).await;
    let began = Instant::now();
    let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
    assert_eq!(
        (causes(&error), began.elapsed()),
        (vec!["down".into()], SECOND)
    );
    for _ in 0..100 {
        let error = unavailable(send(&service, get(HOME)).await.unwrap_err());
        assert_eq!(causes(&error), ["down"]);
    }
    assert_eq!((began.elapsed(), reasons.len(), sent.len()), (SECOND, 2, 1));
    sleep(SECOND).await;
    let both = [send(&service, get(HOME)), send(&service, get(HOME))];
    for response in join_all(both).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(
        reasons.all(),
        [Reason::Missing, Reason::Stale, Reason::Stale]
    );
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_is_remembered_briefly_and_recovers_by_itself() {
    let refused = Fault {
        text: "invalid_client",
        permanent: true,
        retry_after: None,
    };
    let answers = [Err(refused.clone()), Err(refused), token("mended", HOUR)];
    let (source, reasons) = script(Duration::ZERO, answers);
    let tokens = Tokens::new(source);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    for fetches in [1, 2] {
        send(&service, get(HOME)).await.unwrap_err();
        sleep(Tokens::PERMANENT_ERROR_FOR - Duration::from_millis(1)).await;
        send(&service, get(HOME)).await.unwrap_err();
        assert_eq!(reasons.len(), fetches);
        sleep(Duration::from_millis(1)).await;
    }
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(reasons.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_before_the_time_that_the_source_asked_for() {
    for (asked, waited) in [(90 * SECOND, 90 * SECOND), (HOUR, Tokens::MAX_RETRY_AFTER)] {
        let busy = Fault {
            text: "429",
            permanent: false,
            retry_after: Some(asked),
        };
        let (source, reasons) = script(Duration::ZERO, [Err(busy), token("1", HOUR)]);
        let tokens = Tokens::new(source);
        let (inner, _) = api(|_| 200);
        let service = replaying(&tokens, inner);
        send(&service, get(HOME)).await.unwrap_err();
        sleep(waited - Duration::from_millis(1)).await;
        send(&service, get(HOME)).await.unwrap_err();
        assert_eq!(reasons.len(), 1);
        sleep(Duration::from_millis(1)).await;
        send(&service, get(HOME)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_is_left_in_peace_for_the_time_that_the_source_asked_for() {
    for (asked, kept) in [
        (120 * SECOND, 120 * SECOND),
        (SECOND, Tokens::PERMANENT_ERROR_FOR),
        (HOUR, Tokens::MAX_RETRY_AFTER),
    ] {
        let refused = Fault {
            text: "forbidden for a while",
            permanent: true,
            retry_after: Some(asked),
        };
        let (source, reasons) = script(Duration::ZERO, [Err(refused), token("t", HOUR)]);
        let tokens = Tokens::new(source);
        tokens.warm().await.unwrap_err();
        sleep(kept - Duration::from_millis(1)).await;
        tokens.warm().await.unwrap_err();
        assert_eq!(reasons.len(), 1, "{asked:?}");
        sleep(Duration::from_millis(1)).await;
        tokens.warm().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_shorter_time_than_the_pause_does_not_shorten_it() {
    let busy = Fault {
        text: "429",
        permanent: false,
        retry_after: Some(Duration::from_millis(1)),
    };
    let (source, reasons) = script(Duration::ZERO, [Err(busy), token("1", HOUR)]);
    let tokens = Tokens::new(source);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    send(&service, get(HOME)).await.unwrap_err();
    sleep(Tokens::MIN_BACKOFF / 2 - Duration::from_millis(1)).await;
    send(&service, get(HOME)).await.unwrap_err();
    assert_eq!(reasons.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_back_expired_is_not_asked_for_in_a_loop() {
    let (source, reasons) = source(Some(Duration::ZERO));
    let tokens = Tokens::new(source);
    let (inner, _) = api(|_| 200);
    let service = replaying(&tokens, inner);
    for _ in 0..1000 {
        send(&service, get(HOME)).await.unwrap_err();
    }
    assert_eq!(reasons.len(), 1);
}

/// What comes of a request, made `age` after the one token was fetched that its source ever gives,
/// that wants it to be good for a minute more; how long that took, and how many were sent.
async fn a_minute_more(age: Duration) -> (bool, Duration, usize) {
    let fetches = AtomicUsize::new(0);
    let tokens = Tokens::new(from_fn(move |_| {
        let hangs = fetches.fetch_add(1, Ordering::Relaxed) > 0;
        async move {
            if hangs {
                sleep(HOUR).await;
            }
            Ok(Token::new("1").lives(100 * SECOND))
        }
    }));
    let (inner, sent) = api(|_| 200);
    let service = replaying(&tokens, inner);
    tokens.warm().await.unwrap();
    sleep(age).await;
    let mut request = get(HOME);
    request.extensions_mut().insert(ValidFor(60 * SECOND));
    let began = Instant::now();
    let is_sent = send(&service, request).await.is_ok();
    (is_sent, began.elapsed(), sent.len())
}

#[tokio::test(start_paused = true)]
async fn a_token_that_died_while_its_successor_was_waited_for_is_not_sent() {
    let waited = Tokens::DEFAULT_FETCH_TIMEOUT;
    assert_eq!(a_minute_more(80 * SECOND).await, (false, waited, 0));
    // It lives for as long as it is waited for, and is better than none.
    assert_eq!(a_minute_more(45 * SECOND).await, (true, waited, 1));
}
