use std::fmt;

use http::{Method, Response, Uri};

use crate::event::Redacted;

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
#[derive(Clone, Copy)]
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

    /// The request's URI, which may hold secrets in its query; `Debug` leaves that out.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("number", &self.number)
            .field("method", self.method)
            .field("uri", &format_args!("{}", Redacted(self.uri)))
            .finish()
    }
}
