use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::FetchError;
use crate::sources::exchange::ExchangeError;

/// An authorization server gave no token.
///
/// The [`source`](Error::source) of the [`AuthError`](crate::AuthError) that the requests fail
/// with. It holds no secret: what the server says of the fault is kept only as far as it repeats
/// none.
pub struct OAuthError {
    fault: Fault,
}

enum Fault {
    Refused(Box<Refusal>),
    /// It cannot be understood; the text says what is missing.
    Malformed(&'static str),
    Exchange(ExchangeError),
}

pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: Option<Box<str>>,
    pub(super) description: Option<Box<str>>,
    pub(super) retry_after: Option<Duration>,
}

impl OAuthError {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self {
            fault: Fault::Refused(Box::new(refusal)),
        }
    }

    pub(super) const fn malformed(fault: &'static str) -> Self {
        Self {
            fault: Fault::Malformed(fault),
        }
    }

    /// The error code of the server, such as `invalid_client` (RFC 6749, section 5.2).
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refusal()?.code.as_deref()
    }

    /// The status that the server refused with. It is 200 where a server hides errors in answers.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.fault {
            Fault::Refused(refusal) => Some(refusal.status),
            Fault::Exchange(ExchangeError::Redirected(status)) => Some(*status),
            _ => None,
        }
    }

    /// What the server says of the fault, at most 256 characters: a text of somebody else's, which
    /// neither `Display` nor `Debug` shows.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.refusal()?.description.as_deref()
    }

    /// Whether asking again will not help before the settings are changed.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match &self.fault {
            Fault::Refused(refusal) => refusal.is_permanent(),
            Fault::Malformed(_) => false,
            Fault::Exchange(error) => !matches!(error, ExchangeError::Transport(_)),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.fault {
            Fault::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl Refusal {
    fn is_permanent(&self) -> bool {
        // The status first: a 429 is no verdict on the grant, whatever code comes with it.
        let busy =
            self.status.is_server_error() || matches!(self.status.as_u16(), 408 | 421 | 425 | 429);
        let passing = self.code.as_deref().is_some_and(|code| {
            matches!(
                code,
                "server_error" | "slow_down" | "temporarily_unavailable"
            )
        });
        !busy && !passing
    }

    fn advice(&self) -> &'static str {
        if !self.is_permanent() {
            return "ask again later";
        }
        match self.code.as_deref() {
            Some("invalid_client" | "unauthorized_client") => {
                "check the client's id and secret, and how it authenticates (basic or post)"
            }
            Some("invalid_grant") => "the grant or refresh token is no longer good; log in again",
            Some("invalid_scope") => "check the scope",
            None if matches!(self.status.as_u16(), 401 | 403) => {
                "check user or client id, and password or secret"
            }
            Some("unsupported_grant_type") => "the server does not offer this grant",
            _ => "check the token endpoint's URL and the client's settings",
        }
    }
}

impl From<ExchangeError> for OAuthError {
    fn from(error: ExchangeError) -> Self {
        Self {
            fault: Fault::Exchange(error),
        }
    }
}

/// With what the engine waits by: whether it lasts, and how long the server wants to be left alone.
pub(crate) fn fetch_error(error: OAuthError) -> FetchError {
    let permanent = error.is_permanent();
    let delay = error.refusal().and_then(|refusal| refusal.retry_after);
    let mut failed = FetchError::new(error);
    if permanent {
        failed = failed.permanent();
    }
    match delay {
        Some(delay) => failed.retry_after(delay),
        None => failed,
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Refused(refusal) => {
                f.write_str("the token endpoint refused")?;
                if let Some(code) = &refusal.code {
                    write!(f, " with {code}")?;
                }
                write!(
                    f,
                    " (status {}): {}",
                    refusal.status.as_u16(),
                    refusal.advice()
                )
            }
            Fault::Malformed(fault) => write!(f, "the token endpoint's answer {fault}"),
            Fault::Exchange(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("OAuthError");
        match &self.fault {
            Fault::Refused(refusal) => debug
                .field("status", &refusal.status)
                .field("code", &refusal.code)
                .field("retry_after", &refusal.retry_after),
            Fault::Malformed(fault) => debug.field("malformed", fault),
            Fault::Exchange(error) => debug.field("exchange", error),
        };
        debug.finish_non_exhaustive()
    }
}

impl Error for OAuthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Exchange(error) => error.source(),
            _ => None,
        }
    }
}
