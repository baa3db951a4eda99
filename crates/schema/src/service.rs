use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use crate::applies::expects_body;
use crate::body::ValidatedBody;
use crate::future::ResponseFuture;
use crate::layer::Config;
use crate::target::Target;

/// Holds the JSON bodies of responses to a contract.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct Validate<S> {
    pub(crate) inner: S,
    pub(crate) config: Arc<Config>,
}

impl<S> Validate<S> {
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

impl<S, B, RB> Service<Request<B>> for Validate<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    RB: Body<Data = Bytes>,
    RB::Error: Into<BoxError>,
{
    type Response = Response<ValidatedBody<RB>>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future, RB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let target = expects_body(&request).then(|| Target(request.uri().clone()));
        ResponseFuture::new(self.inner.call(request), Arc::clone(&self.config), target)
    }
}
