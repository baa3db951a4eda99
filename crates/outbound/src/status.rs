use std::error::Error;
use std::fmt;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};

/// Lets a response through whose status is a success, and makes an error of any other.
///
/// # Errors
///
/// [`StatusError`], for all but 2xx.
///
/// ```
/// use http::Response;
///
/// assert!(outbound::success(Response::new("body")).is_ok());
/// let missing = Response::builder().status(404).body("body")?;
/// let error = outbound::success(missing).unwrap_err();
/// assert_eq!(error.to_string(), "the API answered 404 Not Found");
/// # Ok::<(), http::Error>(())
/// ```
pub fn success<RB>(response: Response<RB>) -> Result<Response<RB>, StatusError> {
    if response.status().is_success() {
        return Ok(response);
    }
    Err(StatusError {
        status: response.status(),
        retry_after: response.headers().get(RETRY_AFTER).cloned(),
    })
}

/// An API answered with a status that is no success. Made by [`success`].
///
/// Of the response it keeps the status and when to come back; the body is gone.
#[derive(Clone, Debug)]
pub struct StatusError {
    status: StatusCode,
    retry_after: Option<HeaderValue>,
}

impl StatusError {
    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// When the API wants to be asked again (RFC 9110, section 10.2.3), as it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<&HeaderValue> {
        self.retry_after.as_ref()
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the API answered {}", self.status)
    }
}

impl Error for StatusError {}
