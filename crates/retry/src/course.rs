use std::time::Duration;

use fastrand::Rng;
use http::{Extensions, Uri};
use outbound_http::{DeadlineAt, ResendCount};
use tokio::time::Instant;

use crate::backoff::up_to;
use crate::budget::Token;
use crate::config::Config;
use crate::shared::Shared;
use crate::{MakeBackoff, Override};

/// tokio's timers end at whole milliseconds, the next after what was asked for.
const TIMER_STEP: Duration = Duration::from_millis(1);

/// How far a call has come, and what it may still do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    /// The number of the attempt in flight; the first is 1.
    pub(crate) attempt: u32,
    retries: u32,
    /// Later than any clock can count is no deadline.
    pub(crate) deadline: Option<Instant>,
    /// Sends of the request beyond its first, by all layers.
    pub(crate) resends: ResendCount,
    /// Whether the attempt in flight took too long, and none could follow it.
    pub(crate) has_timed_out: bool,
    /// Whether the call has its result.
    pub(crate) is_over: bool,
}

/// A retry that has been decided on.
pub(crate) struct Plan {
    pub(crate) delay: Duration,
    /// Whether the server asked for the delay.
    pub(crate) asked: bool,
    /// Paid by the budget, if there is one.
    pub(crate) token: Option<Token>,
}

impl Course {
    /// Of a call that is made `now`, which is asked only where there is a deadline.
    #[inline(always)]
    pub(crate) fn new(
        config: &Config,
        extensions: &Extensions,
        now: impl FnOnce() -> Instant,
    ) -> Self {
        // Most requests have none, and none is the same as one with nothing in it.
        if extensions.is_empty() {
            return Self {
                attempt: 1,
                retries: config.retries,
                deadline: config.deadline.and_then(|limit| now().checked_add(limit)),
                ..Self::default()
            };
        }
        Self::as_told(config, extensions, now)
    }

    fn as_told(config: &Config, extensions: &Extensions, now: impl FnOnce() -> Instant) -> Self {
        let settings: Option<&Override> = extensions.get();
        let limit = config.deadline_of(settings.and_then(|settings| settings.deadline));
        let own = limit.and_then(|limit| now().checked_add(limit));
        Self {
            attempt: 1,
            retries: Override::retries_of(settings, config.retries),
            deadline: match extensions.get() {
                Some(&DeadlineAt(at)) => Some(own.map_or(at, |own| own.min(at))),
                None => own,
            },
            resends: ResendCount::of(extensions),
            ..Self::default()
        }
    }

    pub(crate) const fn is_last(&self) -> bool {
        self.attempt > self.retries
    }

    /// The attempt that follows is in flight.
    pub(crate) const fn advance(&mut self) {
        self.attempt += 1;
        self.has_timed_out = false;
        self.resends = self.resends.next();
    }

    /// Whether an attempt that starts `now` would come too late.
    pub(crate) fn is_late(&self, now: impl FnOnce() -> Instant) -> bool {
        self.deadline.is_some_and(|deadline| now() >= deadline)
    }

    /// Whether, and after which pause, another attempt follows one that failed. The back-off is
    /// made at the first retry.
    pub(crate) fn plan<R, C, K: MakeBackoff>(
        &self,
        shared: &Shared<R, C, K>,
        backoff: &mut Option<K::Backoff>,
        uri: &Uri,
        hint: Option<Duration>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Plan> {
        let config = &shared.config;
        if self.is_last() || hint.is_some_and(|hint| hint > config.hint_ceiling) {
            return None;
        }
        let backoff =
            backoff.get_or_insert_with(|| shared.backoff.make_backoff(shared.seeds.next()));
        let pause = backoff.next()?;
        let left = self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(now())
        });
        let delay = match hint {
            // Later than asked for, never earlier, so that a fleet does not come back at once; but
            // the ceiling is one, and no chance makes it too late: half of the time that is left
            // beyond the hint is the attempt's.
            Some(hint) => {
                let spare = left.checked_sub(hint)? / 2;
                let most = (hint / 10).min(config.hint_ceiling - hint).min(spare);
                let jitter = up_to(&mut Rng::with_seed(shared.seeds.next()), most);
                (hint + jitter).max(pause.min(hint.saturating_add(spare)))
            }
            None => pause,
        };
        // No pause registers no timer, which would end later than asked for.
        let step = if delay.is_zero() {
            Duration::ZERO
        } else {
            TIMER_STEP
        };
        if delay.saturating_add(step) > left || left.is_zero() {
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
