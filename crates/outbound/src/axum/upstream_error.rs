use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use outbound_auth::InvalidAuth;
use outbound_http::InvalidOrigin;
use outbound_schema::InvalidContract;

#[cfg(feature = "tracing")]
use super::event;
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
/// With the feature `tracing` the error itself, and what it came from, is told by an event of level `WARN`
/// when the response is made of it; else [`get_ref`](Self::get_ref) has it. Of an error of `serde_json`
/// the event has the place only, since its text would quote the upstream's data; other errors are told
/// as they display. reqwest's display the URL with its query: let an adapter take it away
/// (`reqwest::Error::without_url`) where a key is in it.
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
        event::failed(&self.0, status);
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
