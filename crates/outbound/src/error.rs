use std::error::Error;
use std::io;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use outbound_auth::AuthError;
use outbound_http::{BodyTooLarge, DeadlineExceeded, IdleTimeoutExceeded};
use outbound_paginate::{PageError, PageErrorKind};
use outbound_schema::Violation;
use tokio::time::error::Elapsed;

use crate::StatusError;

/// What went wrong, in a stack whose error is [`BoxError`](crate::BoxError).
///
/// Each question looks along the whole chain of [`source`](Error::source)s, so that it does not
/// matter which layer wrapped what. More than one answer may be yes: a token endpoint that does
/// not answer is both a credential's failure and a timeout.
///
/// ```
/// use std::io;
/// use outbound::{BoxError, ErrorExt};
///
/// let error: BoxError = io::Error::from(io::ErrorKind::TimedOut).into();
/// assert!(error.is_timeout());
/// assert!(!error.is_contract());
/// ```
pub trait ErrorExt {
    /// The first error along the chain that is of this type and for which `is` holds.
    fn find_if<E: Error + 'static>(&self, is: impl Fn(&E) -> bool) -> Option<&E>;

    /// The first error of this type along the chain.
    fn find<E: Error + 'static>(&self) -> Option<&E> {
        self.find_if(|_| true)
    }

    /// A deadline passed (one of [`tokio::time::timeout`], too), a body stalled, a socket timed out.
    ///
    /// Not an error of a crate that this one does not depend on, as tower's `Elapsed` and reqwest's are. Ask
    /// for those by [`find`](Self::find) and [`find_if`](Self::find_if), or map them beneath the stack, so
    /// that retries and answers to your own callers take them for what they are too:
    ///
    /// ```
    /// use std::io;
    /// use outbound::{BoxError, ErrorExt};
    /// use tower::timeout::error::Elapsed;
    ///
    /// // For `ServiceExt::map_err`; of reqwest it is `error.find_if(reqwest::Error::is_timeout)`.
    /// fn as_timeout(error: BoxError) -> BoxError {
    ///     match error.find::<Elapsed>() {
    ///         Some(_) => io::Error::new(io::ErrorKind::TimedOut, error).into(),
    ///         None => error,
    ///     }
    /// }
    ///
    /// let error: BoxError = Elapsed::new().into();
    /// assert!(!error.is_timeout());
    /// let error = as_timeout(error);
    /// assert!(error.is_timeout() && error.find::<Elapsed>().is_some());
    /// ```
    fn is_timeout(&self) -> bool {
        self.find::<DeadlineExceeded>().is_some()
            || self.find::<IdleTimeoutExceeded>().is_some()
            || self.find::<Elapsed>().is_some()
            || self
                .find_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut)
                .is_some()
    }

    /// A body broke its contract; [`violation`](Self::violation) says how.
    fn is_contract(&self) -> bool {
        self.violation().is_some()
    }

    /// How a body broke its contract.
    fn violation(&self) -> Option<&Violation> {
        self.find()
    }

    /// There is no credential, or the request may not carry it.
    fn is_credential(&self) -> bool {
        self.find::<AuthError>().is_some()
    }

    /// A body is larger than its limit.
    fn is_too_large(&self) -> bool {
        self.find::<BodyTooLarge>().is_some() || self.is_page(PageErrorKind::TooLarge)
    }

    /// A stream of pages ended in this way.
    fn is_page(&self, kind: PageErrorKind) -> bool {
        self.find::<PageError>()
            .is_some_and(|error| error.kind() == kind)
    }

    /// The status that was no success, from [`success`](crate::success) or a stream of pages.
    ///
    /// Not that of a response whose body broke its contract: it is in the
    /// [violation](Violation::status).
    fn status(&self) -> Option<StatusCode> {
        let answered = self.find().map(StatusError::status);
        answered.or_else(|| self.find().and_then(status_of_page))
    }

    /// When the API that answered with this [`status`](Self::status) wants to be asked again
    /// (RFC 9110, section 10.2.3), as it said so.
    fn retry_after(&self) -> Option<&HeaderValue> {
        let answered = self.find().and_then(StatusError::retry_after);
        answered.or_else(|| {
            let page: &PageError = self.find_if(|error| status_of_page(error).is_some())?;
            page.response()?.parts.headers.get(RETRY_AFTER)
        })
    }

    /// None of the others: the transport's own, or one that this crate does not know, from a layer of
    /// yours or a request that could not be built.
    ///
    /// A socket that timed out is the transport's, and a [timeout](Self::is_timeout); a deadline that
    /// passed, or a body that stalled, is not the transport's.
    fn is_transport(&self) -> bool {
        self.find::<DeadlineExceeded>().is_none()
            && self.find::<IdleTimeoutExceeded>().is_none()
            && self.find::<Elapsed>().is_none()
            && !self.is_contract()
            && !self.is_credential()
            && !self.is_too_large()
            && self.status().is_none()
            && self.find::<PageError>().is_none_or(|error| {
                matches!(error.kind(), PageErrorKind::Service | PageErrorKind::Body)
            })
    }
}

fn status_of_page(error: &PageError) -> Option<StatusCode> {
    let response = error.response()?;
    (error.kind() == PageErrorKind::Status).then_some(response.parts.status)
}

impl ErrorExt for dyn Error + 'static {
    fn find_if<E: Error + 'static>(&self, is: impl Fn(&E) -> bool) -> Option<&E> {
        std::iter::successors(Some(self), |&error| cause(error))
            .filter_map(|error| error.downcast_ref())
            .find(|error| is(error))
    }
}

impl ErrorExt for dyn Error + Send + Sync + 'static {
    fn find_if<E: Error + 'static>(&self, is: impl Fn(&E) -> bool) -> Option<&E> {
        let error: &(dyn Error + 'static) = self;
        error.find_if(is)
    }
}

impl<T: Error + 'static> ErrorExt for T {
    fn find_if<E: Error + 'static>(&self, is: impl Fn(&E) -> bool) -> Option<&E> {
        let error: &(dyn Error + 'static) = self;
        error.find_if(is)
    }
}

/// What an I/O error wraps is not among its sources, but that error's source is.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
