use std::fmt;

use bytes::Bytes;
use http::Response;
use outbound_http::BoxError;

use crate::Rejection;

mod sealed {
    #[allow(unnameable_types)] // That is what seals the trait.
    pub trait Sealed {}
}

/// What a service does with a message that breaks its contract: [`Fail`] or [`RejectWith`].
///
/// `E` is the error of the service within. The trait is sealed.
pub trait Refuse<E>: sealed::Sealed {
    /// The error of the service around it.
    type Error;

    #[doc(hidden)]
    fn error(error: E) -> Self::Error;

    #[doc(hidden)]
    fn refuse(&self, rejection: Rejection) -> Result<Response<Bytes>, Self::Error>;

    /// Of a body that failed before it could be checked. Handed back, it fails in the same way
    /// when it is read again by whoever comes next.
    #[doc(hidden)]
    fn body_failed(&self, error: BoxError) -> Result<BoxError, Self::Error>;

    /// Of a response's body that is too large to be checked. It is a violation, of which the
    /// call need not tell more.
    #[doc(hidden)]
    fn too_large(&self, error: BoxError) -> Result<(), Self::Error>;
}

/// The call fails with the [`Violation`](crate::Violation), as suits a client.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Fail;

/// The call succeeds with a response instead, as suits a server; the error stays that of the
/// service within.
#[derive(Clone, Copy)]
pub struct RejectWith<F> {
    pub(crate) respond: F,
}

impl sealed::Sealed for Fail {}

impl<E: Into<BoxError>> Refuse<E> for Fail {
    type Error = BoxError;

    fn error(error: E) -> BoxError {
        error.into()
    }

    fn refuse(&self, rejection: Rejection) -> Result<Response<Bytes>, BoxError> {
        Err(rejection.into_violation().into())
    }

    fn body_failed(&self, error: BoxError) -> Result<BoxError, BoxError> {
        Err(error)
    }

    fn too_large(&self, error: BoxError) -> Result<(), BoxError> {
        Err(error)
    }
}

impl<F> sealed::Sealed for RejectWith<F> {}

impl<E, F: Fn(&Rejection) -> Response<Bytes>> Refuse<E> for RejectWith<F> {
    type Error = E;

    fn error(error: E) -> E {
        error
    }

    fn refuse(&self, rejection: Rejection) -> Result<Response<Bytes>, E> {
        Ok((self.respond)(&rejection))
    }

    fn body_failed(&self, error: BoxError) -> Result<BoxError, E> {
        Ok(error)
    }

    fn too_large(&self, _: BoxError) -> Result<(), E> {
        Ok(())
    }
}

impl<F> fmt::Debug for RejectWith<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectWith").finish_non_exhaustive()
    }
}
