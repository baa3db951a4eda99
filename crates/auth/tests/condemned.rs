//! What becomes of a refused token until it has a successor.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use outbound_auth::{AuthLayer, ReplayError, Token, Tokens, from_fn};
use tokio::time::{Instant, sleep};
use tower::Layer;

use self::support::{
    Body, HOME, SECOND, api, bearer, causes, credentials, down, get, home, refusing, replaying,
    script, send, source_after, token,
};

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_used_on_while_no_other_can_be_fetched() {
    let (source, reasons) = script(
        SECOND,
        [token("1", 3600 * SECOND), down(), token("2", 3600 * SECOND)],
    );
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|request: &Request<Body>| match request.uri().path() {
        "/forbidden" => 401,
        _ => 200,
    });
    let service = replaying(&tokens, inner);
    let response = send(&service, get("https://api.example.com/forbidden"))
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    let reason: &ReplayError = response.extensions().get().unwrap();
    assert_eq!(causes(reason.get_ref()), ["down"]);
    let began = Instant::now();
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!((began.elapsed(), reasons.len()), (began - began, 2));
    assert_eq!(credentials(&sent), [bearer(1), bearer(1)]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_come_while_a_refused_token_is_replaced_do_not_wait() {
    let (source, reasons) = source_after(SECOND, None);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(|request: &Request<Body>| match request.uri().path() {
        "/forbidden" => 401,
        _ => 200,
    });
    let service = replaying(&tokens, inner);
    let refused = tokio::spawn(send(&service, get("https://api.example.com/forbidden")));
    sleep(SECOND + SECOND / 2).await;
    let began = Instant::now();
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(began.elapsed(), began - began);
    assert_eq!(refused.await.unwrap().unwrap().status(), 401);
    assert_eq!(credentials(&sent), [bearer(1), bearer(1), bearer(2)]);
    assert_eq!(reasons.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn those_of_them_that_are_refused_too_wait_for_the_same_fetch() {
    let (source, reasons) = source_after(SECOND, None);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(refusing(1));
    let service = replaying(&tokens, inner);
    let first = tokio::spawn(send(&service, get(HOME)));
    sleep(SECOND + SECOND / 2).await;
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(
        credentials(&sent),
        [bearer(1), bearer(1), bearer(2), bearer(2)]
    );
    assert_eq!(reasons.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_sent_again_waits_for_the_next() {
    let (source, reasons) = source_after(SECOND, None);
    let tokens = Tokens::new(source);
    let (inner, sent) = api(refusing(1));
    let service = replaying(&tokens, inner.clone());
    let first = tokio::spawn(send(&service, get(HOME)));
    sleep(SECOND + SECOND / 2).await;
    let service = AuthLayer::bearer_from(home(), tokens).layer(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(credentials(&sent), [bearer(1), bearer(2), bearer(2)]);
    assert_eq!(reasons.len(), 2);
}

/// The token is good everywhere else, and for an hour.
#[tokio::test(start_paused = true)]
async fn a_resource_that_refuses_holds_up_no_other_while_the_token_endpoint_hangs() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let tokens = Tokens::new(from_fn(move |_| {
        let hangs = fetches.fetch_add(1, Ordering::Relaxed) > 0;
        async move {
            if hangs {
                sleep(3600 * SECOND).await;
            }
            Ok(Token::new("1").lives(3600 * SECOND))
        }
    }));
    let (inner, _) = api(|request: &Request<Body>| match request.uri().path() {
        "/forbidden" => 401,
        _ => 200,
    });
    let service = replaying(&tokens, inner);
    let refused = service.clone();
    tokio::spawn(async move {
        loop {
            send(&refused, get("https://api.example.com/forbidden"))
                .await
                .unwrap();
            sleep(SECOND).await;
        }
    });
    for _ in 0..300 {
        sleep(SECOND).await;
        let began = Instant::now();
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
        assert_eq!(began.elapsed(), began - began);
    }
}
