//! The contract of tower's `Service`, held against an inner service that panics on a breach.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use outbound_auth::{Auth, AuthLayer, Bearer, BoxError, FetchError, Scope, Token, Tokens, from_fn};
use outbound_http::CloneBody;
use test_support::{Scripted, Step, Strict, StrictHandle, assert_send, send};
use tokio::time::sleep;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, Service};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_static_credential_passes_readiness_through() {
    let strict = Strict::new();
    let handle = strict.handle();
    let mut service = AuthLayer::bearer(Scope::any(), "t").unwrap().layer(strict);
    for n in 1..=3 {
        let response = ready_and_call(&mut service);
        assert_eq!(response.status(), 200);
        assert_eq!((handle.readied(), handle.calls(), handle.held()), (n, n, 0));
    }
}

#[test]
fn a_strict_static_credential_passes_readiness_through() {
    let strict = Strict::new();
    let handle = strict.handle();
    let layer = AuthLayer::bearer(Scope::any(), "t").unwrap().strict();
    let mut service = layer.layer(strict);
    for n in 1..=3 {
        ready_and_call(&mut service);
        assert_eq!((handle.readied(), handle.calls(), handle.held()), (n, n, 0));
    }
}

#[test]
#[should_panic(expected = "not polled ready")]
fn a_clone_does_not_pass_for_ready() {
    let mut service = AuthLayer::bearer(Scope::any(), "t")
        .unwrap()
        .layer(Strict::new());
    assert_ready_ok!(polled(&mut service));
    drop(service.clone().call(request()));
}

#[tokio::test(start_paused = true)]
async fn a_token_at_hand_costs_no_second_readiness() {
    let (mut service, handle) = fetching(Strict::new());
    send(&mut service, request()).await.unwrap();
    // Given back for the fetch, and asked for again.
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 1, 0));
    send(&mut service, request()).await.unwrap();
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn no_readiness_is_held_while_a_token_is_waited_for() {
    let (mut service, handle) = fetching(Strict::new());
    assert!(polled(&mut service).is_ready());
    assert_eq!(handle.held(), 1);
    let mut response = task::spawn(service.call(request()));
    assert_pending!(response.poll());
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (1, 0, 0));
    sleep(2 * SECOND).await;
    assert!(response.is_woken());
    assert_ready_ok!(response.poll());
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 1, 0));
}

