//! The calls that the benches measure: each layer alone, on its success path, over an inner
//! service that answers at once.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use outbound::http::{CollectLayer, DeadlineLayer, EffectiveUriLayer, IdleTimeoutLayer};
use outbound::paginate::{LinkHeader, PaginateLayer};
use outbound::retry::RetryLayer;
use outbound::schema::{Contract, ValidateLayer};
use outbound::{BoxError, standard};
use tokio_test::task;
use tower::{Layer, Service};

/// The request that each call sends: a URI, four headers, a small body.
#[must_use]
pub fn request() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::from_static(b"{}")));
    *request.uri_mut() = http::Uri::from_static("https://api.example.com/v1/items?limit=100");
    let headers = request.headers_mut();
    // Room for the credential, so that its insertion is counted and a re-hash is not.
    headers.reserve(8);
    for (name, value) in [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "benches"),
        ("x-request-id", "1"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    request
}

/// Answers at once with a small JSON body.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // It has no state.
pub struct Api;

impl Service<Request<Full<Bytes>>> for Api {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<Full<Bytes>>) -> Self::Future {
        let mut response = Response::new(Full::new(Bytes::from_static(br#"[{"id":1}]"#)));
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        ready(Ok(response))
    }
}

/// What is measured, by name; each makes a service and hands it to `Visit`.
pub trait Visit {
    /// Measures calls of `service`.
    fn visit<S>(&mut self, name: &'static str, service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>;
}

/// Visits the bare inner service first, then each layer around it.
///
/// # Errors
///
/// If a layer's settings are refused, which would be a mistake here.
pub fn visit_all(visit: &mut impl Visit) -> Result<(), BoxError> {
    let scope = || Scope::origin("https://api.example.com");
    let tokens = Tokens::new(from_fn(|_| async {
        Ok(Token::new("token").lives(Duration::from_secs(3600)))
    }));
    let mut fetched = AuthLayer::bearer_from(scope()?, tokens).layer(Api);
    warm(&mut fetched)?;
    let boxed = tower::ServiceBuilder::new().map_err(BoxError::from);

    visit.visit("bare", Api);
    visit.visit(
        "auth, static",
        AuthLayer::bearer(scope()?, "token")?.layer(Api),
    );
    visit.visit(
        "auth, strict",
        AuthLayer::bearer(scope()?, "token")?
            .strict()
            .layer(boxed.service(Api)),
    );
    visit.visit("auth, fetched", fetched);
    visit.visit("retry", RetryLayer::default().layer(Api));
    visit.visit("deadline", DeadlineLayer::default().layer(Api));
    visit.visit("collect", CollectLayer::default().layer(Api));
    visit.visit("idle timeout", IdleTimeoutLayer::default().layer(Api));
    visit.visit("effective URI", EffectiveUriLayer::new().layer(Api));
    let contract = Contract::required(["/0/id"])?;
    visit.visit(
        "schema, required pointer",
        ValidateLayer::new(contract).layer(Api),
    );
    visit.visit(
        "paginate, first page's head",
        PaginateLayer::new(LinkHeader::next()).layer(Api),
    );
    let stack = standard().auth(AuthLayer::bearer(scope()?, "token")?.strict());
    visit.visit("standard stack with a credential", stack.layer(Api));
    Ok(())
}

/// Sends one request, so that the token is there before anything is measured.
fn warm<S>(service: &mut S) -> Result<(), BoxError>
where
    S: Service<Request<Full<Bytes>>, Error = BoxError>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(request()).await.map(|_| ())
    })
}

/// Sends one request and waits for its answer, which comes at the first poll.
///
/// # Panics
///
/// If it does not come, or is an error.
pub fn call<S>(service: &mut S, request: Request<Full<Bytes>>) -> S::Response
where
    S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>,
{
    let mut ready = task::spawn(std::future::poll_fn(|cx| service.poll_ready(cx)));
    tokio_test::assert_ready_ok!(ready.poll());
    drop(ready);
    let mut response = task::spawn(service.call(request));
    tokio_test::assert_ready_ok!(response.poll())
}
