use http::{Response, StatusCode, header};

use crate::hint::{is_throttled, should_retry};
use crate::transport::{TransportError, classify_error};
use crate::verdict::{Attempt, Classify, Verdict};

/// Judges by status and by what transports report.
///
/// | outcome | verdict |
/// |---|---|
/// | 408, 421, 425 (RFC 9110, sections 15.5.9 and 15.5.20; RFC 8470, section 5.2) | [`Unprocessed`](Verdict::Unprocessed) |
/// | 429 (RFC 6585, section 4), 413 with `Retry-After` (RFC 9110, section 15.5.14) | [`Throttled`](Verdict::Throttled) |
/// | 403 with `Retry-After`, or with `X-RateLimit-Remaining: 0` and its reset (GitHub) | [`Throttled`](Verdict::Throttled) |
/// | 500, 502, 503, 504 | [`Transient`](Verdict::Transient) |
/// | no connection, `REFUSED_STREAM` before the response (RFC 9113, section 8.7) | [`Unprocessed`](Verdict::Unprocessed) |
/// | connection lost for any reason, incomplete message, timeout of a socket, body cut short, reset or stalled | [`Transient`](Verdict::Transient) |
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
