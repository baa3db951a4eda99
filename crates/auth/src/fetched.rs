//! What goes into the engine and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::Token;
use crate::clock::Moment;
use crate::error::SharedError;
use crate::flight::Flight;
use crate::live::Lease;
use crate::waiter::Waiter;

/// What a request gets.
pub(crate) enum Acquired {
    Now(Lease),
    Later(Waiter),
    Failed(SharedError),
}

/// A fetch that is to be started by whoever was told so.
pub(crate) struct Start {
    pub(crate) flight: Arc<Flight>,
    /// The one before it was given up, and is not waited for.
    pub(crate) takes_over: bool,
}

/// A token from its source.
pub(crate) struct Fetched {
    pub(crate) token: Token,
    /// When it came.
    pub(crate) at: Moment,
    /// How long that took.
    pub(crate) took: Duration,
}

/// A token that can be used.
pub(crate) struct Prepared {
    pub(crate) value: HeaderValue,
    pub(crate) fetched: Fetched,
}

/// A fetch without one.
pub(crate) struct Failure {
    pub(crate) error: SharedError,
    pub(crate) again: Again,
}

/// When a failed fetch may be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Again {
    /// At once: it is not the source that failed.
    AtOnce,
    /// After a growing pause, or this one.
    Later(Option<Duration>),
    /// When somebody may have mended it, and not before this pause is over.
    WhenMended(Option<Duration>),
}
