use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use tower_layer::Layer;
use tower_service::Service;

use super::base::Base;
use super::future::BaseUrlFuture;
use super::invalid::InvalidBaseUrl;

/// [`Layer`] that completes requests for a path alone: `/users/1` becomes
/// `https://api.example.com/v1/users/1`.
///
/// The base's path comes before the request's; whether it ends in a slash is all the same, and it has no
/// query. An absolute URI, such as that of a next page, stays as it is. The response of a request
/// that was completed is stamped with its [`EffectiveUri`](outbound_http::EffectiveUri), so that links
/// in it can be resolved.
///
/// A request's path begins with a slash: to [`http::Uri`] `users` is a host, which stays as it is, and
/// `users/1` is nothing at all.
///
/// Where the base is not set the layer does nothing.
#[derive(Clone, Debug, Default)]
pub struct BaseUrlLayer(Option<Arc<Base>>);

impl BaseUrlLayer {
    /// Completes requests with `base`: an absolute http or https URL without query.
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`], if it is something else.
    pub fn new(base: &str) -> Result<Self, InvalidBaseUrl> {
        Ok(Self(Some(Arc::new(Base::parse(base)?))))
    }

    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Completes a request as a call would; `None` where there is nothing to complete.
    pub(crate) fn complete<B>(&self, request: &mut Request<B>) -> Option<Uri> {
        let uri = self.0.as_ref()?.complete(request.uri())?;
        request.uri_mut().clone_from(&uri);
        Some(uri)
    }
}

impl<S> Layer<S> for BaseUrlLayer {
    type Service = BaseUrl<S>;

    fn layer(&self, inner: S) -> BaseUrl<S> {
        let layer = self.clone();
        BaseUrl { inner, layer }
    }
}

/// Completes requests for a path alone. See [`BaseUrlLayer`].
#[derive(Clone, Debug)]
pub struct BaseUrl<S> {
    inner: S,
    layer: BaseUrlLayer,
}

impl<S> BaseUrl<S> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }

    pub(crate) const fn layer(&self) -> &BaseUrlLayer {
        &self.layer
    }
}

impl<S, B, RB> Service<Request<B>> for BaseUrl<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = BaseUrlFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let completed = self.layer.complete(&mut request).map(Box::new);
        BaseUrlFuture::new(self.inner.call(request), completed)
    }
}
