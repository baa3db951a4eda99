use std::time::Duration;

use fastrand::Rng;
use http::Uri;
use tokio::time::Instant;

use crate::backoff::up_to;
use crate::budget::Token;
use crate::service::Shared;
use crate::{MakeBackoff, Override};

/// How far a call has come, and what it may still do.
pub(crate) struct Course<I> {
    /// The number of the attempt in flight; the first is 1.
    pub(crate) attempt: u32,
    retries: u32,
    deadline: Option<Deadline>,
    /// Made at the first retry.
    backoff: Option<I>,
}

#[derive(Clone, Copy)]
struct Deadline {
    started: Instant,
    limit: Duration,
}

/// A retry that has been decided on.
pub(crate) struct Plan {
    pub(crate) delay: Duration,
    /// Whether the server asked for the delay.
    pub(crate) asked: bool,
    /// Paid by the budget, if there is one.
    pub(crate) token: Option<Token>,
}

impl<I: Iterator<Item = Duration>> Course<I> {
    #[inline(always)]
    pub(crate) fn new<R, C, K>(shared: &Shared<R, C, K>, settings: Option<&Override>) -> Self {
        let config = &shared.config;
        let limit = settings
            .and_then(|settings| settings.deadline)
            .or(config.deadline);
        Self {
            attempt: 1,
            retries: Override::retries_of(settings, config.retries),
            deadline: limit.map(|limit| Deadline {
                started: Instant::now(),
                limit,
            }),
            backoff: None,
        }
    }

    pub(crate) const fn is_last(&self) -> bool {
        self.attempt > self.retries
    }

    /// Whether, and after which pause, another attempt follows one that failed.
    pub(crate) fn plan<R, C, K>(
        &mut self,
        shared: &Shared<R, C, K>,
        uri: &Uri,
        hint: Option<Duration>,
    ) -> Option<Plan>
    where
        K: MakeBackoff<Backoff = I>,
    {
        let config = &shared.config;
        if self.is_last() || hint.is_some_and(|hint| hint > config.hint_ceiling) {
            return None;
        }
        let backoff = self
            .backoff
            .get_or_insert_with(|| shared.backoff.make_backoff(shared.seeds.next()));
        let pause = backoff.next()?;
        let delay = match hint {
            // Later than asked for, never earlier, so that a fleet does not come back at once; but
            // the ceiling is one.
            Some(hint) => {
                let jitter = up_to(&mut Rng::with_seed(shared.seeds.next()), hint / 10);
                let late = hint.saturating_add(jitter).min(config.hint_ceiling);
                late.max(pause)
            }
            None => pause,
        };
        if self
            .deadline
            .is_some_and(|deadline| delay >= deadline.left())
        {
            return None;
        }
        // Last, since it is the only step that would have to be taken back.
        let token = match &config.budget {
            Some(budget) => Some(budget.withdraw(uri)?),
            None => None,
        };
        Some(Plan {
            delay,
            asked: hint.is_some_and(|hint| hint >= pause),
            token,
        })
    }
}

impl Deadline {
    fn left(self) -> Duration {
        self.limit.saturating_sub(self.started.elapsed())
    }
}
