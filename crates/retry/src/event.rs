use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use outbound_http::ResendCount;

/// A retry that has been decided on, before its pause.
pub struct Event<'a> {
    pub(crate) retry: u32,
    pub(crate) delay: Duration,
    pub(crate) asked: bool,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    /// As OpenTelemetry counts them, over all layers.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) resends: ResendCount,
    pub(crate) cause: Cause<'a>,
}

/// Why an attempt is not the last.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// The response had this status.
    Status(StatusCode),
    /// The service failed. The error is there if the classifier can
    /// [show](crate::Classify::show) it.
    Error(Option<&'a (dyn Error + 'static)>),
    /// The attempt took longer than the
    /// [attempt timeout](crate::RetryLayer::attempt_timeout).
    AttemptTimeout,
}

impl<'a> Event<'a> {
    /// Which retry it is; the first is 1.
    #[must_use]
    pub const fn retry(&self) -> u32 {
        self.retry
    }

    /// The pause before it.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// Whether the server asked for the pause.
    #[must_use]
    pub const fn server_asked(&self) -> bool {
        self.asked
    }

    /// The request's method.
    #[must_use]
    pub const fn method(&self) -> &'a Method {
        self.method
    }

    /// The request's URI. Its query may hold secrets; `Display` and `Debug` leave it out.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Why the attempt before was not the last.
    #[must_use]
    pub const fn cause(&self) -> Cause<'a> {
        self.cause
    }
}

#[cfg(feature = "tracing")]
impl Event<'_> {
    /// With OpenTelemetry's names for HTTP clients, and without query and credentials.
    pub(crate) fn trace(&self) {
        let status = match self.cause {
            Cause::Status(status) => Some(status.as_u16()),
            _ => None,
        };
        // The convention wants a status as its number, else a word.
        let error: &dyn fmt::Display = match (&status, self.cause) {
            (Some(status), _) => status,
            (None, Cause::AttemptTimeout) => &"timeout",
            (None, _) => &"transport",
        };
        tracing::debug!(
            http.request.method = %self.method,
            http.request.resend_count = self.resends.0,
            http.response.status_code = status,
            server.address = self.uri.host(),
            error.type = %error,
            delay_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX),
            "{self}"
        );
    }
}

/// One line without secrets: `GET https://h/p answered 503; retry 1 in 250ms`.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}; retry {} in {:.0?}",
            self.method,
            Redacted(self.uri),
            self.cause,
            self.retry,
            self.delay
        )?;
        if self.asked {
            f.write_str(", as the server asked")?;
        }
        Ok(())
    }
}

/// Without secrets, as `Display`.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("retry", &self.retry)
            .field("delay", &self.delay)
            .field("server_asked", &self.asked)
            .field("method", self.method)
            .field("uri", &format_args!("{}", Redacted(self.uri)))
            .field("cause", &format_args!("{}", self.cause))
            .finish_non_exhaustive()
    }
}

/// A URI without its query and its credentials.
pub(crate) struct Redacted<'a>(pub(crate) &'a Uri);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(uri) = self;
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            write!(f, "{scheme}://{host}")?;
            if let Some(port) = uri.port() {
                write!(f, ":{port}")?;
            }
        }
        f.write_str(uri.path())
    }
}

/// The innermost error tells most: `connection reset by peer`, not `client error`.
impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered {}", status.as_u16()),
            Self::Error(None) => f.write_str("failed"),
            Self::Error(Some(error)) => {
                let root = std::iter::successors(Some(*error), |&error| error.source()).last();
                write!(f, "failed ({})", root.unwrap_or(*error))
            }
            Self::AttemptTimeout => f.write_str("took too long"),
        }
    }
}
