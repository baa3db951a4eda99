//! All layers together, in both shapes, over every kind of transport: what must hold before any
//! of them grows.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response as AxumResponse};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use outbound::auth::{AuthError, AuthLayer, FetchError, Scope, Token, Tokens, from_fn};
use outbound::http::{
    BufferBody, CollectedBody, DeadlineExceeded, IdleTimeout, IdleTimeoutLayer, Rewind,
};
use outbound::paginate::{LinkHeader, PageError, PageErrorKind, PaginateLayer};
use outbound::retry::{Exponential, RetryLayer};
use outbound::schema::{Contract, ValidateLayer, Violation};
use outbound::{BoxError, Client, standard};
use serde::Deserialize;
use test_support::{Body, Scripted, Step, assert_send_sync, send};
use tower::{Layer, Service, ServiceExt, service_fn};

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: u64,
}

/// Three pages of two items; each page is refused once for want of a token that is current,
/// and answered once with 503.
#[derive(Clone, Default)]
struct Api {
    asked: Arc<AtomicUsize>,
}

impl Api {
    fn router(&self) -> axum::Router {
        let api = self.clone();
        axum::Router::new().route(
            "/items",
            get(
                move |query: Query<std::collections::HashMap<String, u64>>, headers: HeaderMap| {
                    let api = api.clone();
                    async move { api.page(query.0.get("page").copied().unwrap_or(1), &headers) }
                },
            )
            .post(|body: Bytes| async move {
                ([(header::CONTENT_TYPE, "application/json")], body)
            }),
        )
    }

    fn page(&self, page: u64, headers: &HeaderMap) -> AxumResponse {
        let asked = self.asked.fetch_add(1, SeqCst);
        if headers
            .get(header::AUTHORIZATION)
            .is_none_or(|value| value != "Bearer token-2")
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        if asked % 2 == 1 {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let next = format!("</items?page={}>; rel=\"next\"", page + 1);
        let items = format!("[{{\"id\":{}}},{{\"id\":{}}}]", page * 2 - 1, page * 2);
        let json = (header::CONTENT_TYPE, "application/json".to_owned());
        if page < 3 {
            ([json, (header::LINK, next)], items).into_response()
        } else {
            ([json], items).into_response()
        }
    }
}

/// Each fetch makes another token; the second is the one that the API takes.
fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let fetch = fetches.fetch_add(1, SeqCst) + 1;
        async move { Ok(Token::new(format!("token-{fetch}")).lives(Duration::from_secs(60))) }
    }))
}

fn retry() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn contract() -> ValidateLayer {
    ValidateLayer::new(Contract::required(["/*/id: integer"]).expect("pointers"))
}

fn request(uri: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri.parse().expect("a URI");
    request
}

/// Drains the three pages through the collected shape.
async fn drain_collected<S, RB>(transport: S, origin: &str)
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let tokens = tokens();
    let scope = Scope::origin(origin).unwrap();
    let client: Client = standard()
        .retry(retry())
        .auth(AuthLayer::bearer_from(scope, tokens.clone()).replay())
        .contract(contract())
        .service(transport)
        .boxed();

    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(client)
        .oneshot(request(&format!("{origin}/items")))
        .await
        .unwrap();
    let items: Vec<Item> = std::pin::pin!(pages.items("")).try_collect().await.unwrap();
    assert_eq!(items, (1..=6).map(|id| Item { id }).collect::<Vec<_>>());
    assert_eq!((tokens.fetches(), tokens.resends()), (2, 1));
}

/// Drains the three pages through the streaming shape.
async fn drain_streaming<S, RB>(transport: S, origin: &str)
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let stack = standard()
        .streaming()
        .retry(retry())
        .auth(AuthLayer::bearer_from(Scope::origin(origin).unwrap(), tokens()).replay())
        .service(transport.map_err(Into::into));

    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(stack)
        .oneshot(request(&format!("{origin}/items")))
        .await
        .unwrap();
    let item = Contract::required(["/id: integer"]).unwrap();
    let ids = pages.items_with("", move |raw: &[u8]| -> Result<Item, BoxError> {
        item.check(raw)?;
        Ok(serde_json::from_slice(raw)?)
    });
    let ids: Vec<_> = std::pin::pin!(ids)
        .map_ok(|item| item.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
}

