use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use outbound_http::PooledSleep;
use tokio::time::sleep;

/// The timer of a call: of an attempt that has a soft timeout, then of a pause. Most calls need
/// none.
#[derive(Default)]
pub(crate) enum Timer {
    /// An attempt's is set once it really waits.
    #[default]
    Unset,
    Set(PooledSleep),
    /// It has rung, and has no further effect on this attempt.
    Off,
}

impl Timer {
    /// Ready once, after the timeout that is given at first; never where there is none.
    pub(crate) fn poll_attempt(
        &mut self,
        timeout: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if let (Self::Unset, Some(timeout)) = (&self, timeout) {
            self.start(timeout);
        }
        let Self::Set(sleep) = self else {
            return Poll::Pending;
        };
        ready!(Pin::new(sleep).poll(cx));
        *self = Self::Off;
        Poll::Ready(())
    }

    pub(crate) fn start(&mut self, delay: Duration) {
        *self = Self::Set(PooledSleep::new(sleep(delay)));
    }

    /// Ready after the delay that it was started with.
    pub(crate) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Set(sleep) => Pin::new(sleep).poll(cx),
            Self::Unset | Self::Off => Poll::Ready(()),
        }
    }
}
