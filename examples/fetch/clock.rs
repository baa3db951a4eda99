//! How long a drain may wait.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use outbound::paginate::ProgressHandle;
use tokio::time::{Instant, sleep_until};

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;

/// Knows the deadlines of the whole and of the page at hand, and hears Ctrl-C.
///
/// It stops what is waited for and not the drain itself, which then writes down where it is.
pub(crate) struct Clock {
    start: Instant,
    limit: Option<Duration>,
    from: u64,
    progress: Option<ProgressHandle>,
    /// The pages that had arrived when `page_start` was.
    begun: u64,
    page_start: Instant,
    page_limit: Duration,
    interrupt: Interrupt,
}

impl Clock {
    /// The first page is this one, counted from 0.
    pub(crate) fn start(
        from: u64,
        page_limit: Duration,
        limit: Option<Duration>,
        interrupt: Interrupt,
    ) -> Self {
        let start = Instant::now();
        Self {
            start,
            limit,
            from,
            progress: None,
            begun: 0,
            page_start: start,
            page_limit,
            interrupt,
        }
    }

    /// The pages at hand are those of the stream that `progress` tells of.
    pub(crate) fn follow(&mut self, progress: ProgressHandle) {
        self.progress = Some(progress);
    }

    /// The page at hand, counted from 0 where the list begins.
    pub(crate) fn page(&self) -> u64 {
        self.from.saturating_add(self.arrived())
    }

    /// What `work` comes to, unless the drain has to stop before.
    pub(crate) async fn wait<F: Future>(&mut self, work: F) -> Result<F::Output, Failure> {
        let failure = tokio::select! {
            biased;
            () = self.interrupt.heard() => Failure::interrupted(),
            limit = elapsed(self.start, self.limit) => {
                let what = format!("the drain took longer than its deadline of {limit:?}");
                Failure::new(Outcome::Transport, what).hint("allow more with --deadline")
            }
            done = work => return Ok(done),
        };
        Err(failure.on(self.page()))
    }

    /// The same, for a part of the page at hand; each page that begins meanwhile has its own time.
    pub(crate) async fn wait_for_page<F: Future>(&mut self, work: F) -> Result<F::Output, Failure> {
        let mut work = pin!(work);
        loop {
            let arrived = self.arrived();
            if arrived != self.begun {
                self.begun = arrived;
                self.page_start = Instant::now();
            }
            let progress = self.progress.clone();
            let elapsed = elapsed(self.page_start, Some(self.page_limit));
            let turned = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending if pages(progress.as_ref()) != arrived => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            let waited = self.wait(async {
                tokio::select! {
                    biased;
                    done = turned => Ok(done),
                    limit = elapsed => Err(limit),
                }
            });
            match waited.await? {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {}
                Err(limit) => {
                    let what = format!("it took longer than its deadline of {limit:?}");
                    return Err(Failure::new(Outcome::Transport, what)
                        .on(self.page())
                        .hint("allow more with --page-deadline"));
                }
            }
        }
    }

    /// The page at hand may take this much longer, for nobody took what came of it meanwhile.
    pub(crate) fn excuse(&mut self, time: Duration) {
        self.page_start += time;
    }

    fn arrived(&self) -> u64 {
        pages(self.progress.as_ref())
    }
}

fn pages(progress: Option<&ProgressHandle>) -> u64 {
    progress.map_or(0, |progress| progress.get().pages)
}

/// Comes once `limit` has passed, if there is one.
async fn elapsed(start: Instant, limit: Option<Duration>) -> Duration {
    match limit.and_then(|limit| Some((limit, start.checked_add(limit)?))) {
        Some((limit, end)) => {
            sleep_until(end).await;
            limit
        }
        None => pending().await,
    }
}
