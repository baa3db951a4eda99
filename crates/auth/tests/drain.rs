//! What becomes of a refused response that another attempt replaces.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use outbound_auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use outbound_http::BoxError;
use test_support::{Act, Body, FaultyServer};
use tokio::time::Instant;
use tower::{Layer, Service, service_fn};

use self::support::{HOME, SECOND, get, send};

/// Another token each time.
fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let number = fetches.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Token::new(number.to_string())) }
    }))
}

/// How long it takes until a request is sent again whose first answer has this body.
async fn delay_of(
    refusal: impl Fn() -> Body + Clone + Send + Sync + 'static,
    version: Version,
    drain: Option<usize>,
) -> Duration {
    let inner = service_fn(move |request: Request<support::Body>| {
        let first = request.headers()["authorization"] == "Bearer 0";
        let mut response = Response::new(if first { refusal() } else { Body::empty() });
        *response.version_mut() = version;
        if first {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        async move { Ok::<_, BoxError>(response) }
    });
    let layer = AuthLayer::bearer_from(support::home(), tokens()).replay();
    let layer = match drain {
        Some(limit) => layer.drain(limit),
        None => layer,
    };
    let service = layer.layer(inner);
    let began = Instant::now();
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_refusal_is_read_before_the_request_is_sent_again() {
    let slow = || Body::drip(vec![Bytes::from("refused"); 3], SECOND / 100);
    let delay = delay_of(slow, Version::HTTP_11, None).await;
    assert!(delay >= SECOND / 50 && delay <= SECOND / 20, "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_not_waited_for_where_that_gains_nothing_or_too_much_would_come() {
    let slow = || Body::drip(vec![Bytes::from("refused"); 3], SECOND / 100);
    assert_eq!(delay_of(slow, Version::HTTP_2, None).await, Duration::ZERO);
    assert_eq!(
        delay_of(slow, Version::HTTP_11, Some(0)).await,
        Duration::ZERO
    );
    // Its first frame is more than is read.
    let delay = delay_of(slow, Version::HTTP_11, Some(3)).await;
    assert!(delay <= SECOND / 50, "{delay:?}");
    let large = || Body::full(vec![0; AuthLayer::DEFAULT_DRAIN + 1]);
    assert_eq!(
        delay_of(large, Version::HTTP_11, None).await,
        Duration::ZERO
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_does_not_end_delays_the_request_no_longer_than_that() {
    let endless = || Body::drip(vec![Bytes::from("."); 100_000], SECOND / 100);
    let delay = delay_of(endless, Version::HTTP_11, None).await;
    let most = AuthLayer::DRAIN_TIME + Duration::from_millis(2);
    assert!((AuthLayer::DRAIN_TIME..=most).contains(&delay), "{delay:?}");
}

async fn connections_for(refusal: Act, drain: Option<usize>) -> usize {
    let ok = || Act::ok("[]");
    let server = FaultyServer::start([vec![refusal, ok()], vec![ok()]]).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let scope = Scope::origin(server.url("/").trim_end_matches('/')).unwrap();
    let layer = AuthLayer::bearer_from(scope, tokens()).replay();
    let layer = match drain {
        Some(limit) => layer.drain(limit),
        None => layer,
    };
    let mut service = layer.layer(client);
    let request = Request::get(server.url("/")).body(Full::default()).unwrap();
    let ready = tower::ServiceExt::ready(&mut service).await.unwrap();
    let response = ready.call(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "[]"
    );
    let sent = server.requests();
    assert_eq!(sent.len(), 2);
    server.connections()
}

#[tokio::test]
async fn the_connection_of_a_refusal_serves_the_next_attempt() {
    let refusal = Act::respond(401, &[], vec![b'x'; 1024]);
    assert_eq!(connections_for(refusal, None).await, 1);
}

#[tokio::test]
async fn it_is_closed_if_the_refusal_is_not_read() {
    let refusal = Act::respond(401, &[], vec![b'x'; 512 * 1024]);
    assert_eq!(connections_for(refusal, Some(1024)).await, 2);
}
