//! How long a body that is streamed may stall.

use std::task::{Context, Poll};

use http::Request;
use outbound::http::{IdleTimeout, IdleTimeoutLayer};
use outbound::paginate::Refetch;
use tower::{Layer, Service};

use crate::args::RetryArgs;

/// Gives up a body that stalls for the attempt timeout, if the page may be asked for again; else
/// for the page's deadline, which is there in any case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatienceLayer {
    retries: u32,
    short: IdleTimeoutLayer,
    long: IdleTimeoutLayer,
}

impl PatienceLayer {
    pub(crate) const fn new(retry: &RetryArgs) -> Self {
        Self {
            retries: retry.retries,
            short: IdleTimeoutLayer::new(retry.attempt_timeout),
            long: IdleTimeoutLayer::new(retry.page_deadline),
        }
    }
}

impl<S: Clone> Layer<S> for PatienceLayer {
    type Service = Patience<S>;

    fn layer(&self, inner: S) -> Patience<S> {
        Patience {
            retries: self.retries,
            short: self.short.layer(inner.clone()),
            long: self.long.layer(inner),
        }
    }
}

/// Applied by [`PatienceLayer`]. Both are the same service.
#[derive(Clone, Debug)]
pub(crate) struct Patience<S> {
    retries: u32,
    short: IdleTimeout<S>,
    long: IdleTimeout<S>,
}

impl<S, B> Service<Request<B>> for Patience<S>
where
    IdleTimeout<S>: Service<Request<B>>,
{
    type Response = <IdleTimeout<S> as Service<Request<B>>>::Response;
    type Error = <IdleTimeout<S> as Service<Request<B>>>::Error;
    type Future = <IdleTimeout<S> as Service<Request<B>>>::Future;

    /// The transport is always ready; so is either.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self.short.poll_ready(cx) {
            Poll::Ready(Ok(())) => self.long.poll_ready(cx),
            other => other,
        }
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let left = request
            .extensions()
            .get::<Refetch>()
            .map_or(self.retries, |again| again.left);
        if left > 0 {
            self.short.call(request)
        } else {
            self.long.call(request)
        }
    }
}
