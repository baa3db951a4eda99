//! For handlers of axum that call other APIs.
//!
//! [`UpstreamError`] answers for a call that failed; [`IncomingDeadlineLayer`] hands the time
//! that a request has on to the calls that are made for it.

use std::task::{Context, Poll};
use std::time::Duration;

use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use outbound_auth::InvalidAuth;
use outbound_http::{DeadlineAt, InvalidOrigin};
use outbound_schema::InvalidContract;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::{BoxError, ErrorExt, InvalidBaseUrl};

/// A handler's error: an API that it called failed.
///
/// Any error becomes one by `?`. As a response it is problem details (RFC 9457), with nothing in
/// them of what the upstream said or of where it is:
///
/// | error | status |
/// |---|---|
/// | [timeout](ErrorExt::is_timeout) | 504 |
/// | [status](ErrorExt::status) 429 or 503 | 503, with the upstream's `Retry-After` if that can be read |
/// | the handler's own mistake: a request, contract, origin or credential that cannot be built | 500 |
/// | all others | 502 |
///
/// With the feature `tracing` the error itself is told by an event of level `WARN` when the response is
/// made of it; else [`get_ref`](Self::get_ref) has it.
///
/// ```
/// use axum::extract::State;
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use outbound::axum::UpstreamError;
/// use outbound::{Client, success};
///
/// async fn names(State(api): State<Client>) -> Result<Bytes, UpstreamError> {
///     let request = Request::get("/names").body(Full::default())?;
///     Ok(success(api.send(request).await?)?.into_body().into_bytes())
/// }
/// # let _ = axum::Router::<Client>::new().route("/", axum::routing::get(names));
/// ```
#[derive(Debug)]
pub struct UpstreamError(BoxError);

impl UpstreamError {
    /// The error, for a log.
    #[must_use]
    pub const fn get_ref(&self) -> &BoxError {
        &self.0
    }

    /// The error.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.0.status() {
            _ if self.0.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ if is_own_mistake(&self.0) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

impl<E: Into<BoxError>> From<E> for UpstreamError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for UpstreamError {
    fn into_response(self) -> Response {
        let status = self.status();
        #[cfg(feature = "tracing")]
        tracing::warn!(
            http.response.status_code = status.as_u16(),
            error = %self.0,
            "a call of another API failed"
        );
        let (title, detail) = match status {
            StatusCode::INTERNAL_SERVER_ERROR => ("Internal Server Error", "could not be asked"),
            StatusCode::GATEWAY_TIMEOUT => ("Gateway Timeout", "did not answer in time"),
            StatusCode::SERVICE_UNAVAILABLE => ("Service Unavailable", "is busy"),
            _ => ("Bad Gateway", "could not be used"),
        };
        let code = status.as_u16();
        let problem = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{code},"detail":"an API that this one depends on {detail}"}}"#
        );
        let mut response = (status, problem).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        let when = self.0.retry_after().filter(|when| is_a_time(when));
        if let (StatusCode::SERVICE_UNAVAILABLE, Some(when)) = (status, when) {
            response.headers_mut().insert(RETRY_AFTER, when.clone());
        }
        response
    }
}

/// Such errors come before a call. Deeper in a chain they may be about what the upstream said: a next
/// link that is no URL.
fn is_own_mistake(error: &BoxError) -> bool {
    error.is::<http::Error>()
        || error.is::<http::header::InvalidHeaderName>()
        || error.is::<http::header::InvalidHeaderValue>()
        || error.is::<http::method::InvalidMethod>()
        || error.is::<http::uri::InvalidUri>()
        || error.is::<http::uri::InvalidUriParts>()
        || error.is::<InvalidAuth>()
        || error.is::<InvalidBaseUrl>()
        || error.is::<InvalidContract>()
        || error.is::<InvalidOrigin>()
}

/// Whether a `Retry-After` is one of RFC 9110, section 10.2.3: anything else that the upstream put
/// there is its own affair.
fn is_a_time(value: &HeaderValue) -> bool {
    let is_seconds = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_date = |text| httpdate::parse_http_date(text).is_ok();
    let text = value.to_str();
    text.is_ok_and(|text| is_seconds(text) || is_date(text))
}

/// [`Layer`] for a server: stamps each request that comes in with the moment by which its caller
/// needs an answer.
///
/// The stamp is the extension [`DeadlineAt`]. A handler takes it as `Extension<DeadlineAt>` and
/// puts it on the requests that it makes, whose stack then neither waits nor retries beyond it.
///
/// ```
/// use std::time::Duration;
/// use axum::Extension;
/// use axum::extract::State;
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use outbound::{Client, success};
/// use outbound::axum::{IncomingDeadlineLayer, UpstreamError};
/// use outbound::http::DeadlineAt;
///
/// async fn names(
///     State(api): State<Client>,
///     Extension(deadline): Extension<DeadlineAt>,
/// ) -> Result<Bytes, UpstreamError> {
///     let request = Request::get("/names").extension(deadline).body(Full::default())?;
///     Ok(success(api.send(request).await?)?.into_body().into_bytes())
/// }
///
/// let app = axum::Router::<Client>::new()
///     .route("/names", axum::routing::get(names))
///     .layer(IncomingDeadlineLayer::new(Duration::from_secs(10)));
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IncomingDeadlineLayer {
    limit: Duration,
}

impl IncomingDeadlineLayer {
    /// Gives each request this much time.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for IncomingDeadlineLayer {
    type Service = IncomingDeadline<S>;

    fn layer(&self, inner: S) -> IncomingDeadline<S> {
        IncomingDeadline {
            inner,
            limit: self.limit,
        }
    }
}

/// Stamps each request with a deadline. See [`IncomingDeadlineLayer`].
#[derive(Clone, Debug)]
pub struct IncomingDeadline<S> {
    inner: S,
    limit: Duration,
}

impl<S, B> Service<Request<B>> for IncomingDeadline<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(at) = Instant::now().checked_add(self.limit) {
            let extensions = request.extensions_mut();
            // One that is there already and ends sooner stays.
            let at = extensions
                .get()
                .map_or(at, |&DeadlineAt(sooner)| at.min(sooner));
            extensions.insert(DeadlineAt(at));
        }
        self.inner.call(request)
    }
}