/// Serves the API on loopback, over hyper.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Api::default().router();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    origin
}

fn hyper_client<B>()
-> hyper_util::client::legacy::Client<hyper_util::client::legacy::connect::HttpConnector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn the_collected_shape_drains_over_hyper_util() {
    drain_collected(hyper_client(), &serve().await).await;
}

#[tokio::test]
async fn the_streaming_shape_drains_over_hyper_util() {
    drain_streaming(hyper_client(), &serve().await).await;
}

/// A router takes its own body.
fn router() -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<axum::body::Body>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    Api::default()
        .router()
        .map_request(|request: Request<Full<Bytes>>| request.map(axum::body::Body::new))
}

#[tokio::test]
async fn the_collected_shape_drains_a_router() {
    drain_collected(router(), "http://localhost").await;
}

#[tokio::test]
async fn the_streaming_shape_drains_a_router() {
    drain_streaming(router(), "http://localhost").await;
}

#[tokio::test]
async fn a_body_that_is_not_clone_is_retried_and_authorized_again() {
    let answers = [
        Step::status(401),
        Step::status(503),
        Step::ok(r#"{"id":1}"#),
    ];
    let api = Scripted::new(answers);
    let tokens = tokens();
    let mut client = standard()
        .retry(retry().replay(BufferBody::default()))
        .auth(
            AuthLayer::bearer_from(Scope::origin("https://h").unwrap(), tokens.clone())
                .replay_with(Rewind),
        )
        .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
        .service(api.clone());

    let request = Request::put("https://h/")
        .body(Body::chunks(["ab", "cd"]))
        .unwrap();
    let response = send(&mut client, request).await.unwrap();

    assert_eq!(response.status(), 200);
    let sent = api.requests();
    assert!(sent.iter().all(|request| request.body == "abcd"));
    let tokens_sent: Vec<_> = sent
        .iter()
        .map(|sent| sent.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        tokens_sent,
        ["Bearer token-1", "Bearer token-2", "Bearer token-2"]
    );
}

/// The error of one layer, found along the chain of what came through all of them.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What a call through the whole stack fails with.
async fn failure(step: Step, scope: &str, tokens: Tokens) -> BoxError {
    let mut client: Client = standard()
        .deadline(Duration::from_secs(5))
        .retry(retry())
        .auth(AuthLayer::bearer_from(Scope::origin(scope).unwrap(), tokens).replay())
        .contract(contract())
        .service(Scripted::new([step]))
        .boxed();
    send(&mut client, request("https://h/items"))
        .await
        .map(|_| ())
        .expect_err("it fails")
}

#[tokio::test(start_paused = true)]
async fn every_layer_s_own_error_is_found_through_the_whole_stack() {
    let broken = failure(Step::ok(r#"[{"id":"1"}]"#), "https://h", tokens()).await;
    assert_eq!(
        broken
            .downcast_ref::<Violation>()
            .expect("a violation")
            .instance(),
        "/0/id"
    );

    let slow = failure(
        Step::ok("[]").delay(Duration::from_secs(9)),
        "https://h",
        tokens(),
    )
    .await;
    assert!(slow.is::<DeadlineExceeded>());

    let strayed = failure(Step::ok("[]"), "https://other", tokens()).await;
    assert!(
        strayed
            .downcast_ref::<AuthError>()
            .expect("an auth error")
            .is_out_of_scope()
    );

    let down = Tokens::new(from_fn(|_| async {
        Err::<Token, _>(FetchError::new("the token endpoint is down"))
    }));
    let unavailable = failure(Step::ok("[]"), "https://h", down).await;
    let unavailable = unavailable
        .downcast_ref::<AuthError>()
        .expect("an auth error");
    assert!(unavailable.is_unavailable());
    assert_eq!(
        unavailable.source().expect("the cause").to_string(),
        "the token endpoint is down"
    );

    let reset = std::io::Error::from(std::io::ErrorKind::InvalidData);
    let transport = failure(Step::error(reset), "https://h", tokens()).await;
    assert!(transport.is::<std::io::Error>());
}

#[tokio::test]
async fn errors_of_later_pages_are_found_through_the_stream() {
    let next = r#"</items?page=2>; rel="next""#;
    let api = Scripted::new([
        Step::ok(r#"[{"id":1}]"#).header("link", next),
        Step::ok(r#"[{"id":null}]"#),
    ]);
    let client: Client = standard().contract(contract()).service(api).boxed();
    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(client)
        .oneshot(request("https://h/items"))
        .await
        .unwrap();
    let error: PageError = std::pin::pin!(pages.items::<Item>(""))
        .try_collect::<Vec<_>>()
        .await
        .expect_err("page 2 breaks the contract");
    assert_eq!(error.kind(), PageErrorKind::Service);
    assert_eq!(error.position().to_string(), "page 2");
    assert_eq!(
        find::<Violation>(&error).expect("a violation").instance(),
        "/0/id"
    );
}

#[tokio::test(start_paused = true)]
async fn items_arrive_before_their_page_has_ended_and_a_stall_ends_in_an_error() {
    let limit = Duration::from_secs(7);
    let body = Body::stalling_after([r#"[{"id":1},{"id""#, r#":2},{"#]);
    let api = Scripted::new([Step::ok("").body_with(body)]);
    let stack = standard()
        .streaming()
        .body(IdleTimeoutLayer::new(limit))
        .service(api);
    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(stack)
        .oneshot(request("https://h/items"))
        .await
        .unwrap();
    let mut items = std::pin::pin!(pages.items::<Item>(""));

    let first = items
        .next()
        .now_or_never()
        .flatten()
        .expect("item 1 is there")
        .unwrap();
    let second = items
        .next()
        .now_or_never()
        .flatten()
        .expect("item 2 is there")
        .unwrap();
    assert_eq!((first.id, second.id), (1, 2));

    let start = tokio::time::Instant::now();
    let error = items.next().await.expect("an error").unwrap_err();
    assert_eq!(start.elapsed(), limit);
    assert_eq!(error.kind(), PageErrorKind::Body);
    assert!(find::<IdleTimeout>(&error).is_some());
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn what_is_no_json_passes_all_layers_untouched() {
    let steps = || {
        [
            Step::status(204),
            Step::status(304),
            Step::status(101).header("upgrade", "websocket"),
            Step::status(404)
                .header("content-type", "text/html")
                .body("<p>"),
        ]
    };
    for (index, method) in ["GET", "GET", "GET", "GET"].into_iter().enumerate() {
        let step = steps().into_iter().nth(index).unwrap();
        let api = Scripted::new([step]);
        let mut client: Client = standard()
            .retry(retry())
            .auth(AuthLayer::bearer_from(Scope::origin("https://h").unwrap(), tokens()).replay())
            .contract(contract())
            .service(api)
            .boxed();
        let mut request = request("https://h/items");
        *request.method_mut() = method.parse().unwrap();
        let response = send(&mut client, request).await.unwrap();
        let expected = [204, 304, 101, 404][index];
        assert_eq!(response.status(), expected);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, if expected == 404 { "<p>" } else { "" });
    }
    for method in ["HEAD", "CONNECT"] {
        let api = Scripted::new([Step::status(200).header("content-length", "12")]);
        let mut client: Client = standard()
            .retry(retry())
            .contract(contract())
            .service(api)
            .boxed();
        let mut request = request("https://h/items");
        *request.method_mut() = method.parse().unwrap();
        let response = send(&mut client, request).await.unwrap();
        assert_eq!(response.headers()["content-length"], "12");
    }
}

#[test]
fn the_client_can_be_kept_in_a_state() {
    const fn assert_static<T: Clone + Send + Sync + 'static>() {}
    assert_static::<Client>();
    assert_send_sync::<Client<Full<Bytes>, CollectedBody>>();
    let service = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let client: Client = standard().service(service).boxed();
    assert_eq!(format!("{client:?}"), "Client { .. }");
}
