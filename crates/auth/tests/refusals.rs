//! What a 401 leads to, and how often.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use http::{Request, Response};
use outbound_auth::{AuthLayer, Bearer, ReplayError, Token, Tokens, from_fn};
use outbound_http::CloneBody;
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneSyncService;
use tower::{Layer, service_fn};

use self::support::{
    Body, HOME, SECOND, api, bearer, causes, credential, down, get, home, numbered_at_once,
    refusing, replaying, script, send, slow_api, source_after, token,
};

#[tokio::test(start_paused = true)]
async fn ten_thousand_requests_to_a_resource_that_always_refuses_make_two_fetches() {
    let (tokens, reasons) = numbered_at_once();
    let (inner, sent) = api(|_| 401);
    let service = replaying(&tokens, inner);
    for _ in 0..10_000 {
        let response = send(&service, get(HOME)).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &**response.body()),
            (401, "refused")
        );
    }
    // One request was sent again, with the second token.
    assert_eq!((reasons.len(), sent.len()), (2, 10_001));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_requests_at_once_to_a_resource_that_always_refuses_make_two_fetches() {
    let (source, reasons) = source_after(SECOND, None);
    let tokens = Tokens::new(source);
    let (inner, sent) = slow_api(SECOND, |_: &Request<Body>| 401);
    let service = replaying(&tokens, inner);
    for response in join_all((0..10_000).map(|_| send(&service, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 401);
    }
    assert_eq!((reasons.len(), sent.len()), (2, 20_000));
}

#[tokio::test(start_paused = true)]
async fn over_an_hour_an_always_refusing_resource_makes_a_handful_of_fetches() {
    let (tokens, reasons) = numbered_at_once();
    let (inner, _) = api(|_| 401);
    let service = replaying(&tokens, inner);
    for _ in 0..36_000 {
        send(&service, get(HOME)).await.unwrap();
        sleep(SECOND / 10).await;
    }
    // 10 s, 20 s, ... 5 min, and then every five minutes.
    assert_eq!(reasons.len(), 17);
}

#[tokio::test(start_paused = true)]
async fn one_resource_that_always_refuses_does_not_take_the_others_down() {
    let (source, reasons) = source_after(SECOND / 10, None);
    let tokens = Tokens::new(source);
    let (inner, _) = api(|request: &Request<Body>| match request.uri().path() {
        "/forbidden" => 401,
        _ => 200,
    });
    let service = replaying(&tokens, inner);
    for _ in 0..3_000 {
        let bad = send(&service, get("https://api.example.com/forbidden"));
        let good = send(&service, get(HOME));
        assert_eq!(bad.await.unwrap().status(), 401);
        assert_eq!(good.await.unwrap().status(), 200);
        sleep(SECOND / 10).await;
    }
    assert!(reasons.len() <= 8, "{}", reasons.len());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_revokes_a_token_when_it_issues_the_next_is_not_driven_to_issue_more() {
    let issued = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&issued);
    let tokens = Tokens::new(from_fn(move |_| {
        let token = Token::new((count.fetch_add(1, Ordering::Relaxed) + 1).to_string());
        async move {
            sleep(SECOND / 10).await;
            Ok(token)
        }
    }));
    // It looks at a token when it answers: of those in flight the token is revoked by then.
    let current = Arc::clone(&issued);
    let inner = service_fn(move |request: Request<Body>| {
        let current = Arc::clone(&current);
        async move {
            sleep(SECOND / 20).await;
            let newest = format!("Bearer {}", current.load(Ordering::Relaxed));
            let good = credential(&request) == Some(newest) && request.uri().path() != "/forbidden";
            let status = if good { 200 } else { 401 };
            let response = Response::builder().status(status).body(String::new());
            Ok::<_, Infallible>(response.unwrap())
        }
    });
    let service = replaying(&tokens, BoxCloneSyncService::new(inner));
    let busy = (0..5).map(|_| async {
        for _ in 0..6_000 {
            assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
        }
    });
    let refused = async {
        for _ in 0..6_000 {
            let bad = send(&service, get("https://api.example.com/forbidden")).await;
            assert_eq!(bad.unwrap().status(), 401);
        }
    };
    tokio::join!(join_all(busy), refused);
    // In five minutes, as for a server that revokes nothing: after 0, 10, 30, 70, 150 and 310 s.
    let issued = issued.load(Ordering::Relaxed);
    assert!((5..=8).contains(&issued), "{issued}");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_is_noticed_although_some_resource_always_refuses() {
    let (source, reasons) = source_after(SECOND / 10, None);
    let tokens = Tokens::new(source);
    let revoked = Arc::new(AtomicUsize::new(0));
    let upto = Arc::clone(&revoked);
    let (inner, _) = api(move |request: &Request<Body>| {
        let sent = credential(request).unwrap();
        let number: usize = sent.strip_prefix("Bearer ").unwrap().parse().unwrap();
        match request.uri().path() {
            "/forbidden" => 401,
            _ if number <= upto.load(Ordering::Relaxed) => 401,
            _ => 200,
        }
    });
    let service = replaying(&tokens, inner);
    let good = || send(&service, get(HOME));
    for _ in 0..6_000 {
        send(&service, get("https://api.example.com/forbidden"))
            .await
            .unwrap();
        assert_eq!(good().await.unwrap().status(), 200);
        sleep(SECOND / 10).await;
    }
    let fetches = reasons.len();
    revoked.store(fetches, Ordering::Relaxed);
    let mut refused = 0;
    while good().await.unwrap().status() == 401 {
        refused += 1;
        assert!(refused < Tokens::REFUSALS_IN_A_ROW, "far from five minutes");
    }
    assert_eq!(reasons.len(), fetches + 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_revoked_again_and_again_is_renewed_each_time() {
    let (tokens, reasons) = numbered_at_once();
    let refused = Arc::new(AtomicUsize::new(0));
    let number = Arc::clone(&refused);
    let (inner, _) = api(move |request: &Request<Body>| {
        let revoked = number.load(Ordering::Relaxed);
        if credential(request).unwrap() == format!("Bearer {revoked}") {
            401
        } else {
            200
        }
    });
    let service = replaying(&tokens, inner);
    for revoked in 1..=20 {
        refused.store(revoked, Ordering::Relaxed);
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
        assert_eq!(reasons.len(), revoked + 1);
    }
}

#[tokio::test]
async fn a_source_that_gives_the_same_token_again_leaves_the_refusal_as_it_is() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetches);
    let tokens = Tokens::new(from_fn(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(Token::new("same")) }
    }));
    let (inner, sent) = api(|_| 401);
    let service = replaying(&tokens, inner);
    let response = send(&service, get(HOME)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &**response.body()),
        (401, "refused")
    );
    let reason: &ReplayError = response.extensions().get().unwrap();
    assert!(causes(reason.get_ref())[0].contains("no other token"));
    for _ in 0..100 {
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    }
    assert_eq!((fetches.load(Ordering::Relaxed), sent.len()), (2, 101));
    assert_eq!(tokens.resends(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_failed_does_not_keep_a_refused_token_from_being_replaced() {
    let hour = 3600 * SECOND;
    let (source, reasons) = script(
        SECOND / 10,
        [token("1", hour), down(), down(), token("2", hour)],
    );
    let service = replaying(&Tokens::new(source), api(refusing(1)).0);
    let began = Instant::now();
    while send(&service, get(HOME)).await.unwrap().status() == 401 {
        sleep(SECOND / 10).await;
    }
    // Not ten seconds later, but as soon as the back-off allows: 1 s and 2 s at most.
    assert!(began.elapsed() < 4 * SECOND, "{:?}", began.elapsed());
    assert_eq!(reasons.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn over_an_hour_a_resource_that_always_refuses_and_a_source_that_fails_leave_each_other_alone()
 {
    let (source, reasons) = script(SECOND / 10, [token("1", 2 * 3600 * SECOND), down()]);
    let service = replaying(&Tokens::new(source), api(|_| 401).0);
    for _ in 0..36_000 {
        send(&service, get(HOME)).await.unwrap();
        sleep(SECOND / 10).await;
    }
    // One a minute, or sooner by half, once the back-off has grown.
    assert!((60..=130).contains(&reasons.len()), "{}", reasons.len());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_or_is_busy_after_a_renewal_proves_nothing() {
    for status in [407, 408, 421, 425, 429, 500, 503] {
        proves_nothing(status).await;
    }
}

async fn proves_nothing(status: u16) {
    let (tokens, reasons) = numbered_at_once();
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let (inner, _) = api(move |request: &Request<Body>| {
        match (
            is_mended.load(Ordering::Relaxed),
            credential(request) == bearer(1),
        ) {
            (_, true) => 401,
            (false, _) => status,
            _ => 401,
        }
    });
    let service = replaying(&tokens, inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), status);
    mended.store(true, Ordering::Relaxed);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    assert_eq!(reasons.len(), 2, "the pause goes on");
    sleep(Tokens::MIN_REJECTION_PAUSE).await;
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(reasons.len(), 3);
}

#[tokio::test]
async fn a_proxys_407_is_no_matter_of_the_servers_token_nor_a_401_of_the_proxys() {
    for (status, proxy, fetches, sends) in [
        (407, true, 2, 2),
        (401, true, 1, 1),
        (407, false, 1, 1),
        (401, false, 2, 2),
    ] {
        let (tokens, reasons) = numbered_at_once();
        let (inner, sent) = api(move |_| status);
        let bearer = Bearer::new(home(), tokens);
        let header = if proxy {
            "proxy-authorization"
        } else {
            "authorization"
        };
        let bearer = if proxy { bearer.proxy() } else { bearer };
        let service = AuthLayer::new(bearer).replay_with(CloneBody).layer(inner);
        send(&service, get(HOME)).await.unwrap();
        assert_eq!(
            (reasons.len(), sent.len()),
            (fetches, sends),
            "{status} {proxy}"
        );
        for request in sent.all() {
            assert_eq!(request.headers().len(), 1);
            assert!(request.headers()[header].is_sensitive());
        }
    }
}
