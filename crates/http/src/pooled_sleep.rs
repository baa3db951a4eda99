use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Sleep;

/// A timer of tokio's in memory that the thread's next timers use again.
///
/// It is a pointer: cheap to move with the future of a call that needs it late or never, and free of
/// allocations once there was a first timer. Dropping it ends the timer. By default it is none,
/// which is ready at once.
///
/// # Panics
///
/// When polled, where [`Sleep`] does: outside a runtime with a clock.
#[derive(Default)]
pub struct PooledSleep(Option<Memory>);

type Memory = Pin<Box<Option<Sleep>>>;

/// How much memory of no timer there is for the next ones: of so many a thread.
const POOL: usize = 64;

thread_local! {
    static FREE: RefCell<Vec<Memory>> = const { RefCell::new(Vec::new()) };
}

impl PooledSleep {
    /// Puts a timer into pooled memory.
    #[must_use]
    pub fn new(sleep: Sleep) -> Self {
        let pooled = FREE.try_with(|free| free.borrow_mut().pop());
        let mut memory = pooled.ok().flatten().unwrap_or_else(|| Box::pin(None));
        memory.set(Some(sleep));
        Self(Some(memory))
    }

    /// Whether there is a timer, be it over or not.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl Future for PooledSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let memory = self.0.as_mut().map(Pin::as_mut);
        match memory.and_then(Option::as_pin_mut) {
            Some(sleep) => sleep.poll(cx),
            None => Poll::Ready(()),
        }
    }
}

/// Gives the memory back. A timer is never kept for another call, whose runtime may be another.
impl Drop for PooledSleep {
    #[inline]
    fn drop(&mut self) {
        if let Some(memory) = self.0.take() {
            Self::give_back(memory);
        }
    }
}

impl PooledSleep {
    fn give_back(mut memory: Memory) {
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

impl fmt::Debug for PooledSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledSleep").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn memory_is_used_again_and_its_timer_is_not() {
        let start = Instant::now();
        for millis in [5, 3] {
            PooledSleep::new(sleep(millis * MILLISECOND)).await;
        }
        assert_eq!(start.elapsed(), 8 * MILLISECOND);
        FREE.with_borrow(|free| assert!(free.len() == 1 && free[0].is_none()));
        let _two = [(); 2].map(|()| PooledSleep::new(sleep(MILLISECOND)));
        FREE.with_borrow(|free| assert!(free.is_empty()));
    }

    #[tokio::test(start_paused = true)]
    async fn none_is_ready_at_once() {
        let start = Instant::now();
        assert!(!PooledSleep::default().is_set());
        PooledSleep::default().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(PooledSleep::new(sleep(MILLISECOND)).is_set());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_pooled_is_bounded() {
        let many: Vec<_> = (0..2 * POOL)
            .map(|_| PooledSleep::new(sleep(MILLISECOND)))
            .collect();
        drop(many);
        FREE.with_borrow(|free| assert_eq!(free.len(), POOL));
    }

    #[test]
    fn a_timer_of_a_runtime_that_has_ended_does_not_haunt_the_next() {
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(async { PooledSleep::new(sleep(MILLISECOND)).await });
        }
    }
}
