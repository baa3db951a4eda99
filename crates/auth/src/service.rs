use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, NoReplay, Replay, SavedHead};
use tower_service::Service;

use crate::kept::Kept;
use crate::{Authorize, ResponseFuture, Step, refused};

/// Authorizes each request as an [`Authorize`] decides, and sends it at most once more if the
/// credential was refused.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct Auth<S, A, R = NoReplay> {
    inner: S,
    authorize: A,
    replay: R,
    drain: usize,
}

impl<S, A, R> Auth<S, A, R> {
    /// Wraps `inner`. Usually called by [`AuthLayer`](crate::AuthLayer).
    #[must_use]
    pub const fn new(inner: S, authorize: A, replay: R) -> Self {
        Self::with_drain(inner, authorize, replay, refused::DEFAULT_DRAIN)
    }

    pub(crate) const fn with_drain(inner: S, authorize: A, replay: R, drain: usize) -> Self {
        Self {
            inner,
            authorize,
            replay,
            drain,
        }
    }

    /// The inner service.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, mutably.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, A, R, B, RB> Service<Request<B>> for Auth<S, A, R>
where
    S: Service<Request<R::Body>, Response = Response<RB>> + Clone,
    S::Error: Into<BoxError>,
    A: Authorize<R::Body> + Clone,
    R: Replay<B> + Clone,
    RB: Body,
{
    type Response = Response<RB>;
    type Error = BoxError;
    type Future = ResponseFuture<S, A, R, B, RB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut request, saved) = self.replay.split_request(request);
        // Before the credential is added: the copy is secret-free.
        let saved = saved.map(|saved| (SavedHead::of(&request), saved));

        if let Some(mark) = self.authorize.authorize_at_once(&mut request) {
            let kept = saved.map(|(head, saved)| self.keep(head, saved));
            return ResponseFuture::calling(self.inner.call(request), Some(mark), kept);
        }
        let step = match &saved {
            Some(_) => self.authorize.authorize(request),
            None => self.authorize.authorize_once(request),
        };
        match step {
            Step::Ready(request, mark) => {
                let kept = saved.map(|(head, saved)| self.keep(head, saved));
                ResponseFuture::calling(self.inner.call(request), Some(mark), kept)
            }
            Step::Skip(request) => ResponseFuture::calling(self.inner.call(request), None, None),
            Step::Wait(wait) => {
                let fresh = self.unready();
                let kept = saved.map(|(head, saved)| self.keep(head, saved));
                ResponseFuture::waiting(wait, fresh, kept)
            }
            Step::Fail(error) => {
                self.unready();
                ResponseFuture::failed(error)
            }
        }
    }
}

impl<S: Clone, A, R> Auth<S, A, R> {
    /// Gives back what the instance that is ready holds, a permit or a slot: it is not called now,
    /// and others may need it, the token's fetch among them. In its place, and in the caller's
    /// hands, are clones that were never polled.
    #[cold]
    fn unready(&mut self) -> S {
        let fresh = self.inner.clone();
        drop(mem::replace(&mut self.inner, fresh.clone()));
        fresh
    }
}

impl<S: Clone, A: Clone, R: Clone> Auth<S, A, R> {
    fn keep<V>(&self, head: SavedHead, saved: V) -> Kept<S, A, R, V> {
        Kept {
            service: self.inner.clone(),
            authorize: self.authorize.clone(),
            replay: self.replay.clone(),
            drain: self.drain,
            head,
            saved,
        }
    }
}
