use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

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
}

impl Waiter {
    pub(crate) const fn new(place: Place, after: Option<u64>, fallback: Option<Lease>) -> Self {
        Self {
            place,
            after,
            fallback,
        }
    }
}

impl Future for Waiter {
    type Output = Result<Lease, SharedError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.place).poll(cx));
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
