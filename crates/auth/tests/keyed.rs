//! Tokens of several tenants behind one client.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::Request;
use outbound_auth::{AuthError, AuthLayer, For, Keyed, Reason, Token, Tokens, from_fn};
use outbound_http::NoAuth;
use tokio::time::{Instant, sleep};
use tower::Layer;

use self::support::{Body, HOME, Log, SECOND, api, causes, credential, get, home, send};

fn of(tenant: u32) -> Request<Body> {
    let mut request = get(HOME);
    request.extensions_mut().insert(For(tenant));
    request
}

/// Each tenant's tokens are named for it; each fetch takes a second.
fn keyed() -> (Keyed<u32>, Log<(u32, Reason)>) {
    let fetches = Log::new();
    let log = fetches.clone();
    let keyed = Keyed::new(home(), move |tenant: &u32| {
        let (tenant, log) = (*tenant, log.clone());
        Tokens::new(from_fn(move |why| {
            log.push((tenant, why));
            let number = log.all().iter().filter(|(of, _)| *of == tenant).count();
            async move {
                sleep(SECOND).await;
                Ok(Token::new(format!("{tenant}-{number}")))
            }
        }))
    });
    (keyed, fetches)
}

#[tokio::test(start_paused = true)]
async fn each_tenant_gets_its_own_token_and_waits_for_its_own_fetch() {
    let (keyed, fetches) = keyed();
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::new(keyed.clone()).replay().layer(inner);
    let began = Instant::now();
    for response in join_all((0..1000).map(|n| send(&service, of(n % 10)))).await {
        response.unwrap();
    }
    assert_eq!(
        (began.elapsed(), fetches.len(), keyed.len()),
        (SECOND, 10, 10)
    );
    for request in sent.all() {
        let For(tenant) = request.extensions().get::<For<u32>>().unwrap();
        assert_eq!(credential(&request), Some(format!("Bearer {tenant}-1")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_of_ones_own_carries_the_tenants_token_and_the_usual_one_does_not() {
    let (keyed, fetches) = keyed();
    let keyed = keyed.capacity(7);
    let keyed = keyed.header(http::HeaderName::from_static("x-token"));
    keyed.tokens(&2).set(Token::new("set")).unwrap();
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::new(keyed.clone()).layer(inner);
    let mut own = of(3);
    own.headers_mut().insert("x-token", "own".parse().unwrap());
    for request in [of(1), of(2), own] {
        send(&service, request).await.unwrap();
    }
    let seen = sent.all();
    let tokens: Vec<_> = seen.iter().map(|sent| &sent.headers()["x-token"]).collect();
    assert_eq!(tokens, ["Bearer 1-1", "Bearer set", "own"]);
    assert!(seen.iter().all(|sent| credential(sent).is_none()));
    assert_eq!((fetches.len(), keyed.len()), (1, 2));
    assert!(format!("{keyed:?}").contains("capacity: 7"), "{keyed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_condemns_the_token_of_its_own_tenant_only() {
    let (keyed, fetches) = keyed();
    let (inner, _) = api(|request: &Request<Body>| {
        if credential(request).unwrap() == "Bearer 1-1" {
            401
        } else {
            200
        }
    });
    let service = AuthLayer::new(keyed.clone()).replay().layer(inner);
    for tenant in [1, 2, 1, 2] {
        assert_eq!(send(&service, of(tenant)).await.unwrap().status(), 200);
    }
    let expected = [
        (1, Reason::Missing),
        (1, Reason::Rejected),
        (2, Reason::Missing),
    ];
    assert_eq!(fetches.all(), expected);
    assert_eq!(keyed.tokens(&1).resends(), 1);
    keyed.tokens(&2).invalidate();
    send(&service, of(2)).await.unwrap();
    assert_eq!(fetches.all()[3], (2, Reason::Forced));
}

#[tokio::test]
async fn a_request_without_a_key_is_an_error_that_says_so_unless_it_needs_none() {
    let (keyed, fetches) = keyed();
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::new(keyed).replay().layer(inner);
    let error = send(&service, get(HOME)).await.unwrap_err();
    let error: &AuthError = error.downcast_ref().unwrap();
    assert!(causes(error)[0].contains("For(u32)"), "{error:?}");
    let mut anonymous = get(HOME);
    anonymous.extensions_mut().insert(NoAuth);
    send(&service, anonymous).await.unwrap();
    assert_eq!((sent.len(), fetches.len()), (1, 0));
    assert_eq!(credential(&sent.all()[0]), None);
}

#[tokio::test]
async fn a_tenants_token_stays_in_scope() {
    let (keyed, fetches) = keyed();
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::new(keyed).replay().layer(inner);
    let mut request = of(1);
    *request.uri_mut() = "https://evil.example/".parse().unwrap();
    let error = send(&service, request).await.unwrap_err();
    assert!(error.downcast_ref::<AuthError>().unwrap().is_out_of_scope());
    assert_eq!((sent.len(), fetches.len()), (0, 0));
}

#[test]
fn a_million_keys_do_not_grow_and_those_in_use_are_kept() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let keyed = Keyed::new(home(), move |_: &u32| {
        count.fetch_add(1, Ordering::Relaxed);
        Tokens::new(from_fn(|_| async { Ok(Token::new("t")) }))
    });
    for key in 0..1_000_000 {
        drop(keyed.tokens(&key));
        assert!(keyed.len() <= Keyed::DEFAULT_CAPACITY);
        drop(keyed.tokens(&0));
    }
    assert_eq!(
        made.load(Ordering::Relaxed),
        1_000_000,
        "key 0 was made once"
    );
    keyed.forget(&0);
    drop(keyed.tokens(&0));
    assert_eq!(made.load(Ordering::Relaxed), 1_000_001);
}

#[test]
fn the_smallest_capacity_is_one() {
    let (keyed, _) = keyed();
    let keyed = keyed.capacity(0);
    assert!(keyed.is_empty());
    for key in 0..10 {
        drop(keyed.tokens(&key));
        assert_eq!(keyed.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_forgotten_during_its_fetch_is_served_all_the_same() {
    let (keyed, fetches) = keyed();
    let keyed = keyed.capacity(1);
    let (inner, _) = api(|_| 200);
    let service = AuthLayer::new(keyed).replay().layer(inner);
    for response in join_all((0..100).map(|tenant| send(&service, of(tenant)))).await {
        response.unwrap();
    }
    assert_eq!(fetches.len(), 100);
}

#[test]
fn threads_that_meet_a_key_together_share_its_tokens() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&made);
    let keyed = Keyed::new(home(), move |_: &u32| {
        std::thread::yield_now();
        let tokens = Tokens::new(from_fn(|_| async { Ok(Token::new("t")) }));
        log.lock().unwrap().push(tokens.clone());
        tokens
    });
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let keyed = keyed.clone();
            std::thread::spawn(move || keyed.tokens(&1))
        })
        .collect();
    let got: Vec<Tokens> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    got[0]
        .set(Token::new("shared").lives(Duration::from_secs(60)))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for tokens in got {
        let token = runtime.block_on(tokens.get()).unwrap();
        assert_eq!(token.expose_secret(), "shared");
    }
}
