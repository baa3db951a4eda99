use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use tower::Service;

/// How the inner service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answers {
    /// 200, at the first poll.
    AtOnce,
    /// 200, after it was pending once, as a socket is.
    Later,
    /// 503 and 200 in turn, at the first poll.
    EverySecond,
}

/// The inner service of all rows: a small JSON body.
#[derive(Clone, Debug)]
pub struct Api {
    answers: Answers,
    is_connected: bool,
    calls: Arc<AtomicU64>,
}

impl Api {
    /// One that answers like this.
    #[must_use]
    pub fn new(answers: Answers) -> Self {
        Self {
            answers,
            is_connected: false,
            calls: Arc::default(),
        }
    }

    /// Its responses tell their connection among their extensions, as those of hyper-util's client do.
    #[must_use]
    pub fn connected(self) -> Self {
        Self {
            is_connected: true,
            ..self
        }
    }
}

/// Whatever the body of its request is, it is not read.
impl<B> Service<Request<B>> for Api {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ApiFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    // Not inlined, or a layer's figure would depend on what the compiler makes of both.
    #[inline(never)]
    fn call(&mut self, request: Request<B>) -> ApiFuture {
        drop(std::hint::black_box(request));
        let is_odd = || self.calls.fetch_add(1, Relaxed) % 2 == 1;
        let is_up = self.answers != Answers::EverySecond || is_odd();
        let mut response = respond(is_up);
        if self.is_connected {
            response.extensions_mut().insert(Connection(1));
        }
        ApiFuture {
            response: Some(response),
            waits: self.answers == Answers::Later,
        }
    }
}

#[inline(never)]
fn respond(is_up: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(br#"[{"id":1}]"#)));
    if !is_up {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[derive(Clone)]
struct Connection(#[allow(dead_code)] u64); // It is there to have a size.

/// The response of [`Api`].
#[derive(Debug)]
pub struct ApiFuture {
    response: Option<Response<Full<Bytes>>>,
    waits: bool,
}

impl Future for ApiFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.response.take().expect("polled after completion")))
    }
}

/// The parts of the request that each call sends: a PUT, which is idempotent, with 256 bytes of
/// JSON.
#[derive(Debug)]
pub struct Template {
    uri: Uri,
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Template {
    /// Of a request with three headers, and this many more.
    #[must_use]
    pub fn new(more: usize) -> Self {
        let json = HeaderValue::from_static("application/json");
        let agent = HeaderValue::from_static("benches/0.1");
        let mut headers = vec![
            (USER_AGENT, agent),
            (ACCEPT, json.clone()),
            (CONTENT_TYPE, json),
        ];
        headers.extend((0..more).filter_map(|number| {
            let name = HeaderName::try_from(format!("x-header-{number}")).ok()?;
            Some((name, HeaderValue::from(number)))
        }));
        let uri = "https://api.example.com/v1/projects/p1/items?page_size=100&cursor=eyJpZCI6MX0";
        Self {
            uri: Uri::from_static(uri),
            body: Bytes::from(format!("\"{}\"", "x".repeat(254))),
            headers,
        }
    }

    /// One request.
    #[inline(never)]
    #[must_use]
    pub fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = self.uri.clone();
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 1);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        *request.headers_mut() = headers;
        request
    }
}
