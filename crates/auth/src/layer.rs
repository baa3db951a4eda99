use std::time::Duration;

use outbound_http::{CloneBody, NoReplay};
use tower_layer::Layer;

use crate::{Auth, refused};

/// [`Layer`] that applies [`Auth`], and the entry to all credentials.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct AuthLayer<A, R = NoReplay> {
    authorize: A,
    replay: R,
    drain: usize,
}

impl AuthLayer<()> {
    /// How much of a refused response is read before the request is sent again, by default:
    /// 64 KiB.
    pub const DEFAULT_DRAIN: usize = refused::DEFAULT_DRAIN;

    /// How long the rest of a refused response is waited for at most: 100 milliseconds.
    pub const DRAIN_TIME: Duration = refused::DRAIN_TIME;
}

impl<A> AuthLayer<A> {
    /// Authorizes requests with `authorize`, and sends none of them again.
    #[must_use]
    pub const fn new(authorize: A) -> Self {
        Self {
            authorize,
            replay: NoReplay,
            drain: refused::DEFAULT_DRAIN,
        }
    }
}

impl<A, R> AuthLayer<A, R> {
    /// Sends a request that was answered with 401 once more with a new credential, with a clone
    /// of its body.
    ///
    /// Keeping the request's head for that usually allocates nothing.
    #[must_use]
    pub fn replay(self) -> AuthLayer<A, CloneBody> {
        self.replay_with(CloneBody)
    }

    /// As [`replay`](Self::replay), for bodies that are repeated in another way.
    ///
    /// A strategy that records, such as [`BufferBody`](outbound_http::BufferBody), takes the body
    /// from an upload that is still under way when the 401 comes, but not before the next token is
    /// at hand. If there is none, or the upload has outgrown the recording by then, it goes on, and
    /// the 401 is handed out.
    ///
    /// Inside a retry layer that records its bodies with
    /// [`BufferBody`](outbound_http::BufferBody), this is [`Rewind`](outbound_http::Rewind).
    #[must_use]
    pub fn replay_with<R2>(self, replay: R2) -> AuthLayer<A, R2> {
        AuthLayer {
            authorize: self.authorize,
            replay,
            drain: self.drain,
        }
    }

    /// How many bytes of a refused HTTP/1 response are read before the request is sent again, so
    /// that its connection can be used for that; 0 closes the connection.
    ///
    /// By default [`DEFAULT_DRAIN`](AuthLayer::DEFAULT_DRAIN), and never for longer than
    /// [`DRAIN_TIME`](AuthLayer::DRAIN_TIME).
    #[must_use]
    pub fn drain(mut self, limit: usize) -> Self {
        self.drain = limit;
        self
    }
}

impl<S, A: Clone, R: Clone> Layer<S> for AuthLayer<A, R> {
    type Service = Auth<S, A, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth::with_drain(
            inner,
            self.authorize.clone(),
            self.replay.clone(),
            self.drain,
        )
    }
}
