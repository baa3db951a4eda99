use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Authorize, Bearer, For, Keyed, Scope, Token, Tokens, from_fn};
use outbound::http::{CollectLayer, DeadlineLayer, EffectiveUriLayer, IdleTimeoutLayer, NoReplay};
use outbound::paginate::{LinkHeader, PaginateLayer};
use outbound::retry::{Exponential, RetryLayer};
use outbound::schema::{Contract, Mode, Rejection, Routes, ValidateLayer};
use outbound::{BoxError, standard};
use tower::{Layer, Service, ServiceBuilder};
use tower_http::auth::AddAuthorizationLayer;

use crate::{Answers, Api, ApiFuture};

/// One service, and what a call of it may cost more than one of the row it is compared with.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // Only the benches read it.
pub struct Row {
    /// Its name, which is unique.
    pub name: &'static str,
    /// The row whose cost is subtracted.
    pub over: &'static str,
    /// Headers of its requests beside the usual three.
    pub more_headers: usize,
    /// The most instructions a call: somewhat more than there were when it was last lowered.
    pub instructions: Option<u64>,
    /// What that should come to, where it does not yet.
    pub goal: Option<u64>,
    /// The most heap allocations a call.
    pub allocations: Option<u64>,
    /// Where a call makes two of the inner service, a row that does nothing else, and the one that it
    /// is over: the second call's own allocations are subtracted too.
    pub further: Option<(&'static str, &'static str)>,
    /// The most bytes that its future is larger.
    pub future: Option<usize>,
    /// What that should come to, where it does not yet.
    pub future_goal: Option<usize>,
    /// The row of the peer that does most of the same, which it should cost `share` of, in
    /// per cent.
    pub beside: Option<(&'static str, u64)>,
}

impl Row {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            over: "bare",
            more_headers: 0,
            instructions: None,
            goal: None,
            allocations: None,
            further: None,
            future: None,
            future_goal: None,
            beside: None,
        }
    }

    const fn over(mut self, over: &'static str) -> Self {
        self.over = over;
        self
    }

    const fn more_headers(mut self, more: usize) -> Self {
        self.more_headers = more;
        self
    }

    const fn instructions(mut self, most: u64) -> Self {
        self.instructions = Some(most);
        self
    }

    const fn goal(mut self, instructions: u64) -> Self {
        self.goal = Some(instructions);
        self
    }

    const fn future(mut self, bytes: usize) -> Self {
        self.future = Some(bytes);
        self
    }

    const fn future_goal(mut self, bytes: usize) -> Self {
        self.future_goal = Some(bytes);
        self
    }

    const fn beside(mut self, peer: &'static str, share: u64) -> Self {
        self.beside = Some((peer, share));
        self
    }

    const fn further(mut self, twice: &'static str, once: &'static str) -> Self {
        self.further = Some((twice, once));
        self
    }

    const fn allocations(mut self, most: u64) -> Self {
        self.allocations = Some(most);
        self
    }
}