#[tokio::test]
async fn no_readiness_is_held_after_a_request_that_was_not_sent() {
    let elsewhere = Scope::origin("https://api.example.com").unwrap();
    let (strict, down) = (Strict::new(), Strict::new());
    let (handle, broken) = (strict.handle(), down.handle());
    let mut strict = AuthLayer::bearer(elsewhere, "token")
        .unwrap()
        .strict()
        .layer(strict);
    let source = from_fn(|_| async { Err(FetchError::new("down")) });
    let mut down = AuthLayer::bearer_from(Scope::any(), Tokens::new(source)).layer(down);
    assert!(send(&mut strict, request()).await.is_err());
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (1, 0, 0));
    // The second is refused at once, by the error of the first.
    for readied in 1..=2 {
        assert!(send(&mut down, request()).await.is_err());
        assert_eq!((broken.readied(), broken.held()), (readied, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_resend_has_a_readiness_of_its_own() {
    let (mut service, handle) = fetching(Strict::with(RefuseFirst::default()));
    send(&mut service, request()).await.unwrap();
    // One was given back for the first fetch.
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn no_readiness_is_held_while_a_refused_request_waits() {
    let (mut service, handle) = fetching(Strict::with(RefuseFirst::default()));
    assert!(polled(&mut service).is_ready());
    let mut response = task::spawn(service.call(request()));
    assert_pending!(response.poll());
    sleep(2 * SECOND).await;
    assert_pending!(response.poll()); // refused, and waiting again
    assert_eq!((handle.calls(), handle.held()), (1, 0));
    drop(response);
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_future_dropped_while_it_waits_sends_nothing() {
    let (mut service, handle) = fetching(Strict::new());
    assert!(polled(&mut service).is_ready());
    let mut response = task::spawn(service.call(request()));
    assert_pending!(response.poll());
    drop(response);
    sleep(2 * SECOND).await;
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (1, 0, 0));
    send(&mut service, request()).await.unwrap();
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 1, 0));
}

#[test]
fn an_inner_service_that_is_not_ready_is_waited_for_and_its_error_is_handed_out() {
    let mut fixed = AuthLayer::bearer(Scope::any(), "t")
        .unwrap()
        .layer(Unready(None));
    let strict = AuthLayer::bearer(Scope::any(), "t").unwrap().strict();
    let mut strict = strict.layer(Unready(None));
    assert_pending!(polled(&mut fixed));
    assert_pending!(polled(&mut strict));
    fixed.get_mut().0 = Some("closed");
    strict.get_mut().0 = Some("closed");
    let error: std::io::Error = assert_ready_err!(polled(&mut fixed));
    assert_eq!(error.to_string(), "closed");
    let error = assert_ready_err!(polled(&mut strict));
    assert!(error.is::<std::io::Error>());
}

#[tokio::test(start_paused = true)]
async fn an_inner_service_that_fails_its_readiness_after_the_wait_ends_the_request() {
    let tokens = tokens();
    let mut service =
        AuthLayer::bearer_from(Scope::any(), tokens.clone()).layer(Unready(Some("closed")));
    // Called without its readiness, which only `Strict` would mind.
    let error = service.call(request()).await.unwrap_err();
    assert!(error.is::<std::io::Error>());
    assert_eq!(tokens.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn messages_pass_untouched() {
    let trailers = http::HeaderMap::from_iter([(
        http::HeaderName::from_static("x-sum"),
        http::HeaderValue::from_static("7"),
    )]);
    for (method, status) in [
        (Method::HEAD, 200),
        (Method::GET, 204),
        (Method::GET, 304),
        (Method::CONNECT, 200),
        (Method::GET, 101),
        (Method::POST, 500),
    ] {
        let body = test_support::Body::chunks(["not ", "json"]).with_trailers(trailers.clone());
        let inner = Scripted::new([Step::status(status).header("x-kept", "1").body_with(body)]);
        let mut service = AuthLayer::bearer_from(Scope::any(), tokens())
            .replay()
            .layer(
                AuthLayer::header(Scope::any(), "x-api-key", "k")
                    .unwrap()
                    .layer(inner.clone()),
            );
        let request = Request::builder()
            .method(&method)
            .uri("/path")
            .version(Version::HTTP_2)
            .body(Full::new(Bytes::from_static(b"\0\xff")))
            .unwrap();
        let response = send(&mut service, request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-kept"], "1");
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers(), Some(&trailers));
        assert_eq!(body.to_bytes(), "not json");
        let [sent] = inner.requests().try_into().unwrap();
        assert_eq!((sent.method, sent.version), (method, Version::HTTP_2));
        assert_eq!(sent.body, &b"\0\xff"[..]);
        assert_eq!(sent.headers.len(), 2);
    }
}

#[test]
fn futures_can_be_sent_to_other_threads() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _context = runtime.enter();
    let (mut service, _) = fetching(Strict::new());
    assert!(polled(&mut service).is_ready());
    assert_send(&service.call(request()));
}

fn fetching<S>(strict: Strict<S>) -> (Auth<Strict<S>, Bearer, CloneBody>, StrictHandle) {
    let handle = strict.handle();
    let layer = AuthLayer::bearer_from(Scope::any(), tokens()).replay();
    (layer.layer(strict), handle)
}

/// Gives another token each time, after a second.
fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let token = Token::new(fetches.fetch_add(1, Ordering::Relaxed).to_string());
        async move {
            sleep(SECOND).await;
            Ok(token)
        }
    }))
}

fn request() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}

fn ready_and_call<S>(service: &mut S) -> S::Response
where
    S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>,
{
    assert_ready_ok!(polled(service));
    assert_ready_ok!(task::spawn(service.call(request())).poll())
}

fn polled<S>(service: &mut S) -> Poll<Result<(), S::Error>>
where
    S: Service<Request<Full<Bytes>>>,
{
    service.poll_ready(&mut Context::from_waker(std::task::Waker::noop()))
}

/// Answers its first request with 401 and all others with 200.
#[derive(Clone, Default)]
struct RefuseFirst(std::sync::Arc<AtomicUsize>);

impl<B> Service<Request<B>> for RefuseFirst {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        let mut response = Response::new(String::new());
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        ready(Ok(response))
    }
}

/// Is never ready, or fails.
#[derive(Clone)]
struct Unready(Option<&'static str>);

impl<B> Service<Request<B>> for Unready {
    type Response = Response<String>;
    type Error = std::io::Error;
    type Future = Ready<Result<Response<String>, std::io::Error>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        match self.0 {
            Some(fault) => Poll::Ready(Err(std::io::Error::other(fault))),
            None => Poll::Pending,
        }
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        panic!("called, though it was never ready")
    }
}

#[allow(dead_code, reason = "compiles, or it does not")]
fn the_error_of_a_static_credential_is_that_of_the_inner_service(
    service: &mut outbound_auth::StaticAuth<Strict>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + use<> {
    service.call(request())
}

#[allow(dead_code, reason = "compiles, or it does not")]
fn the_error_of_a_strict_credential_is_boxed(
    service: &mut Auth<Strict, outbound_auth::StaticCredential>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, BoxError>> + use<> {
    service.call(request())
}
