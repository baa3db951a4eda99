use std::fmt;
use std::future::Future;

use http::{Request, Response};

use crate::AuthError;

/// The decision that [`Auth`](crate::Auth) obeys: how a request gets its credential, and
/// whether a response calls for another attempt.
///
/// Every scheme is this bounded machine: write the credential into the head, look at the head
/// of the response, keep it or try once more. `B` is the body that the *inner* service
/// receives.
///
/// A service owns one, and each clone of the service a clone of it, so that an implementation
/// can keep something at hand for its next call without a lock; what all of them are to know
/// is shared (an [`Arc`](std::sync::Arc)). Keep the credential out of `Debug`, mark header values
/// [sensitive](http::HeaderValue::set_sensitive), leave a credential alone that the caller put
/// there, and obey [`NoAuth`](outbound_http::NoAuth).
///
/// # Example
///
/// A scheme that signs each attempt anew:
///
/// ```
/// use std::convert::Infallible;
/// use std::future::Ready;
///
/// use http::{HeaderValue, Request, Response};
/// use outbound_auth::{AuthError, AuthLayer, Authorize, Step};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// #[derive(Clone)]
/// struct Signed;
///
/// impl<B> Authorize<B> for Signed {
///     type Mark = ();
///     type Wait = Ready<Result<(Request<B>, ()), AuthError>>;
///
///     fn authorize(&mut self, mut request: Request<B>) -> Step<B, (), Self::Wait> {
///         let signature = request.uri().path().len(); // or something better
///         let mut value = HeaderValue::from(signature);
///         value.set_sensitive(true);
///         request.headers_mut().insert("x-signature", value);
///         Step::Ready(request, ())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), outbound_auth::BoxError> {
/// let service = AuthLayer::new(Signed).layer(service_fn(|request: Request<()>| async move {
///     let signature = request.headers()["x-signature"].to_str().unwrap_or_default();
///     Ok::<_, Infallible>(Response::new(signature.to_owned()))
/// }));
/// let response = service.oneshot(Request::get("/abc").body(())?).await?;
/// assert_eq!(response.body(), "4");
/// # Ok(())
/// # }
/// ```
pub trait Authorize<B> {
    /// What is kept of an attempt until its response is judged: the generation of the token
    /// that was used, the nonce that was answered, a handle of what is shared, `()`.
    type Mark;

    /// Waits for a credential that is not at hand.
    type Wait: Future<Output = Result<(Request<B>, Self::Mark), AuthError>>;

    /// Adds the credential. Called for each request that may be sent again, before its first attempt;
    /// for the others it is [`authorize_once`](Self::authorize_once), which calls this.
    ///
    /// [`Step::Ready`] is the hot path: no future, no allocation. While a [`Step::Wait`] is
    /// waited for, nothing of the inner service is held.
    fn authorize(&mut self, request: Request<B>) -> Step<B, Self::Mark, Self::Wait>;

    /// As [`authorize`](Self::authorize), for a request that cannot be sent again if the credential
    /// is refused: a scheme that has reason to doubt its credential had better wait for another.
    ///
    /// By default it is [`authorize`](Self::authorize).
    fn authorize_once(&mut self, request: Request<B>) -> Step<B, Self::Mark, Self::Wait> {
        self.authorize(request)
    }

    /// Adds the credential in place, if that takes no more than adding it.
    ///
    /// Asked first, for speed alone: moving a request about costs as much as adding a header.
    /// `None`, the default, leaves the request to [`authorize`](Self::authorize) or
    /// [`authorize_once`](Self::authorize_once), and must leave it as it is.
    #[inline]
    fn authorize_at_once(&mut self, request: &mut Request<B>) -> Option<Self::Mark> {
        let _ = request;
        None
    }

    /// Adds the credential to the one further attempt that [`Verdict::Replay`] led to, with the
    /// mark that it gave.
    ///
    /// `request` is the request as it was before its first attempt. The refused response is kept
    /// meanwhile: after [`Step::Fail`], or if the wait ends in an error, it is handed out as it
    /// came, with that error in its extensions as [`ReplayError`](crate::ReplayError).
    ///
    /// By default the same as [`authorize`](Self::authorize).
    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: Self::Mark,
    ) -> Step<B, Self::Mark, Self::Wait> {
        let _ = mark;
        self.authorize(request)
    }

    /// Judges the head of a response to an attempt that carried the credential.
    ///
    /// It is asked before the question whether the body can be sent again, so that a rejected
    /// credential is condemned in any case, and after the further attempt too, where the
    /// verdict counts for nothing. By default [`Verdict::Keep`].
    ///
    /// It has no `self`, because nothing but the mark is kept for it.
    fn observe<RB>(mark: Self::Mark, response: &Response<RB>) -> Verdict<Self::Mark> {
        let _ = (mark, response);
        Verdict::Keep
    }
}

/// What is to be done with a request.
#[allow(clippy::exhaustive_enums)] // Implementors build it, the machine matches it: a new step breaks both.
pub enum Step<B, M, W> {
    /// It carries its credential: send it, and judge its response by the mark.
    Ready(Request<B>, M),
    /// The credential has to be waited for. Nothing of the inner service is held meanwhile.
    Wait(W),
    /// It needs no credential, or has its own: send it, and do not judge its response.
    Skip(Request<B>),
    /// It must not be sent.
    Fail(AuthError),
}

/// Without the request, which carries the credential.
impl<B, M, W> fmt::Debug for Step<B, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(..) => f.write_str("Ready(..)"),
            Self::Wait(_) => f.write_str("Wait(..)"),
            Self::Skip(_) => f.write_str("Skip(..)"),
            Self::Fail(error) => f.debug_tuple("Fail").field(error).finish(),
        }
    }
}

/// What is to be done with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // As `Step`.
pub enum Verdict<M> {
    /// Hand it out.
    Keep,
    /// Send the request once more, with a new credential, if its body can be sent again. The
    /// mark goes to [`Authorize::authorize_again`].
    Replay(M),
}