/// What is done with each row.
pub trait Visit {
    /// Measures calls of `service`.
    fn visit<S>(&mut self, row: Row, service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: Debug>;
}

const ADD_AUTHORIZATION: &str = "tower-http's AddAuthorization";
const THREE_OF_TOWER: &str = "tower's Timeout, Retry, AddAuthorization";
const TWO_CALLS: &str = "the inner service called twice";
const TWO_CALLS_CONNECTED: &str = "the inner service called twice, connected";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl";

/// Visits all rows; one that others are compared with comes before them.
///
/// # Errors
///
/// If a layer's settings are refused, which would be a mistake here.
pub fn visit_all(visit: &mut impl Visit) -> Result<(), BoxError> {
    visit.visit(Row::new("bare"), Api::new(Answers::AtOnce));
    visit.visit(Row::new("bare, pending once"), Api::new(Answers::Later));
    visit.visit(
        Row::new("bare, connected"),
        Api::new(Answers::AtOnce).connected(),
    );
    for (name, more) in [("bare, 40 headers", 37), ("bare, 400 headers", 397)] {
        visit.visit(Row::new(name).more_headers(more), Api::new(Answers::AtOnce));
    }
    auth(visit)?;
    retry(visit);
    deadline(visit);
    others(visit)?;
    schema(visit)?;
    stack(visit)
}

fn scope() -> Result<Scope, BoxError> {
    Ok(Scope::origin("https://api.example.com")?)
}

fn auth(visit: &mut impl Visit) -> Result<(), BoxError> {
    let api = || Api::new(Answers::AtOnce);
    let tokens = Tokens::new(from_fn(|_| async {
        Ok(Token::new(TOKEN).lives(Duration::from_secs(3600)))
    }));
    let stored = tokens.clone();
    stored.set(Token::new(TOKEN).lives(Duration::from_secs(3600)))?;
    // What is over tower-http's is the comparison with the scope.
    visit.visit(
        Row::new("auth, static")
            .instructions(301)
            .beside(ADD_AUTHORIZATION, 102)
            .allocations(0),
        AuthLayer::bearer(scope()?, TOKEN)?.layer(api()),
    );
    visit.visit(
        Row::new("auth, strict").instructions(375).allocations(0),
        AuthLayer::bearer(scope()?, TOKEN)?.strict().layer(api()),
    );
    // Some 290 for the header, as above; 100 to read the token, 60 for the two clocks among it, and
    // to remember which one it was; the rest to see the response and be able to fail.
    visit.visit(
        Row::new("auth, fetched")
            .instructions(525)
            .goal(300)
            .allocations(0),
        AuthLayer::bearer_from(scope()?, tokens.clone()).layer(api()),
    );
    visit.visit(
        Row::new("a fetched token's reading")
            .over("auth, static")
            .instructions(104)
            .allocations(0),
        Reading {
            bearer: Bearer::new(scope()?, stored),
            inner: api(),
        },
    );
    visit.visit(
        Row::new("auth, fetched, with replay")
            .instructions(1275)
            .allocations(0),
        AuthLayer::bearer_from(scope()?, tokens.clone())
            .replay()
            .layer(api()),
    );
    // The extension that names the tenant is not counted.
    visit.visit(Row::new("bare, of a tenant"), OfTenant(api()));
    let stored = tokens.clone();
    let keyed = Keyed::new(scope()?, move |_: &u32| stored.clone());
    visit.visit(
        Row::new("auth, keyed")
            .over("bare, of a tenant")
            .instructions(1285)
            .allocations(0),
        OfTenant(AuthLayer::new(keyed).layer(api())),
    );
    visit.visit(
        Row::new(ADD_AUTHORIZATION),
        AddAuthorizationLayer::bearer(TOKEN).layer(api()),
    );
    Ok(())
}

/// Says whose each request is.
struct OfTenant<S>(S);

impl<S: Service<Request<Full<Bytes>>>> Service<Request<Full<Bytes>>> for OfTenant<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> S::Future {
        request.extensions_mut().insert(For(7_u32));
        self.0.call(request)
    }
}

/// Adds a token as a static credential is added: what it costs more is its reading.
struct Reading {
    bearer: Bearer,
    inner: Api,
}

impl Service<Request<Full<Bytes>>> for Reading {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ApiFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Full<Bytes>>>::poll_ready(&mut self.inner, cx)
    }

    // As that of the row it is compared with.
    #[inline(always)]
    fn call(&mut self, mut request: Request<Full<Bytes>>) -> ApiFuture {
        let mark = self.bearer.authorize_at_once(&mut request);
        assert!(mark.is_some(), "the token is at hand");
        self.inner.call(request)
    }
}

fn retry(visit: &mut impl Visit) {
    let api = || Api::new(Answers::AtOnce);
    let flaky = || Api::new(Answers::EverySecond);
    visit.visit(
        Row::new("retry, not repeatable")
            .instructions(160)
            .allocations(0),
        RetryLayer::new().replay(NoReplay).layer(api()),
    );
    visit.visit(
        Row::new("retry")
            .instructions(1065)
            .goal(750)
            .allocations(0),
        RetryLayer::new().layer(api()),
    );
    visit.visit(
        Row::new("retry, connected")
            .over("bare, connected")
            .instructions(1065)
            .goal(750)
            .allocations(0),
        RetryLayer::new().layer(api().connected()),
    );
    visit.visit(
        Row::new("retry, 40 headers")
            .over("bare, 40 headers")
            .more_headers(37)
            .allocations(0),
        RetryLayer::new().layer(api()),
    );
    visit.visit(
        Row::new("retry, 400 headers")
            .over("bare, 400 headers")
            .more_headers(397)
            .allocations(0),
        RetryLayer::new().layer(api()),
    );
    visit.visit(
        Row::new("tower's Retry"),
        tower::retry::RetryLayer::new(Twice).layer(api()),
    );
    retried(visit);
    visit.visit(
        Row::new("tower's Retry, a retry without a pause").over("tower's Retry"),
        tower::retry::RetryLayer::new(Twice).layer(flaky()),
    );
    visit.visit(
        Row::new("tower's Retry, a retry after a pause").over("tower's Retry"),
        tower::retry::RetryLayer::new(Paused).layer(flaky()),
    );
}

