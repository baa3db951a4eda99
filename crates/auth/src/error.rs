use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::Uri;
use outbound_http::{BoxError, Origin};

use crate::Scope;
use crate::scope::Refusal;

/// A failure that several callers share.
pub(crate) type SharedError = Arc<dyn Error + Send + Sync>;

/// A request was not sent, because it may not carry its credential or because there is none.
///
/// Displays what to do about it, and never a secret. What the token source failed with is the
/// [`source`](Error::source); where it took too long, tokio's `Elapsed` is the source of that. Find this
/// error in a [`BoxError`] by `downcast_ref`, or along `source()` if another layer wrapped it.
#[derive(Clone, Debug)]
pub struct AuthError {
    // Shared, so that it can be cloned, and that a `Result` that carries it stays one word wide.
    fault: Arc<Fault>,
}

#[derive(Debug)]
enum Fault {
    OutOfScope {
        refusal: Refusal,
        /// Without path, query and user, which may be secret.
        target: Option<Origin>,
        scope: Scope,
    },
    Unavailable(SharedError),
}

impl AuthError {
    /// The credential could not be obtained, because of `source`.
    ///
    /// For an [`Authorize`](crate::Authorize) of your own.
    #[must_use]
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::shared(Arc::from(source.into()))
    }

    pub(crate) fn shared(source: SharedError) -> Self {
        Self::new(Fault::Unavailable(source))
    }

    pub(crate) fn out_of_scope(refusal: Refusal, uri: &Uri, scope: Scope) -> Self {
        Self::new(Fault::OutOfScope {
            refusal,
            target: Origin::of(uri),
            scope,
        })
    }

    fn new(fault: Fault) -> Self {
        Self {
            fault: Arc::new(fault),
        }
    }

    /// Whether the request was going where the credential may not go, another origin, plain http
    /// or an unknown origin, or cannot (a query parameter, to the URI `*`).
    #[must_use]
    pub fn is_out_of_scope(&self) -> bool {
        matches!(*self.fault, Fault::OutOfScope { .. })
    }

    /// Whether the credential could not be obtained; [`source`](Error::source) says why.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(*self.fault, Fault::Unavailable(_))
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (refusal, target, scope) = match &*self.fault {
            Fault::OutOfScope {
                refusal,
                target,
                scope,
            } => (refusal, target, scope),
            Fault::Unavailable(_) => {
                return f.write_str(
                    "the credential could not be obtained; check the token source and its settings",
                );
            }
        };
        match (refusal, target) {
            (Refusal::PlainHttp, Some(target)) => write!(
                f,
                "the credential is not sent to {target} over plain http; use https, or allow http explicitly"
            ),
            (Refusal::Outside, Some(target)) => write!(
                f,
                "the credential is confined to {scope} and the request goes to {target}; widen the scope by that origin, or mark the request NoAuth"
            ),
            (Refusal::NoQuery, _) => f.write_str(
                "the credential is a query parameter, which the request's URI cannot have, or which makes it too long; send it in a header, or mark the request NoAuth",
            ),
            _ => write!(
                f,
                "the credential is confined to {scope} and the request's URI names no origin; use an absolute URI"
            ),
        }
    }
}

impl Error for AuthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.fault {
            Fault::Unavailable(source) => Some(&**source),
            Fault::OutOfScope { .. } => None,
        }
    }
}

/// Response extension: why a refused request was not sent again, although it could have been.
///
/// The new credential could not be obtained, or is the old one. The response itself is what the
/// server answered to the first attempt.
#[derive(Clone, Debug)]
pub struct ReplayError(AuthError);

impl ReplayError {
    pub(crate) const fn new(error: AuthError) -> Self {
        Self(error)
    }

    /// What went wrong.
    #[must_use]
    pub const fn get_ref(&self) -> &AuthError {
        &self.0
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the credential was refused, and the request was not sent again")
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
