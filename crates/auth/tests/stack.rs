//! The layers between others: limits beneath, tower-http's layers above and beneath.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use outbound_auth::{
    Auth, AuthError, AuthLayer, Bearer, BoxError, FetchError, Reason, Scope, StaticAuthLayer,
    Token, TokenSource, Tokens, from_fn,
};
use outbound_http::{CloneBody, NoAuth};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tower::limit::{ConcurrencyLimit, GlobalConcurrencyLimitLayer};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::trace::TraceLayer;

use self::support::{Body, HOME, Log, credential, get, home, poll_once, send};

const SECOND: Duration = Duration::from_secs(1);

/// A token source that asks for its token through the client that it serves.
struct ThroughClient<C>(Arc<OnceLock<C>>);

impl<C> TokenSource for ThroughClient<C>
where
    C: Service<Request<Body>, Response = Response<Body>, Error = BoxError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    async fn fetch(&self, _: Reason) -> Result<Token, FetchError> {
        let mut request = get("https://idp.example/token");
        request.extensions_mut().insert(NoAuth);
        let client = self.0.get().unwrap().clone();
        let response = client.oneshot(request).await.map_err(FetchError::new)?;
        let token = response.into_body().collect().await?.to_bytes();
        Ok(Token::new(String::from_utf8(token.to_vec())?))
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_comes_through_the_one_permit_that_its_request_needs() {
    let (inner, sent) = api();
    let client: Arc<OnceLock<Fetching<ConcurrencyLimit<Api>>>> = Arc::default();
    let tokens = Tokens::new(ThroughClient(Arc::clone(&client)));
    let layer = AuthLayer::bearer_from(home(), tokens.clone()).replay();
    let service = ServiceBuilder::new()
        .layer(layer)
        .concurrency_limit(1)
        .service(inner);
    assert!(client.set(service.clone()).is_ok());

    for response in join_all((0..10).map(|_| send(&service, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    // The API refuses the first token to each of those who got it.
    assert_eq!((tokens.fetches(), tokens.resends()), (2, 10));
    let to_idp = |request: &Request<Body>| request.uri().host() == Some("idp.example");
    let (to_idp, to_api): (Vec<_>, Vec<_>) = sent.all().into_iter().partition(to_idp);
    assert_eq!((to_idp.len(), to_api.len()), (2, 20));
    assert!(to_idp.iter().all(|request| credential(request).is_none()));
    assert!(to_api.iter().all(|request| credential(request).is_some()));
}

#[tokio::test(start_paused = true)]
async fn it_works_over_buffer_load_shed_and_timeout() {
    let (inner, _) = api();
    let inner = || inner.clone();
    let layer = || AuthLayer::bearer_from(home(), tokens()).replay();
    let builder = || ServiceBuilder::new().layer(layer());

    let buffered = builder().buffer(1).service(inner());
    for response in join_all((0..20).map(|_| send(&buffered, get(HOME)))).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    let timed = builder().timeout(60 * SECOND).service(inner());
    assert_eq!(send(&timed, get(HOME)).await.unwrap().status(), 200);
    let shed = builder().load_shed().concurrency_limit(1).service(inner());
    assert_eq!(send(&shed, get(HOME)).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_layers_beneath_are_handed_out_as_they_are() {
    let (inner, _) = api();
    let fixed = || AuthLayer::bearer(home(), "fixed").unwrap();
    let shed = ServiceBuilder::new()
        .layer(fixed())
        .load_shed()
        .concurrency_limit(1);
    let shed = shed.service(inner.clone());
    let mut both = join_all((0..2).map(|_| send(&shed, get(HOME)))).await;
    let error = both.pop().unwrap().unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>());

    let timed = ServiceBuilder::new()
        .layer(fixed().strict())
        .timeout(SECOND / 2)
        .service(inner);
    let error = send(&timed, get(HOME)).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());
}

#[tokio::test(start_paused = true)]
async fn dropping_a_request_gives_its_permit_back_wherever_it_stood() {
    let (inner, sent) = api();
    let permits = Arc::new(Semaphore::new(1));
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let tokens = tokens();
    let layer = AuthLayer::bearer_from(home(), tokens.clone()).replay();
    // The service lives on, as it does in a client that sends one request after another.
    let mut service = ServiceBuilder::new()
        .layer(layer)
        .layer(limit)
        .service(inner);

    // While it waits for its first token it holds none.
    let mut waiting = Box::pin(service.ready().await.unwrap().call(get(HOME)));
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!(permits.available_permits(), 1);
    sleep(2 * SECOND).await;
    // In flight it holds one.
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!((permits.available_permits(), sent.len()), (0, 1));
    sleep(2 * SECOND).await;
    // Refused, it waits for the next token and holds none.
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!((permits.available_permits(), tokens.fetches()), (1, 1));
    drop(waiting);
    sleep(2 * SECOND).await;
    assert_eq!((permits.available_permits(), tokens.fetches()), (1, 2));

    let mut in_flight = Box::pin(service.ready().await.unwrap().call(get(HOME)));
    assert!(poll_once(&mut in_flight).is_pending());
    assert_eq!((permits.available_permits(), sent.len()), (0, 2));
    drop(in_flight);
    assert_eq!(permits.available_permits(), 1);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_kept_until_there_is_another_token_and_dropped_before_the_next_send() {
    struct Refusal(Arc<AtomicBool>);

    impl Drop for Refusal {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let dropped = Arc::new(AtomicBool::new(false));
    let (at_send, at_fetch) = (Arc::clone(&dropped), Arc::clone(&dropped));
    let inner = service_fn(move |request: Request<Body>| {
        let first = credential(&request).as_deref() == Some("Bearer first");
        assert_eq!(at_send.load(Ordering::Relaxed), !first);
        let refusal = first.then(|| Refusal(Arc::clone(&at_send)));
        let body = Full::new(Bytes::from("body")).map_frame(move |frame| {
            let _ = &refusal;
            frame
        });
        let response = Response::builder().status(if first { 401 } else { 200 });
        async move { Ok::<_, Infallible>(response.body(body).unwrap()) }
    });
    let tokens = Tokens::new(from_fn(move |why| {
        assert!(!at_fetch.load(Ordering::Relaxed));
        async move {
            Ok(Token::new(if why == Reason::Missing {
                "first"
            } else {
                "second"
            }))
        }
    }));
    let service = AuthLayer::bearer_from(home(), tokens).replay().layer(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_above_the_layer_carries_no_credential() {
    let (inner, sent) = api();
    let builder = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(fixed())
        .layer(AuthLayer::header(home(), "x-api-key", "key").unwrap())
        .layer(AuthLayer::query(home(), "key", "value").unwrap());
    let service = builder.service(inner);
    let hops = get("https://api.example.com/to/https://b.example/to/https://api.example.com/");
    assert_eq!(send(&service, hops).await.unwrap().status(), 200);
    let credentials: Vec<_> = sent.all().iter().map(carried).collect();
    assert_eq!(credentials, [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_above_a_strict_layer_is_an_error() {
    let (inner, sent) = api();
    let tokens = tokens();
    let fetched = AuthLayer::bearer_from(home(), tokens);
    let redirecting = || ServiceBuilder::new().layer(FollowRedirectLayer::new());
    let strict = redirecting().layer(fixed().strict()).service(inner.clone());
    let fetched = redirecting().layer(fetched).service(inner);
    let hop = || get("https://api.example.com/to/https://b.example/");
    for error in [
        send(&strict, hop()).await.unwrap_err(),
        send(&fetched, hop()).await.unwrap_err(),
    ] {
        let error: &AuthError = error.downcast_ref().unwrap();
        assert!(error.is_out_of_scope() && error.to_string().contains("https://b.example"));
    }
    assert_eq!(sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_within_the_origin_keeps_the_credential() {
    let (inner, sent) = api();
    let service = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(fixed().strict())
        .service(inner);
    let hop = get("https://api.example.com/to/https://api.example.com/other");
    assert_eq!(send(&service, hop).await.unwrap().status(), 200);
    assert_eq!(sent.len(), 2);
    assert!(
        sent.all()
            .iter()
            .all(|request| credential(request).is_some())
    );
}

#[tokio::test(start_paused = true)]
async fn it_works_under_and_over_the_layers_of_tower_http() {
    let (inner, sent) = api();
    let tokens = tokens();
    let over = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(FollowRedirectLayer::new())
        .layer(DecompressionLayer::new())
        .layer(AuthLayer::bearer_from(home(), tokens.clone()).replay())
        .service(inner.clone());
    let under = ServiceBuilder::new()
        .layer(AuthLayer::bearer_from(home(), tokens).replay())
        .layer(fixed())
        .layer(TraceLayer::new_for_http())
        .layer(FollowRedirectLayer::new())
        .layer(DecompressionLayer::new())
        .service(inner);
    let hop = || get("https://api.example.com/to/https://b.example/");
    assert_eq!(send(&over, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(send(&under, hop()).await.unwrap().status(), 200);
    assert_eq!(credential(&sent.all().pop().unwrap()), None);
}

#[test]
fn everything_that_is_shared_can_be_sent_and_shared() {
    fn assert_send_sync<T: Clone + Send + Sync + 'static>() {}
    assert_send_sync::<StaticAuthLayer>();
    assert_send_sync::<AuthLayer<Bearer, CloneBody>>();
    assert_send_sync::<Fetching<Api>>();
    assert_send_sync::<Tokens>();
    assert_send_sync::<Scope>();
}

type Fetching<S> = Auth<S, Bearer, CloneBody>;
type Api = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// Takes a second for its answer. Knows `idp.example`, which gives the tokens `first` and
/// `second`; refuses `first`; and redirects `/to/<uri>`.
fn api() -> (Api, Log<Request<Body>>) {
    let sent = Log::new();
    let log = sent.clone();
    let tokens = Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |request: Request<Body>| {
        log.push(request.clone());
        let mut response = Response::builder();
        let mut body = "";
        if request.uri().host() == Some("idp.example") {
            let first = tokens.fetch_add(1, Ordering::Relaxed) == 0;
            body = if first { "first" } else { "second" };
        } else if let Some(target) = request.uri().path().strip_prefix("/to/") {
            response = response.status(302).header("location", target);
        } else if credential(&request).as_deref() == Some("Bearer first") {
            response = response.status(401);
        }
        async move {
            sleep(SECOND).await;
            Ok(response.body(Full::new(Bytes::from(body)))?)
        }
    });
    (BoxCloneSyncService::new(service), sent)
}

/// Gives the tokens `first`, `second`, `second`, ... after a second each.
fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let first = fetches.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            sleep(SECOND).await;
            Ok(Token::new(if first { "first" } else { "second" }))
        }
    }))
}

fn fixed() -> StaticAuthLayer {
    AuthLayer::bearer(home(), "fixed").unwrap()
}

/// Whether the request carries all three credentials; it must not carry some of them.
fn carried(request: &Request<Body>) -> bool {
    let bearer = credential(request).is_some();
    assert_eq!(request.headers().contains_key("x-api-key"), bearer);
    assert_eq!(request.uri().query().is_some(), bearer);
    bearer
}

/// As many attempts as it takes to get a 200.
#[derive(Clone)]
struct Again;

impl<E> tower::retry::Policy<Request<Body>, Response<Body>, E> for Again {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        result: &mut Result<Response<Body>, E>,
    ) -> Option<Self::Future> {
        let failed = matches!(result, Ok(response) if response.status() != 200);
        failed.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Some(request.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_of_a_retry_layer_carries_the_token_of_its_moment() {
    let tokens = Tokens::new(from_fn(|_| async { Ok(Token::new("never fetched")) }));
    let (next, sent) = (tokens.clone(), Log::new());
    let log = sent.clone();
    // Each failed attempt takes so long that there is another token at its end.
    let inner = service_fn(move |request: Request<Body>| {
        log.push(credential(&request).unwrap());
        let attempt = log.len();
        next.set(Token::new(format!("{}", attempt + 1))).unwrap();
        let status = if attempt < 3 { 503 } else { 200 };
        let response = Response::builder().status(status).body(Body::default());
        async move { Ok::<_, Infallible>(response.unwrap()) }
    });
    tokens.set(Token::new("1")).unwrap();
    let service = ServiceBuilder::new()
        .layer(tower::retry::RetryLayer::new(Again))
        .layer(AuthLayer::bearer_from(home(), tokens).replay())
        .service(inner);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(sent.all(), ["Bearer 1", "Bearer 2", "Bearer 3"]);
}
