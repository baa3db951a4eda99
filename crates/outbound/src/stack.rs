use std::task::{Context, Poll};

use http::{Request, Response};
use outbound_http::{BoxError, CollectedBody};
use tower_service::Service;

use crate::Client;

/// A service with the standard stack around it, unboxed. Made by [`Standard`](crate::Standard).
///
/// It is `Clone` where the transport is. Its type names every layer; [`Client`] is the one to
/// put into a struct or into axum's `State`.
#[derive(Clone, Debug)]
pub struct Stack<S> {
    inner: S,
}

impl<S> Stack<S> {
    pub(crate) const fn new(inner: S) -> Self {
        Self { inner }
    }

    /// Boxes a stack that collects bodies into the one type that can be named.
    ///
    /// For a [streaming](crate::Standard::streaming) stack there is [`Client::new`], whose
    /// type names the transport's body.
    pub fn boxed<B, RB>(self) -> Client<B>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        RB: Into<CollectedBody>,
    {
        Client::new(self.inner)
    }
}

impl<S, R> Service<R> for Stack<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.inner.call(request)
    }
}
