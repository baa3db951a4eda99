use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use outbound_http::PooledSleep;
use tokio::runtime::Handle;
use tokio::time::sleep_until;

use crate::error::SharedError;
use crate::fault::Fault;
use crate::flight::Place;
use crate::live::Lease;

/// One who waits for a token. Dropping it disturbs nobody.
pub(crate) struct Waiter {
    place: Place,
    /// Only a token of a later generation will do.
    after: Option<u64>,
    /// What will do if the fetch fails, should it still be alive then.
    fallback: Option<Lease>,
    /// Until the fetch is lost: there may be no further request that would give it up.
    timer: PooledSleep,
}

impl Waiter {
    pub(crate) fn new(place: Place, after: Option<u64>, fallback: Option<Lease>) -> Self {
        Self {
            place,
            after,
            fallback,
            timer: PooledSleep::default(),
        }
    }

    /// Ready when the fetch is lost. Never where there is no clock.
    fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.timer.is_set() {
            if Handle::try_current().is_err() {
                return Poll::Pending;
            }
            self.timer = PooledSleep::new(sleep_until(self.place.lost().instant));
        }
        Pin::new(&mut self.timer).poll(cx)
    }
}

impl Future for Waiter {
    type Output = Result<Lease, SharedError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match Pin::new(&mut self.place).poll(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                ready!(self.poll_lost(cx));
                Err((Arc::new(Fault::Aborted) as SharedError, self.place.lost()))
            }
        };
        Poll::Ready(match outcome {
            Ok(lease) if self.after.is_some_and(|after| lease.generation <= after) => {
                Err(Arc::new(Fault::NoOther))
            }
            Ok(lease) => Ok(lease),
            Err((error, at)) => {
                let fallback = self.fallback.take();
                fallback.filter(|lease| !lease.is_dead(at)).ok_or(error)
            }
        })
    }
}
