//! One fetch of a token, and those who wait for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::Reason;
use crate::clock::Moment;
use crate::error::SharedError;
use crate::live::Lease;
use crate::sync::{Mutex, lock};

/// How a fetch ended, for everyone who waited; a failed one, when.
pub(crate) type Outcome = Result<Lease, (SharedError, Moment)>;

pub(crate) struct Flight {
    pub(crate) why: Reason,
    /// From then on nobody drives it any more: no fetch takes that long.
    pub(crate) lost: Moment,
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    outcome: Option<Outcome>,
    wakers: Vec<Option<Waker>>,
    /// Places of waiters that were dropped.
    vacant: Vec<usize>,
}

impl Flight {
    pub(crate) fn new(why: Reason, lost: Moment) -> Self {
        Self {
            why,
            lost,
            board: Mutex::new(Board::default()),
        }
    }

    /// Ends the fetch and wakes all who wait. Only the first outcome counts.
    pub(crate) fn land(&self, outcome: Outcome) {
        let mut board = lock(&self.board);
        board.outcome.get_or_insert(outcome);
        let wakers = std::mem::take(&mut board.wakers);
        board.vacant = Vec::new();
        drop(board);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// A place among those who wait. Dropping it disturbs nobody.
pub(crate) struct Place {
    flight: Arc<Flight>,
    place: Option<usize>,
}

impl Place {
    pub(crate) const fn new(flight: Arc<Flight>) -> Self {
        Self {
            flight,
            place: None,
        }
    }

    /// When it is no use to wait any longer.
    pub(crate) fn lost(&self) -> Moment {
        self.flight.lost
    }
}

impl Future for Place {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        let mut board = lock(&this.flight.board);
        if let Some(outcome) = &board.outcome {
            this.place = None;
            return Poll::Ready(outcome.clone());
        }
        let place = match this.place {
            Some(place) => place,
            None => board.vacant.pop().unwrap_or_else(|| {
                board.wakers.push(None);
                board.wakers.len() - 1
            }),
        };
        this.place = Some(place);
        match &mut board.wakers[place] {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut board = lock(&self.flight.board);
        // Landed in between: the places are gone.
        if board.outcome.is_none() {
            board.wakers[place] = None;
            board.vacant.push(place);
        }
    }
}