/// What a retry costs over a call that needs none.
fn retried(visit: &mut impl Visit) {
    let flaky = || Api::new(Answers::EverySecond);
    let at_once = RetryLayer::new()
        .backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
        .budget(None);
    let millisecond = Duration::from_millis(1);
    let paused = RetryLayer::new()
        .backoff(move |_| std::iter::repeat(millisecond))
        .budget(None);
    visit.visit(Row::new(TWO_CALLS), Further(Api::new(Answers::AtOnce)));
    visit.visit(
        Row::new(TWO_CALLS_CONNECTED).over("bare, connected"),
        Further(Api::new(Answers::AtOnce).connected()),
    );
    // Of a retry without a pause some 950 are the second inner call, 1 200 the marks (the first
    // extension of the resent request, and of the response: a map and its table each), 750 the
    // request's headers. The goals are from an inner call that is some 520 cheaper (tower's Retry
    // without a pause: 1 441 there), and without marks.
    visit.visit(
        Row::new("a retry without a pause")
            .over("retry")
            .further(TWO_CALLS, "bare")
            .instructions(4420)
            .goal(2200)
            .allocations(4),
        at_once.clone().layer(flaky()),
    );
    visit.visit(
        Row::new("a retry after a pause")
            .over("retry")
            .further(TWO_CALLS, "bare")
            .instructions(7420)
            .goal(4700)
            .allocations(4),
        paused.clone().layer(flaky()),
    );
    // The resent request has the discarded response's map.
    visit.visit(
        Row::new("a retry without a pause, connected")
            .over("retry, connected")
            .further(TWO_CALLS_CONNECTED, "bare, connected")
            .instructions(4600)
            .goal(2200)
            .allocations(0),
        at_once.layer(flaky().connected()),
    );
    visit.visit(
        Row::new("a retry after a pause, connected")
            .over("retry, connected")
            .further(TWO_CALLS_CONNECTED, "bare, connected")
            .instructions(7600)
            .goal(4700)
            .allocations(0),
        paused.layer(flaky().connected()),
    );
}

/// Calls the inner service once more, with a request that costs nothing.
struct Further(Api);

impl Service<Request<Full<Bytes>>> for Further {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ApiFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Full<Bytes>>>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> ApiFuture {
        drop(std::hint::black_box(self.0.call(Request::new(()))));
        self.0.call(request)
    }
}

fn deadline(visit: &mut impl Visit) {
    let (api, later) = (|| Api::new(Answers::AtOnce), || Api::new(Answers::Later));
    let minute = Duration::from_secs(60);
    let timeout = tower::timeout::TimeoutLayer::new(minute);
    visit.visit(
        Row::new("deadline")
            .instructions(145)
            .allocations(0)
            .future(40),
        DeadlineLayer::default().layer(api()),
    );
    visit.visit(
        Row::new("deadline, pending once").over("bare, pending once"),
        DeadlineLayer::default().layer(later()),
    );
    visit.visit(Row::new("tower's Timeout"), timeout.layer(api()));
    visit.visit(
        Row::new("tower's Timeout, pending once").over("bare, pending once"),
        timeout.layer(later()),
    );
}

fn others(visit: &mut impl Visit) -> Result<(), BoxError> {
    let api = || Api::new(Answers::AtOnce);
    visit.visit(
        Row::new("collect")
            .instructions(350)
            .allocations(0)
            .future(48),
        CollectLayer::default().layer(api()),
    );
    visit.visit(
        Row::new("idle timeout").allocations(0),
        IdleTimeoutLayer::default().layer(api()),
    );
    // The first extension of a response.
    visit.visit(
        Row::new("effective URI").allocations(3),
        EffectiveUriLayer::new().layer(api()),
    );
    // The template of later requests, and the page's own state.
    visit.visit(
        Row::new("paginate, first page's head").allocations(5),
        PaginateLayer::new(LinkHeader::next()).layer(api()),
    );
    Ok(())
}

