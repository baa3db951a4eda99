use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use outbound_http::{EffectiveUri, Origin};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// [`Layer`] that completes requests for a path alone: `/users/1` becomes
/// `https://api.example.com/v1/users/1`.
///
/// The base's path comes before the request's, whichever of the two has the slash; a base has no
/// query. An absolute URI, such as that of a next page, stays as it is. The response of a request
/// that was completed is stamped with its [`EffectiveUri`], so that links in it can be resolved.
///
/// Where the base is not set the layer does nothing.
#[derive(Clone, Debug, Default)]
pub struct BaseUrlLayer(Option<Arc<Base>>);

#[derive(Debug)]
struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end.
    path: String,
}

impl BaseUrlLayer {
    /// Completes requests with `base`: an absolute http or https URL without query.
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`], if it is something else.
    pub fn new(base: &str) -> Result<Self, InvalidBaseUrl> {
        let uri: Uri = base.parse().map_err(|_| InvalidBaseUrl("is no URL"))?;
        let is_origin = Origin::of(&uri).is_some();
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(InvalidBaseUrl("has no scheme or no host"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(InvalidBaseUrl("is neither http nor https"));
        }
        if authority.as_str().contains('@') {
            return Err(InvalidBaseUrl(
                "holds a credential, which belongs into an AuthLayer",
            ));
        }
        // `http` lets any text pass for a port, and takes the scheme's own then: another server.
        if !is_origin {
            return Err(InvalidBaseUrl("has a port that is none"));
        }
        let path = parts
            .path_and_query
            .unwrap_or(PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(InvalidBaseUrl("has a query"));
        }
        Ok(Self(Some(Arc::new(Base {
            scheme,
            authority,
            path: path.path().trim_end_matches('/').to_owned(),
        }))))
    }
}

impl BaseUrlLayer {
    /// Completes a request as a call would; `None` where there is nothing to complete.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn complete<B>(&self, request: &mut Request<B>) -> Option<Uri> {
        let uri = self.0.as_ref()?.complete(request.uri())?;
        request.uri_mut().clone_from(&uri);
        Some(uri)
    }
}

impl Base {
    /// `None` for a URI that needs no base, and for one that is no path (`*` of OPTIONS).
    fn complete(&self, uri: &Uri) -> Option<Uri> {
        let relative = uri.path_and_query().filter(|_| uri.scheme().is_none())?;
        let relative = relative.as_str();
        if uri.authority().is_some() || relative == "*" {
            return None;
        }
        let path = if self.path.is_empty() {
            PathAndQuery::try_from(relative)
        } else if relative.starts_with('/') {
            PathAndQuery::try_from(format!("{}{relative}", self.path))
        } else {
            PathAndQuery::try_from(format!("{}/{relative}", self.path))
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path.ok()?);
        Uri::from_parts(parts).ok()
    }
}

impl<S> Layer<S> for BaseUrlLayer {
    type Service = BaseUrl<S>;

    fn layer(&self, inner: S) -> BaseUrl<S> {
        BaseUrl {
            inner,
            layer: self.clone(),
        }
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
        BaseUrlFuture {
            response: self.inner.call(request),
            completed,
        }
    }
}

pin_project! {
    /// The response of [`BaseUrl`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call in flight.
    #[derive(Debug)]
    pub struct BaseUrlFuture<F> {
        #[pin]
        response: F,
        // Boxed, as it is large and most calls have none.
        completed: Option<Box<Uri>>,
    }
}

impl<F, RB, E> Future for BaseUrlFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<RB>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut outcome = this.response.poll(cx);
        // In its place, since a response is large.
        if let Poll::Ready(Ok(response)) = &mut outcome {
            if let Some(uri) = this.completed.take() {
                let extensions = response.extensions_mut();
                if extensions.get::<EffectiveUri>().is_none() {
                    extensions.insert(EffectiveUri(*uri));
                }
            }
        }
        outcome
    }
}

/// A base URL that cannot be one.
#[derive(Debug)]
pub struct InvalidBaseUrl(&'static str);

/// Without the URL, which may hold a secret.
impl fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the base URL {}; it should be like https://api.example.com/v1",
            self.0
        )
    }
}

impl Error for InvalidBaseUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(base: &str, uri: &str) -> Option<String> {
        let base = BaseUrlLayer::new(base).unwrap().0.unwrap();
        base.complete(&uri.parse().unwrap())
            .map(|uri| uri.to_string())
    }

    #[test]
    fn the_base_s_path_comes_before_the_request_s() {
        for (base, uri, whole) in [
            ("https://h", "/users?x=1", "https://h/users?x=1"),
            ("https://h/", "/", "https://h/"),
            ("https://h/v1", "/users", "https://h/v1/users"),
            ("https://h/v1/", "/users", "https://h/v1/users"),
            ("http://h:8080/a/b", "/?q", "http://h:8080/a/b/?q"),
            (
                "https://h/v1",
                "/a//b/../c%2Fd",
                "https://h/v1/a//b/../c%2Fd",
            ),
        ] {
            assert_eq!(complete(base, uri).as_deref(), Some(whole));
        }
    }

    #[test]
    fn what_is_absolute_or_no_path_stays_as_it_is() {
        for uri in ["https://other/x", "http://h/x", "h:443", "*"] {
            assert_eq!(complete("https://h/v1", uri), None, "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_a_base_is_refused_and_not_repeated() {
        for base in [
            "",
            "/v1",
            "h:443",
            "ftp://h/",
            "https://h/?key=secret",
            "https://user:secret@h/",
            "https://h/ secret",
            "https://h:secret/",
            "https://h:99999/",
        ] {
            let error = BaseUrlLayer::new(base).unwrap_err().to_string();
            assert!(error.contains("https://api.example.com/v1"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
