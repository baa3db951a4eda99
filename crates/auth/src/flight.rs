//! One fetch of a token, and those who wait for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::SharedError;
use crate::tokens::Lease;

/// How a fetch ended, for everyone who waited.
pub(crate) type Outcome = Result<Lease, SharedError>;

#[derive(Default)]
pub(crate) struct Flight {
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
    /// Ends the fetch and wakes all who wait. Only the first outcome counts.
    pub(crate) fn land(&self, outcome: Outcome) {
        let mut board = self.board();
        board.outcome.get_or_insert(outcome);
        let wakers = std::mem::take(&mut board.wakers);
        board.vacant = Vec::new();
        drop(board);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits. Dropping it disturbs nobody.
pub(crate) struct Waiter {
    flight: Arc<Flight>,
    place: Option<usize>,
}

impl Waiter {
    pub(crate) const fn new(flight: Arc<Flight>) -> Self {
        Self {
            flight,
            place: None,
        }
    }
}

impl Future for Waiter {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        let mut board = this.flight.board();
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

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut board = self.flight.board();
        // Landed in between: the places are gone.
        if board.outcome.is_none() {
            board.wakers[place] = None;
            board.vacant.push(place);
        }
    }
}
