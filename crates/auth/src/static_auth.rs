use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{AuthLayer, StaticCredential};

/// [`Layer`] that applies [`StaticAuth`]: one credential that never changes.
///
/// Made by [`AuthLayer::bearer`], [`basic`](AuthLayer::basic), [`header`](AuthLayer::header),
/// [`query`](AuthLayer::query) and their `_env` forms. Stack several of them to add several
/// credentials.
#[derive(Clone, Debug)]
pub struct StaticAuthLayer {
    credential: StaticCredential,
}

impl StaticAuthLayer {
    pub(crate) const fn new(credential: StaticCredential) -> Self {
        Self { credential }
    }

    /// Sends a bearer or basic credential to a proxy: in `Proxy-Authorization` rather than in
    /// `Authorization` (RFC 9110, section 11.7). An API key stays where it is.
    ///
    /// The scope is that of the requests which go through the proxy: `Scope::any()`, with
    /// [`allow_http`](crate::Scope::allow_http) where plain http does. The proxy takes the
    /// header out; a request that does not go through it takes it to the server.
    #[must_use]
    pub fn proxy(self) -> Self {
        Self {
            credential: self.credential.proxy(),
        }
    }

    /// Makes a request out of scope fail with an [`AuthError`](crate::AuthError), instead of
    /// sending it without the credential.
    ///
    /// The service's error becomes [`BoxError`](outbound_http::BoxError). A request marked
    /// [`NoAuth`](outbound_http::NoAuth) still passes without a credential; one marked
    /// [`CrossOrigin`](outbound_http::CrossOrigin) is out of scope, unless its origin is listed.
    #[must_use]
    pub fn strict(self) -> AuthLayer<StaticCredential> {
        AuthLayer::new(self.credential)
    }
}

impl<S> Layer<S> for StaticAuthLayer {
    type Service = StaticAuth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        StaticAuth {
            inner,
            credential: self.credential.clone(),
        }
    }
}

/// Adds one credential that never changes to the requests in its scope, and to no others.
///
/// It cannot fail: its error and its future are those of the inner service, and a header costs
/// no allocation of its own. See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct StaticAuth<S> {
    inner: S,
    credential: StaticCredential,
}

impl<S> StaticAuth<S> {
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

impl<S, B> Service<Request<B>> for StaticAuth<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.credential.add_within_scope(&mut request);
        self.inner.call(request)
    }
}
