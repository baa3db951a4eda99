//! How long a drain may wait.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::interrupt::Interrupt;
use crate::outcome::{Failure, Outcome};

/// Knows the deadlines of the whole and of the page at hand, and hears Ctrl-C.
///
/// It stops what is waited for and not the drain itself, which then writes down where it is.
pub(crate) struct Clock {
    start: Instant,
    limit: Option<Duration>,
    page: u64,
    page_start: Instant,
    page_limit: Duration,
    interrupt: Interrupt,
}

impl Clock {
    pub(crate) fn start(
        page_limit: Duration,
        limit: Option<Duration>,
        interrupt: Interrupt,
    ) -> Self {
        let start = Instant::now();
        Self {
            start,
            limit,
            page: 0,
            page_start: start,
            page_limit,
            interrupt,
        }
    }

    /// So many pages have arrived.
    pub(crate) fn turn(&mut self, pages: u64) {
        if pages != self.page {
            self.page = pages;
            self.page_start = Instant::now();
        }
    }

    /// What `work` comes to, unless the drain has to stop before.
    pub(crate) async fn wait<F: Future>(&mut self, work: F) -> Result<F::Output, Failure> {
        tokio::select! {
            biased;
            () = self.interrupt.heard() => {
                Err(Failure::new(Outcome::Interrupted, "interrupted"))
            }
            limit = elapsed(self.start, self.limit) => Err(Failure::new(
                Outcome::Transport,
                format!("the drain took longer than its deadline of {limit:?}"),
            )),
            done = work => Ok(done),
        }
    }

    /// The same, for a part of the page at hand.
    pub(crate) async fn wait_for_page<F: Future>(&mut self, work: F) -> Result<F::Output, Failure> {
        let page = self.page + 1;
        let elapsed = elapsed(self.page_start, Some(self.page_limit));
        self.wait(async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                limit = elapsed => Err(Failure::new(
                    Outcome::Transport,
                    format!("page {page}: it took longer than its deadline of {limit:?}"),
                )),
            }
        })
        .await?
    }
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
