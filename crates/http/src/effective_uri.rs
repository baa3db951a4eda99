use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response, Uri};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Response extension: the URI that was really asked, after redirects and rewriting.
///
/// Relative links in the response are resolved against it (RFC 3986, section 5.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A newtype around its URI.
pub struct EffectiveUri(pub Uri);

/// [`Layer`] that stamps each response with its [`EffectiveUri`].
///
/// It belongs innermost, beneath whatever follows redirects, so that the last send's URI is
/// the one that stays. A stamp that is already there (from the same layer further in) stays.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct EffectiveUriLayer;

impl EffectiveUriLayer {
    /// The layer; it has nothing to configure.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for EffectiveUriLayer {
    type Service = EffectiveUriService<S>;

    fn layer(&self, inner: S) -> EffectiveUriService<S> {
        EffectiveUriService { inner }
    }
}

/// Stamps each response with its [`EffectiveUri`], which has the name that would be this service's. See
/// [`EffectiveUriLayer`].
#[derive(Clone, Debug)]
pub struct EffectiveUriService<S> {
    inner: S,
}

impl<S> EffectiveUriService<S> {
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

impl<S, B, RB> Service<Request<B>> for EffectiveUriService<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = EffectiveUriFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        EffectiveUriFuture {
            uri: Some(request.uri().clone()),
            response: self.inner.call(request),
        }
    }
}

pin_project! {
    /// The response of [`EffectiveUriService`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call in flight.
    #[derive(Debug)]
    pub struct EffectiveUriFuture<F> {
        #[pin]
        response: F,
        uri: Option<Uri>,
    }
}

impl<F, RB, E> Future for EffectiveUriFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<RB>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.response.poll(cx))?;
        if let Some(uri) = this.uri.take() {
            if response.extensions().get::<EffectiveUri>().is_none() {
                response.extensions_mut().insert(EffectiveUri(uri));
            }
        }
        Poll::Ready(Ok(response))
    }
}
