use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use outbound_http::{BoxError, NoReplay, Replay, clone_head};
use tower_service::Service;

use crate::{Authorize, ResponseFuture, Step};

/// Authorizes each request as an [`Authorize`] decides, and sends it at most once more if the
/// credential was refused.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct Auth<S, A, R = NoReplay> {
    inner: S,
    authorize: A,
    replay: R,
}

impl<S, A, R> Auth<S, A, R> {
    /// Wraps `inner`. Usually called by [`AuthLayer`](crate::AuthLayer).
    #[must_use]
    pub const fn new(inner: S, authorize: A, replay: R) -> Self {
        Self {
            inner,
            authorize,
            replay,
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
{
    type Response = Response<RB>;
    type Error = BoxError;
    type Future = ResponseFuture<S, A, R, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        let (body, saved) = self.replay.split(body);
        let request = Request::from_parts(head, body);
        // Before the credential is added: the copy is secret-free, and smaller.
        let saved = saved.map(|saved| (clone_head(&request), saved));

        let step = self.authorize.authorize(request);
        let future = ResponseFuture::new(self.authorize.clone(), self.replay.clone());
        match step {
            Step::Ready(request, mark) => {
                let fresh = saved.is_some().then(|| self.inner.clone());
                future.calling(self.inner.call(request), Some(mark), saved, fresh)
            }
            Step::Skip(request) => future.calling(self.inner.call(request), None, None, None),
            Step::Wait(wait) => {
                // The instance that is ready holds a permit or a slot, which the token's fetch
                // may need. It is given back; its place takes a clone that was never polled.
                let fresh = self.inner.clone();
                drop(mem::replace(&mut self.inner, fresh.clone()));
                future.waiting(wait, saved, fresh)
            }
            Step::Fail(error) => future.failed(error),
        }
    }
}