fn schema(visit: &mut impl Visit) -> Result<(), BoxError> {
    let api = || Api::new(Answers::AtOnce);
    let contract = Contract::required(["/0/id"])?;
    let layer = ValidateLayer::new(contract.clone());
    visit.visit(
        Row::new("schema, required pointer")
            .instructions(3600)
            .allocations(0),
        layer.layer(api()),
    );
    visit.visit(
        Row::new("schema, server").instructions(3600).allocations(0),
        layer.clone().reject_with(Rejection::problem).layer(api()),
    );
    visit.visit(
        Row::new("schema, report").instructions(2600).allocations(0),
        layer.mode(Mode::Report).layer(api()),
    );
    let routes = Routes::new()
        .route(Method::PUT, "/v1/projects/{id}", contract.clone())?
        .route(Method::PUT, "/v1/projects/{id}/items", contract.clone())?
        .any_method("/v1/{*rest}", contract.clone())?;
    visit.visit(
        Row::new("schema, by route")
            .instructions(5200)
            .allocations(0),
        ValidateLayer::new(routes).layer(api()),
    );
    visit.visit(
        Row::new("schema, requests")
            .instructions(3500)
            .allocations(0),
        ValidateLayer::requests(Contract::any()).layer(api()),
    );
    Ok(())
}

fn stack(visit: &mut impl Visit) -> Result<(), BoxError> {
    let api = || Api::new(Answers::AtOnce);
    let stack = standard().auth(AuthLayer::bearer(scope()?, TOKEN)?.strict());
    visit.visit(
        Row::new("standard stack with a credential")
            .instructions(2320)
            .goal(1300)
            .beside(THREE_OF_TOWER, 60)
            .allocations(0)
            .future(304)
            .future_goal(192),
        stack.layer(api()),
    );
    // The request is for a path alone. Of the allocations three are the stamp on the response, and one the
    // URI that waits for it.
    visit.visit(Row::new("bare, of a path"), OfPath(api()));
    let based = standard().base_url("https://api.example.com")?;
    visit.visit(
        Row::new("standard stack with a base URL")
            .over("bare, of a path")
            .instructions(3100)
            .allocations(4),
        OfPath(based.layer(api())),
    );
    let based = standard().base_url("https://api.example.com/v1")?;
    visit.visit(
        Row::new("standard stack with a base path")
            .over("bare, of a path")
            .instructions(3900)
            .allocations(6),
        OfPath(based.layer(api())),
    );
    // What tower's three do, and no more: no body is collected, no URL completed.
    visit.visit(
        Row::new("deadline, retry and auth")
            .instructions(1800)
            .beside(THREE_OF_TOWER, 60)
            .allocations(0),
        ServiceBuilder::new()
            .layer(DeadlineLayer::default())
            .layer(RetryLayer::new())
            .layer(AuthLayer::bearer(scope()?, TOKEN)?.strict())
            .service(Another(api())),
    );
    visit.visit(
        Row::new(THREE_OF_TOWER),
        ServiceBuilder::new()
            .layer(tower::timeout::TimeoutLayer::new(Duration::from_secs(30)))
            .layer(tower::retry::RetryLayer::new(Twice))
            .layer(AddAuthorizationLayer::bearer(TOKEN))
            .service(api()),
    );
    Ok(())
}

/// The same service of another type: what is called for two rows is not inlined, and the other row's figure
/// would be another one too.
#[derive(Clone)]
struct Another<S>(S);

impl<R, S: Service<R>> Service<R> for Another<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

/// Asks for a path.
struct OfPath<S>(S);

impl<S: Service<Request<Full<Bytes>>>> Service<Request<Full<Bytes>>> for OfPath<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> S::Future {
        *request.uri_mut() = Uri::from_static("/projects/7/items?page=2");
        self.0.call(request)
    }
}

/// The simplest policy that one writes for tower: one more send after a 5xx.
#[derive(Clone, Debug)]
struct Twice;

/// As [`Twice`], after a pause.
#[derive(Clone, Debug)]
struct Paused;

type Outcome<E> = Result<Response<Full<Bytes>>, E>;

impl<E> tower::retry::Policy<Request<Full<Bytes>>, Response<Full<Bytes>>, E> for Twice {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Full<Bytes>>,
        outcome: &mut Outcome<E>,
    ) -> Option<Self::Future> {
        is_server_error(outcome).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
        Some(request.clone())
    }
}

impl<E> tower::retry::Policy<Request<Full<Bytes>>, Response<Full<Bytes>>, E> for Paused {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut Request<Full<Bytes>>,
        outcome: &mut Outcome<E>,
    ) -> Option<Self::Future> {
        is_server_error(outcome).then(|| tokio::time::sleep(Duration::from_millis(1)))
    }

    fn clone_request(&mut self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
        Some(request.clone())
    }
}

fn is_server_error<E>(outcome: &Outcome<E>) -> bool {
    matches!(outcome, Ok(response) if response.status().is_server_error())
}
