use outbound_http::{CloneBody, NoReplay};
use tower_layer::Layer;

use crate::Auth;

/// [`Layer`] that applies [`Auth`], and the entry to all credentials.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct AuthLayer<A, R = NoReplay> {
    authorize: A,
    replay: R,
}

impl<A> AuthLayer<A> {
    /// Authorizes requests with `authorize`, and sends none of them again.
    #[must_use]
    pub const fn new(authorize: A) -> Self {
        Self {
            authorize,
            replay: NoReplay,
        }
    }
}

impl<A, R> AuthLayer<A, R> {
    /// Sends a request that was answered with 401 once more with a new credential, with a clone
    /// of its body.
    ///
    /// The request's head is cloned each time, which costs nothing as long as it has neither
    /// headers nor extensions.
    #[must_use]
    pub fn replay(self) -> AuthLayer<A, CloneBody> {
        self.replay_with(CloneBody)
    }

    /// As [`replay`](Self::replay), for bodies that are repeated in another way.
    ///
    /// Inside a retry layer that records its bodies with
    /// [`BufferBody`](outbound_http::BufferBody), this is [`Rewind`](outbound_http::Rewind).
    #[must_use]
    pub fn replay_with<R2>(self, replay: R2) -> AuthLayer<A, R2> {
        AuthLayer {
            authorize: self.authorize,
            replay,
        }
    }
}

impl<S, A: Clone, R: Clone> Layer<S> for AuthLayer<A, R> {
    type Service = Auth<S, A, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth::new(inner, self.authorize.clone(), self.replay.clone())
    }
}
