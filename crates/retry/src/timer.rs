use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// The timer of a call: of an attempt that has a soft timeout, then of a pause.
///
/// Most calls need none, and its size would be moved with each: it is a pointer into memory that
/// the thread's next timers use again.
#[derive(Default)]
pub(crate) enum Timer {
    /// An attempt's is set once it really waits.
    #[default]
    Unset,
    Set(Memory),
    /// It has rung, and has no further effect on this attempt.
    Off,
}

pub(crate) struct Memory(Option<Pin<Box<Option<Sleep>>>>);

/// How much memory of no timer there is for the next ones: of so many a thread.
const POOL: usize = 64;

thread_local! {
    static FREE: RefCell<Vec<Pin<Box<Option<Sleep>>>>> = const { RefCell::new(Vec::new()) };
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
        let Self::Set(memory) = self else {
            return Poll::Pending;
        };
        ready!(memory.poll(cx));
        *self = Self::Off;
        Poll::Ready(())
    }

    pub(crate) fn start(&mut self, delay: Duration) {
        *self = Self::Set(Memory::of(sleep(delay)));
    }

    /// Ready after the delay that it was started with.
    pub(crate) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Set(memory) => memory.poll(cx),
            Self::Unset | Self::Off => Poll::Ready(()),
        }
    }
}

impl Memory {
    fn of(sleep: Sleep) -> Self {
        let pooled = FREE.try_with(|free| free.borrow_mut().pop());
        let mut memory = pooled.ok().flatten().unwrap_or_else(|| Box::pin(None));
        memory.set(Some(sleep));
        Self(Some(memory))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .0
            .as_mut()
            .and_then(|memory| memory.as_mut().as_pin_mut());
        sleep.map_or(Poll::Ready(()), |sleep| sleep.poll(cx))
    }
}

/// Gives the memory back. A timer is never kept for another call, whose runtime may be another.
impl Drop for Memory {
    fn drop(&mut self) {
        let Some(mut memory) = self.0.take() else {
            return;
        };
        memory.set(None);
        // At the thread's end there is no pool any more.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < POOL {
                free.push(memory);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn memory_is_used_again_and_its_timer_is_not() {
        let mut timer = Timer::default();
        let start = tokio::time::Instant::now();
        for millis in [5, 3] {
            timer.start(Duration::from_millis(millis));
            std::future::poll_fn(|cx| timer.poll_pause(cx)).await;
        }
        assert_eq!(start.elapsed(), Duration::from_millis(8));
        // The second was made before the first was given back.
        timer.start(Duration::from_millis(1));
        FREE.with_borrow(|free| assert!(free.len() == 1 && free[0].is_none()));
    }

    #[test]
    fn a_timer_of_a_runtime_that_has_ended_does_not_haunt_the_next() {
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut timer = Timer::default();
                timer.start(Duration::from_millis(1));
                std::future::poll_fn(|cx| timer.poll_pause(cx)).await;
            });
        }
    }
}
