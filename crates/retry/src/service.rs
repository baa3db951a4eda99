use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::UPGRADE;
use http::{Method, Request, Response};
use http_body::Body;
use outbound_http::{Replay, SavedHead};
use tower_service::Service;

use crate::config::Config;
use crate::future::ResponseFuture;

use crate::idempotency_key::IDEMPOTENCY_KEY;
use crate::kept::Kept;
use crate::seeds::Seeds;
use crate::{Classify, Idempotent, MakeBackoff, Override, Report};

/// Retries HTTP requests with jittered back-off.
///
/// See the [crate docs](crate) for an example.
#[derive(Debug)]
pub struct Retry<S, R, C, K> {
    pub(crate) inner: S,
    pub(crate) shared: Arc<Shared<R, C, K>>,
}

/// What clones and requests in flight share.
#[derive(Debug)]
pub(crate) struct Shared<R, C, K> {
    pub(crate) replay: R,
    pub(crate) classify: C,
    pub(crate) backoff: K,
    pub(crate) config: Config,
    pub(crate) seeds: Seeds,
}

impl<S, R, C, K> Retry<S, R, C, K> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, R, C, K> Clone for Retry<S, R, C, K> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, B, RB, R, C, K> Service<Request<B>> for Retry<S, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>> + Clone,
    RB: Body,
    C: Classify<RB, S::Error>,
    K: MakeBackoff,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, RB, R, C, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = &self.shared;
        Report::sent(request.extensions());
        let settings = request.extensions().get();
        let retries = Override::retries_of(settings, shared.config.retries);
        if retries == 0 {
            let request = request.map(|body| shared.replay.once(body));
            return ResponseFuture::new(self.inner.call(request), None);
        }
        let (parts, body) = request.into_parts();
        let (body, saved) = shared.replay.split(body);
        let request = Request::from_parts(parts, body);
        // Asked only now, as looking a header up costs more than all of a send that is not kept.
        let kept = saved.filter(|_| !is_upgrade(&request)).map(|saved| {
            if let Some(budget) = &shared.config.budget {
                budget.earn(request.uri());
            }
            Kept::new(
                // Never polled, so that it holds nothing of what readiness reserves.
                self.inner.clone(),
                SavedHead::of(&request),
                saved,
                is_repeatable(&request),
                Arc::clone(shared),
            )
        });
        ResponseFuture::new(self.inner.call(request), kept)
    }
}

/// What follows an upgrade is no longer HTTP, and cannot be taken back.
pub(crate) fn is_upgrade<B>(request: &Request<B>) -> bool {
    request.method() == Method::CONNECT || request.headers().contains_key(UPGRADE)
}

/// Whether a request that may have been processed may be sent again.
pub(crate) fn is_repeatable<B>(request: &Request<B>) -> bool {
    match request.extensions().get() {
        Some(Idempotent(repeatable)) => *repeatable,
        None => is_idempotent(request.method()) || request.headers().contains_key(IDEMPOTENCY_KEY),
    }
}

/// As RFC 9110, section 9.2.2, says, and the registration of QUERY, which is safe.
pub(crate) fn is_idempotent(method: &Method) -> bool {
    method.is_idempotent() || method.as_str() == "QUERY"
}
