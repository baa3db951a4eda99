use http::{Method, Response, StatusCode, Uri, header};

use crate::TransportError;
use crate::hint::{is_throttled, should_retry};
use crate::transport::classify_error;

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the call's result, good or bad.
    Done,
    /// The server did not process it: it may be sent again, whatever its method.
    Unprocessed,
    /// The server asks for less: it may be sent again, whatever its method.
    Throttled,
    /// It failed, and may have been processed: it is sent again only if that does no harm.
    Transient,
}

/// Judges what an attempt came to.
///
/// A closure is one: `|attempt: &Attempt<'_>, outcome: Result<&Response<_>, &_>| Verdict::Done`.
pub trait Classify<RB, E> {
    /// Judges one attempt. Called once for each, with its response's head or its error.
    fn classify(&self, attempt: &Attempt<'_>, outcome: Result<&Response<RB>, &E>) -> Verdict;

    /// Shows an error to those who [observe](crate::RetryLayer::on_retry) retries.
    fn show<'a>(&self, error: &'a E) -> Option<&'a (dyn std::error::Error + 'static)> {
        let _ = error;
        None
    }
}

impl<F, RB, E> Classify<RB, E> for F
where
    F: Fn(&Attempt<'_>, Result<&Response<RB>, &E>) -> Verdict,
{
    fn classify(&self, attempt: &Attempt<'_>, outcome: Result<&Response<RB>, &E>) -> Verdict {
        self(attempt, outcome)
    }
}

/// An attempt that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub(crate) number: u32,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
}

impl<'a> Attempt<'a> {
    /// Its number; the first is 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The request's method.
    #[must_use]
    pub const fn method(&self) -> &'a Method {
        self.method
    }

    /// The request's URI, which may hold secrets in its query.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }
}

/// Judges by status and by what transports report.
///
/// | outcome | verdict |
/// |---|---|
/// | 408, 421, 425 (RFC 9110, sections 15.5.9 and 15.5.20; RFC 8470, section 5.2) | [`Unprocessed`](Verdict::Unprocessed) |
/// | 429 (RFC 6585, section 4), 413 with `Retry-After` (RFC 9110, section 15.5.14) | [`Throttled`](Verdict::Throttled) |
/// | 403 with `Retry-After`, or with `X-RateLimit-Remaining: 0` and its reset (GitHub) | [`Throttled`](Verdict::Throttled) |
/// | 500, 502, 503, 504 | [`Transient`](Verdict::Transient) |
/// | no connection, `REFUSED_STREAM` (RFC 9113, section 8.7) | [`Unprocessed`](Verdict::Unprocessed) |
/// | connection lost, incomplete message, timeout of a socket, body cut short or stalled | [`Transient`](Verdict::Transient) |
/// | any other 4xx or 5xx with `X-Should-Retry: true` | [`Transient`](Verdict::Transient) |
/// | any status with `X-Should-Retry: false` | [`Done`](Verdict::Done) |
/// | everything else: other statuses, TLS, malformed responses, the caller's own mistakes | [`Done`](Verdict::Done) |
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // It has no settings; others are another type.
pub struct Standard;

impl<RB, E: TransportError> Classify<RB, E> for Standard {
    fn classify(&self, _attempt: &Attempt<'_>, outcome: Result<&Response<RB>, &E>) -> Verdict {
        match outcome {
            Ok(response) => classify_response(response),
            Err(error) => classify_error(error.as_error()),
        }
    }

    fn show<'a>(&self, error: &'a E) -> Option<&'a (dyn std::error::Error + 'static)> {
        Some(error.as_error())
    }
}

fn classify_response<RB>(response: &Response<RB>) -> Verdict {
    let (status, headers) = (response.status(), response.headers());
    if !status.is_client_error() && !status.is_server_error() {
        return Verdict::Done;
    }
    let asked = should_retry(headers);
    if asked == Some(false) {
        return Verdict::Done;
    }
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::MISDIRECTED_REQUEST | StatusCode::TOO_EARLY => {
            Verdict::Unprocessed
        }
        StatusCode::TOO_MANY_REQUESTS => Verdict::Throttled,
        StatusCode::PAYLOAD_TOO_LARGE if headers.contains_key(header::RETRY_AFTER) => {
            Verdict::Throttled
        }
        StatusCode::FORBIDDEN if is_throttled(headers) => Verdict::Throttled,
        StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Verdict::Transient,
        // The server may ask for a retry, but does not know what a repetition costs its caller.
        _ if asked == Some(true) => Verdict::Transient,
        _ => Verdict::Done,
    }
}
