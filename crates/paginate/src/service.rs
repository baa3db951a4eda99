use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::config::Config;
use crate::course::Course;
use crate::future::ResponseFuture;
use crate::pages::Pages;
use crate::strategy::Strategy;

/// Middleware whose response is the stream of all pages.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct Paginate<S, P> {
    inner: S,
    strategy: P,
    config: Config,
}

impl<S, P> Paginate<S, P> {
    /// Wraps `inner`, with default limits; [`PaginateLayer`](crate::PaginateLayer) sets
    /// others.
    #[must_use]
    pub const fn new(inner: S, strategy: P) -> Self {
        Self::with_config(inner, strategy, Config::new())
    }

    pub(crate) const fn with_config(inner: S, strategy: P, config: Config) -> Self {
        Self {
            inner,
            strategy,
            config,
        }
    }

    /// The wrapped service.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the wrapped service back.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, P, B, RB> Service<Request<B>> for Paginate<S, P>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    P: Strategy<B> + Clone,
    B: Body + Clone,
{
    type Response = Pages<S, P, B, RB>;
    type Error = S::Error;
    type Future = ResponseFuture<S, P, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (course, first) = Course::begin(self.strategy.clone(), self.config.clone(), request);
        // The stream takes the instance that was polled ready; its clone may not be.
        let fresh = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, fresh);
        match first {
            Some(request) => ResponseFuture::new(Some(ready.call(request)), ready, course),
            // Readiness that nothing is sent with is given back.
            None => ResponseFuture::new(None, self.inner.clone(), course),
        }
    }
}
