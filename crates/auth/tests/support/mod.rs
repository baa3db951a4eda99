//! An API that answers by status, and remembers what it was asked.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound_auth::Scope;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt, service_fn};

pub(crate) type Body = Full<Bytes>;
pub(crate) type Reply = Response<String>;

pub(crate) const SECRET: &str = "canary-s3cret";
pub(crate) const HOME: &str = "https://api.example.com";

/// A shared list.
#[derive(Clone)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn push(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

pub(crate) type Sent<B> = Log<Request<B>>;
pub(crate) type Inner<B = Body> = BoxCloneSyncService<Request<B>, Reply, Infallible>;

/// Answers at once with the status that `answer` gives.
pub(crate) fn api<B, F>(answer: F) -> (Inner<B>, Sent<B>)
where
    B: Clone + Send + Sync + 'static,
    F: Fn(&Request<B>) -> u16 + Clone + Send + Sync + 'static,
{
    slow_api(Duration::ZERO, answer)
}

/// As [`api`], but the answer takes a while.
pub(crate) fn slow_api<B, F>(pause: Duration, answer: F) -> (Inner<B>, Sent<B>)
where
    B: Clone + Send + Sync + 'static,
    F: Fn(&Request<B>) -> u16 + Clone + Send + Sync + 'static,
{
    let sent = Log::new();
    let log = sent.clone();
    let service = service_fn(move |request: Request<B>| {
        let status = answer(&request);
        log.push(request);
        async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let body = if status < 400 { "fine" } else { "refused" };
            Ok(Response::builder()
                .status(status)
                .body(body.to_owned())
                .unwrap())
        }
    });
    (BoxCloneSyncService::new(service), sent)
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::default()).unwrap()
}

pub(crate) fn home() -> Scope {
    Scope::origin(HOME).unwrap()
}

/// What an attempt carried in `Authorization`.
pub(crate) fn credential<B>(request: &Request<B>) -> Option<String> {
    let mut values = request.headers().get_all("authorization").iter();
    let value = values.next()?;
    assert!(value.is_sensitive(), "{value:?} is not marked as sensitive");
    assert!(values.next().is_none(), "more than one credential");
    Some(value.to_str().unwrap().to_owned())
}

pub(crate) fn credentials<B: Clone>(sent: &Sent<B>) -> Vec<Option<String>> {
    sent.all().iter().map(credential).collect()
}

/// Readies a clone and calls it.
pub(crate) fn send<S, R>(
    service: &S,
    request: R,
) -> impl Future<Output = Result<S::Response, S::Error>> + use<S, R>
where
    S: Service<R> + Clone,
{
    service.clone().oneshot(request)
}

/// Polls once, so that what the future starts is started.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut cx)
}
