//! Lets tasks begin in the order in which they were made.
//!
//! A runtime may poll the task that was spawned last before the others. What hands out slots in the
//! order in which it is asked, as a semaphore does, would then give the last one to a later page, and
//! where a slot is held until a body has ended, an earlier page would wait for it without end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug, Default)]
struct State {
    begun: bool,
    next: Option<Waker>,
}

type Shared = Arc<Mutex<State>>;

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held by a task until it has begun; dropping it without that is as good.
pub(super) struct Begins(Shared);

impl Drop for Begins {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.begun = true;
        let next = state.next.take();
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}

/// Ready once the task before has begun.
#[derive(Debug)]
pub(super) struct Turn(Shared);

impl Future for Turn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0);
        if state.begun {
            return Poll::Ready(());
        }
        state.next = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// What one task holds, and what the next one waits for.
pub(super) fn turn() -> (Begins, Turn) {
    let shared = Shared::default();
    (Begins(shared.clone()), Turn(shared))
}

/// Runs `future`, which is first polled after that of the task `before`.
pub(super) async fn in_turn<F: Future>(
    before: Option<Turn>,
    begins: Begins,
    future: F,
) -> F::Output {
    if let Some(before) = before {
        before.await;
    }
    let mut begins = Some(begins);
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        begins = None;
        polled
    })
    .await
}
