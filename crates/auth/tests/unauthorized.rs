//! What a 401 leads to, and what it does not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::convert::Infallible;

use futures_util::future::join_all;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response};
use outbound_auth::{AuthLayer, Bearer, FetchError, Reason, ReplayError, Token, Tokens, from_fn};
use outbound_http::NoAuth;
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;
use tower::{Layer, service_fn};

use self::support::{
    Body, HOME, Log, SECOND, Service, api, bearer, causes, credential, credentials, get, home,
    numbered, numbered_at_once, poll_once, refusing, replaying, send, slow_api,
};

#[tokio::test(start_paused = true)]
async fn a_hundred_refusals_of_one_token_make_one_fetch_and_a_hundred_resends() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = slow_api(SECOND, refusing(1));
    let service = replaying(&tokens, inner);
    for response in join_all((0..100).map(|_| send(&service, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(reasons.all(), [Reason::Missing, Reason::Rejected]);
    assert_eq!(sent.len(), 200);
    assert_eq!((tokens.fetches(), tokens.resends()), (2, 100));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_an_old_token_is_sent_again_with_the_current_one_without_a_fetch() {
    let (tokens, reasons) = numbered();
    let (quick, _) = api(refusing(1));
    let (slow, sent) = slow_api(10 * SECOND, refusing(1));
    let (quick, slow) = (replaying(&tokens, quick), replaying(&tokens, slow));
    let late = tokio::spawn(send(&slow, get(HOME)));
    sleep(2 * SECOND).await;
    assert_eq!(sent.len(), 1);
    send(&quick, get(HOME)).await.unwrap();
    assert_eq!(tokens.fetches(), 2);
    assert_eq!(late.await.unwrap().unwrap().status(), 200);
    assert_eq!(credentials(&sent), [bearer(1), bearer(2)]);
    assert_eq!((reasons.len(), tokens.resends()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_request_that_waits_to_be_sent_again_leaves_the_fetch_to_the_others() {
    let (tokens, reasons) = numbered();
    let (inner, sent) = api(refusing(1));
    let service = replaying(&tokens, inner);
    send_until_first_answer(&service, &tokens).await;
    assert_eq!(sent.len(), 1);
    sleep(2 * SECOND).await;
    assert_eq!((tokens.fetches(), tokens.resends()), (2, 0));
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(reasons.len(), 2);
}

#[tokio::test]
async fn a_failing_fetch_after_a_refusal_leaves_the_refusal_and_its_reason() {
    let tokens = Tokens::new(from_fn(|why| async move {
        match why {
            Reason::Rejected => Err(FetchError::new("account locked")),
            _ => Ok(Token::new("1")),
        }
    }));
    let (inner, sent) = api(|_| 401);
    let response = send(&replaying(&tokens, inner), get(HOME)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &**response.body()),
        (401, "refused")
    );
    let reason: &ReplayError = response.extensions().get().unwrap();
    assert!(reason.get_ref().is_unavailable());
    assert_eq!(causes(reason.get_ref()), ["account locked"]);
    assert_eq!((sent.len(), tokens.resends()), (1, 0));
}

#[tokio::test]
async fn without_replay_a_refusal_is_handed_out_and_the_next_request_has_a_new_token() {
    let (tokens, _) = numbered_at_once();
    let (inner, sent) = api(refusing(1));
    let service = AuthLayer::bearer_from(home(), tokens.clone()).layer(inner);
    let response = send(&service, get(HOME)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &**response.body()),
        (401, "refused")
    );
    assert_eq!(tokens.fetches(), 1);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(credentials(&sent), [bearer(1), bearer(2)]);
    assert_eq!(tokens.resends(), 0);
}

#[tokio::test]
async fn other_refusals_than_401_are_no_matter_of_the_token() {
    let (tokens, reasons) = numbered_at_once();
    for status in [400, 402, 403, 407, 500] {
        let (inner, sent) = api(move |_| status);
        let response = send(&replaying(&tokens, inner), get(HOME)).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(sent.len(), 1);
    }
    assert_eq!(reasons.len(), 1);
}

/// How many requests a 401 leads to that asks for `challenge`, and how many fetches.
async fn led_to(challenge: Option<&'static str>, heeds: bool) -> (usize, usize) {
    let (tokens, reasons) = numbered_at_once();
    let sent: Log<()> = Log::new();
    let log = sent.clone();
    let api = service_fn(move |_: Request<Body>| {
        log.push(());
        let mut response = Response::builder().status(401);
        if let Some(challenge) = challenge {
            response = response.header(WWW_AUTHENTICATE, challenge);
        }
        async move { Ok::<_, Infallible>(response.body(String::new()).unwrap()) }
    });
    let mut bearer = Bearer::new(home(), tokens);
    if heeds {
        bearer = bearer.heed_challenges();
    }
    let layer = AuthLayer::new(bearer).replay();
    let service = layer.layer(BoxCloneSyncService::new(api));
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    (sent.len(), reasons.len())
}

#[tokio::test]
async fn a_refusal_that_asks_for_other_schemes_is_no_matter_of_the_token_where_that_is_heeded() {
    assert_eq!(led_to(Some("Basic realm=x, Negotiate"), true).await, (1, 1));
    for challenge in [None, Some("Bearer"), Some("Basic realm=x, bearer realm=y")] {
        assert_eq!(led_to(challenge, true).await, (2, 2), "{challenge:?}");
    }
    assert_eq!(led_to(Some("Basic realm=x"), false).await, (2, 2));
}

#[tokio::test]
async fn a_refusal_of_the_callers_own_credential_neither_fetches_nor_sends_again() {
    let (tokens, reasons) = numbered_at_once();
    let (inner, sent) = api(|_| 401);
    let service = replaying(&tokens, inner);
    let mut own = get("https://elsewhere.example");
    own.headers_mut()
        .insert("authorization", "Bearer own".parse().unwrap());
    assert_eq!(send(&service, own).await.unwrap().status(), 401);
    let mut none = get(HOME);
    none.extensions_mut().insert(NoAuth);
    assert_eq!(send(&service, none).await.unwrap().status(), 401);
    assert_eq!((reasons.len(), sent.len()), (0, 2));
    assert_eq!(sent.all()[0].headers()["authorization"], "Bearer own");
    assert_eq!(credential(&sent.all()[1]), None);
}

/// Drops the request once the API has refused its token.
async fn send_until_first_answer(service: &Service<support::Inner>, tokens: &Tokens) {
    let mut sending = Box::pin(send(service, get(HOME)));
    assert!(poll_once(&mut sending).is_pending());
    while tokens.fetches() == 0 {
        sleep(SECOND / 10).await;
    }
    assert!(poll_once(&mut sending).is_pending());
}
