use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

/// An inner service that holds its caller to the [`Service`] contract.
///
/// It panics when it is called without having been polled ready; each readiness serves one
/// call. A clone never inherits readiness: what `Buffer` and `ConcurrencyLimit` do in
/// production.
#[derive(Debug, Default)]
pub struct Strict<S = Always> {
    inner: S,
    ready: bool,
    counts: StrictHandle,
}

/// Answers every request with 200 and an empty body.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // A test double without state.
pub struct Always;

/// What a [`Strict`] and all its clones have seen.
#[derive(Clone, Debug, Default)]
pub struct StrictHandle(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicUsize,
    readied: AtomicUsize,
    held: AtomicUsize,
}

impl Strict {
    /// Answers every request with 200, and is not ready yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Strict<S> {
    /// Holds the callers of `inner` to the contract.
    pub fn with(inner: S) -> Self {
        Self {
            inner,
            ready: false,
            counts: StrictHandle::default(),
        }
    }

    /// What this service and all its clones have seen.
    #[must_use]
    pub fn handle(&self) -> StrictHandle {
        self.counts.clone()
    }
}

impl StrictHandle {
    /// Calls.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.calls.load(SeqCst)
    }

    /// How often an instance became ready.
    #[must_use]
    pub fn readied(&self) -> usize {
        self.0.readied.load(SeqCst)
    }

    /// Instances that are ready and not called: permits that somebody sits on.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held.load(SeqCst)
    }
}

impl<S: Clone> Clone for Strict<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            ready: false,
            counts: self.counts.clone(),
        }
    }
}

impl<S> Drop for Strict<S> {
    fn drop(&mut self) {
        if self.ready {
            self.counts.0.held.fetch_sub(1, SeqCst);
        }
    }
}

impl<S, R> Service<R> for Strict<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        std::task::ready!(self.inner.poll_ready(cx))?;
        if !self.ready {
            self.ready = true;
            self.counts.0.readied.fetch_add(1, SeqCst);
            self.counts.0.held.fetch_add(1, SeqCst);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> S::Future {
        assert!(self.ready, "called an instance that was not polled ready");
        self.ready = false;
        self.counts.0.held.fetch_sub(1, SeqCst);
        self.counts.0.calls.fetch_add(1, SeqCst);
        self.inner.call(request)
    }
}

impl<B> Service<Request<B>> for Always {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}
