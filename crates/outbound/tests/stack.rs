//! What the standard stack makes of its parts.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope};
use outbound::http::{DeadlineAt, DeadlineExceeded, EffectiveUri, IdleBody};
use outbound::paginate::{LinkHeader, PageErrorKind, PaginateLayer};
use outbound::retry::{Attempts, Exponential, RetryLayer};
use outbound::schema::{Contract, ValidateLayer};
use outbound::{BoxError, Client, ErrorExt, PagesExt, standard, success};
use test_support::{Scripted, Step, Strict};
use tokio::time::Instant;
use tower::util::MapRequestLayer;
use tower::{Layer, ServiceExt};

const SECOND: Duration = Duration::from_secs(1);

fn request(method: Method, uri: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from("{}"));
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().unwrap();
    request
}

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

/// A layer that counts what passes it.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn layer<B>(&self) -> MapRequestLayer<impl Fn(Request<B>) -> Request<B> + Clone + use<B>> {
        let count = Arc::clone(&self.0);
        MapRequestLayer::new(move |request| {
            count.fetch_add(1, SeqCst);
            request
        })
    }

    fn get(&self) -> usize {
        self.0.load(SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn each_slot_sees_what_its_name_says() {
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("{}")]);
    let (calls, tries) = (Count::default(), Count::default());
    let stack = standard()
        .retry(at_once())
        .per_call(calls.layer())
        .per_try(tries.layer())
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!(Attempts::of(response.extensions()), 3);
    assert_eq!((calls.get(), tries.get(), api.calls()), (1, 3, 3));
    // What is beneath may have been redirected.
    assert!(response.extensions().get::<EffectiveUri>().is_some());
}

#[tokio::test(start_paused = true)]
async fn without_layers_of_the_user_s_nothing_is_stamped() {
    let api = Scripted::new([Step::ok("{}")]);
    let stack = standard().service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert!(response.extensions().is_empty());
    assert!(api.requests()[0].extensions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_path_is_completed_before_its_credential_is_added() {
    let api = Scripted::from_fn(|_| Step::ok("{}"));
    let scope = Scope::origin("https://api.test").unwrap();
    let client: Client = standard()
        .base_url("https://api.test/v1/")
        .unwrap()
        .auth(AuthLayer::bearer(scope, "token").unwrap().strict())
        .service(Strict::with(api.clone()))
        .boxed();
    for uri in ["/users?x=1", "https://api.test/whole"] {
        client.send(request(Method::GET, uri)).await.unwrap();
    }
    let foreign = client.send(request(Method::GET, "https://other.test/users"));
    assert!(foreign.await.unwrap_err().is_credential());

    let sent: Vec<_> = api
        .requests()
        .iter()
        .map(|sent| sent.uri.to_string())
        .collect();
    assert_eq!(
        sent,
        ["https://api.test/v1/users?x=1", "https://api.test/whole"]
    );
    assert!(
        api.requests()
            .iter()
            .all(|sent| sent.headers["authorization"] == "Bearer token")
    );
}

#[tokio::test(start_paused = true)]
async fn pages_of_a_base_url_stay_within_its_origin() {
    let page = |link: &str, json: &'static str| Step::ok(json).header("link", link);
    let script = || {
        vec![
            page("</v1/items?page=2>; rel=next", "[1,2]"),
            page("<https://other.test/items>; rel=next", "[3]"),
        ]
    };
    let api = Scripted::new(script());
    let client: Client = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()))
        .boxed();
    let first = request(Method::GET, "/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    let error = items.try_next().await.unwrap_err();
    assert!(error.is_page(PageErrorKind::CrossOrigin), "{error}");
    assert_eq!(api.calls(), 2);
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");

    // A client of streamed bodies does the same.
    let api = Scripted::new(script());
    let client: Client<Full<Bytes>, IdleBody<test_support::Body>> = standard()
        .streaming()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()))
        .boxed_streaming();
    let first = request(Method::GET, "/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    assert!(items.try_next().await.is_err());
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");

    // The stack that is not boxed does the same.
    let api = Scripted::new(script());
    let stack = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()));
    let first = request(Method::GET, "/items");
    let pages = stack.pages(LinkHeader::next(), first).await.unwrap();
    assert!(
        std::pin::pin!(pages.items::<u32>(""))
            .try_collect::<Vec<_>>()
            .await
            .is_err()
    );
    assert_eq!(api.calls(), 2);

    // So does one with a layer of the caller's around it, whose first request has no origin.
    let api = Scripted::new(script());
    let stack = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()));
    let layer = PaginateLayer::new(LinkHeader::next()).max_pages(10);
    let first = request(Method::GET, "/items");
    let pages = layer.layer(stack).oneshot(first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    let error = items.try_next().await.unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::CrossOrigin);
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");
}

#[tokio::test(start_paused = true)]
async fn items_are_held_against_a_contract_of_their_own() {
    let api = Scripted::new([Step::ok(r#"{"items":[{"id":1},{"id":"2"},{"id":3}]}"#)]);
    let client: Client = standard().service(api).boxed();
    let first = request(Method::GET, "https://h/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let contract = Contract::required(["/id: integer"]).unwrap();
    let mut items = std::pin::pin!(pages.items_checked::<serde_json::Value>("/items", &contract));
    assert_eq!(items.try_next().await.unwrap().unwrap()["id"], 1);
    let error = items.try_next().await.unwrap_err();
    assert_eq!(error.violation().unwrap().instance(), "/id");
    // The stream goes on after it.
    assert_eq!(items.try_next().await.unwrap().unwrap()["id"], 3);
}

#[test]
fn a_task_or_a_handler_may_stream_items_in_each_way() {
    fn assert_send(_: impl Future + Send) {}

    async fn checked(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        let items = pages.items_checked::<u8>("", &Contract::any());
        Ok(items.try_collect().await?)
    }
    async fn decoded(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        let items = pages.items_with("", |item| Ok(item[0]));
        Ok(items.try_collect().await?)
    }
    async fn typed(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        Ok(pages.items::<u8>("").try_collect().await?)
    }
    let client = || standard().service(Scripted::new([])).boxed();
    assert_send(checked(client()));
    assert_send(decoded(client()));
    assert_send(typed(client()));
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_returns_the_response_that_asked_for_it() {
    let busy = || Step::status(503).header("retry-after", "11");
    let api = Scripted::new([busy()]);
    let stack = standard()
        .deadline(10 * SECOND)
        .service(Strict::with(api.clone()));
    let start = Instant::now();
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((start.elapsed(), api.calls()), (Duration::ZERO, 1));

    // A retry's own deadline stands where it is the earlier one, and gives way where it is not.
    for (own, sends) in [(5, 1), (500, 2)] {
        let busy = Step::status(503).header("retry-after", "7");
        let api = Scripted::new([busy, Step::ok("{}")]);
        let stack = standard()
            .retry(RetryLayer::new().deadline(own * SECOND))
            .deadline(10 * SECOND)
            .service(Strict::with(api.clone()));
        stack
            .send(request(Method::GET, "https://h/"))
            .await
            .unwrap();
        assert_eq!(api.calls(), sends);
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_s_own_deadline_counts_if_it_is_the_earlier_one() {
    for (own, expected) in [(3, 3), (100, 10)] {
        let api = Scripted::new([Step::ok("{}").delay(1000 * SECOND)]);
        let stack = standard()
            .deadline(10 * SECOND)
            .service(Strict::with(api.clone()));
        let start = Instant::now();
        let mut request = request(Method::GET, "https://h/");
        request
            .extensions_mut()
            .insert(DeadlineAt(start + own * SECOND));
        let error = stack.send(request).await.unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(start.elapsed(), expected * SECOND);
        let exceeded = error.find::<DeadlineExceeded>().unwrap();
        assert_eq!(exceeded.limit(), expected * SECOND);
    }

    // No retry begins after it, and no pause is made for one.
    let api = Scripted::new([Step::status(503).header("retry-after", "4")]);
    let stack = standard().service(Strict::with(api.clone()));
    let start = Instant::now();
    let mut request = request(Method::GET, "https://h/");
    request
        .extensions_mut()
        .insert(DeadlineAt(start + 3 * SECOND));
    let response = stack.send(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), start.elapsed()),
        (503, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_deadline_is_not_sent_at_all() {
    let api = Scripted::new([Step::ok("{}")]);
    let stack = standard().service(Strict::with(api.clone()));
    for past in [Duration::ZERO, SECOND] {
        let mut request = request(Method::POST, "https://h/");
        let at = DeadlineAt(Instant::now());
        request.extensions_mut().insert(at);
        tokio::time::advance(past).await;
        assert!(stack.send(request).await.unwrap_err().is_timeout());
        assert_eq!(api.calls(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_key_a_post_is_repeated_and_without_one_it_is_not() {
    let script = || [Step::status(503), Step::ok("{}")];
    let api = Scripted::new(script());
    let stack = standard().retry(at_once()).idempotency_key();
    let post = request(Method::POST, "https://h/");
    stack
        .service(Strict::with(api.clone()))
        .send(post)
        .await
        .unwrap();
    let sent = api.requests();
    let key = |number: usize| &sent[number].headers["idempotency-key"];
    assert_eq!(sent.len(), 2);
    assert_eq!(key(0), key(1));

    let api = Scripted::new(script());
    let stack = standard()
        .retry(at_once())
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::POST, "https://h/"))
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), api.calls()), (503, 1));
    assert!(!api.requests()[0].headers.contains_key("idempotency-key"));
}

#[tokio::test(start_paused = true)]
async fn without_retry_each_request_is_sent_once() {
    let api = Scripted::new([Step::status(503)]);
    let stack = standard()
        .without_retry()
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), api.calls()), (503, 1));
}

#[test]
fn debug_tells_the_layers_that_are_there_and_no_others() {
    let bare = standard().without_retry().streaming();
    assert_eq!(
        format!("{bare:?}"),
        "deadline 60s > IdleTimeoutLayer > attempt_span"
    );
    let scope = Scope::origin("https://api.test").unwrap();
    let full = standard()
        .base_url("https://api.test/secret")
        .unwrap()
        .per_call((tower::limit::ConcurrencyLimitLayer::new(8), ()))
        .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
        .deadline(2 * SECOND)
        .idempotency_key()
        .auth(AuthLayer::bearer(scope, "secret").unwrap().strict())
        .per_try(tower::limit::ConcurrencyLimitLayer::new(8));
    assert_eq!(
        format!("{full:?}"),
        "base_url > per_call (..) > contract ValidateLayer > deadline 2s > IdempotencyKeyLayer > RetryLayer > \
         auth AuthLayer > CollectLayer > per_try ConcurrencyLimitLayer > attempt_span",
    );
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_told_apart() {
    async fn failure(step: Step) -> BoxError {
        let scope = Scope::origin("https://h").unwrap();
        let stack = standard()
            .without_retry()
            .deadline(9 * SECOND)
            .auth(AuthLayer::bearer(scope, "token").unwrap().strict())
            .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
            .service(Scripted::new([step]));
        let response = stack.send(request(Method::GET, "https://h/")).await;
        response
            .and_then(|response| Ok(success(response)?))
            .map(|_| ())
            .unwrap_err()
    }
    let io = |kind| Step::error(std::io::Error::from(kind));
    let reset = failure(io(std::io::ErrorKind::ConnectionReset)).await;
    let slow = failure(Step::ok("{}").delay(10 * SECOND)).await;
    let timed_out = failure(io(std::io::ErrorKind::TimedOut)).await;
    let broken = failure(Step::ok("{}")).await;
    let missing = failure(Step::status(404)).await;
    let told = |error: &BoxError| {
        (
            error.is_transport(),
            error.is_timeout(),
            error.is_contract(),
            error.is_credential(),
            error.status().map(|status| status.as_u16()),
        )
    };
    assert_eq!(told(&reset), (true, false, false, false, None));
    assert_eq!(told(&slow), (false, true, false, false, None));
    assert_eq!(told(&timed_out), (true, true, false, false, None));
    assert_eq!(told(&broken), (false, false, true, false, None));
    assert_eq!(told(&missing), (false, false, false, false, Some(404)));
    assert_eq!(broken.violation().unwrap().status(), Some(StatusCode::OK));
    // However an I/O error wraps it.
    let wrapped: BoxError = std::io::Error::other(slow).into();
    assert!(wrapped.is_timeout());
    let handshake: BoxError = std::io::Error::other(timed_out).into();
    assert!(handshake.is_timeout());
}

#[tokio::test]
async fn a_router_is_a_transport_and_needs_no_hint_of_its_types() {
    let router = axum::Router::new().route("/", axum::routing::get(async || "{}"));
    let stack = standard().service(router);
    let request = Request::get("http://h/")
        .body(Full::<Bytes>::default())
        .unwrap();
    let stack = stack.send(request).await;
    assert_eq!(stack.unwrap().into_body().into_bytes(), "{}");
}
