use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::{Budget, Event};

pub(crate) const DEFAULT_RETRIES: u32 = 3;
pub(crate) const DEFAULT_HINT_CEILING: Duration = Duration::from_secs(60);
pub(crate) const DEFAULT_DRAIN: usize = 64 * 1024;

/// Settings that do not change the service's type.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) retries: u32,
    pub(crate) hint_ceiling: Duration,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    /// No deadline is later, a request's own neither.
    pub(crate) latest: Option<Duration>,
    pub(crate) budget: Option<Budget>,
    pub(crate) drain: usize,
    pub(crate) attempt_header: Option<HeaderName>,
    pub(crate) on_retry: Option<OnRetry>,
}

/// Called on retries alone, so that its cost is none of a first success.
pub(crate) type OnRetry = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

impl Config {
    pub(crate) fn new() -> Self {
        Self {
            retries: DEFAULT_RETRIES,
            hint_ceiling: DEFAULT_HINT_CEILING,
            attempt_timeout: None,
            deadline: None,
            latest: None,
            budget: Some(Budget::default()),
            drain: DEFAULT_DRAIN,
            attempt_header: None,
            on_retry: None,
        }
    }

    /// The deadline of a request that asks for `own`.
    pub(crate) fn deadline_of(&self, own: Option<Duration>) -> Option<Duration> {
        let limits = [own.or(self.deadline), self.latest];
        limits.into_iter().flatten().min()
    }

    /// Puts the number of a retry into its request's headers, where that is wanted.
    pub(crate) fn number(&self, headers: &mut HeaderMap, retry: u32) {
        if let Some(name) = &self.attempt_header {
            headers.insert(name.clone(), retry.into());
        }
    }

    /// Tells of a retry that has been decided on.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        event.trace();
        if let Some(on_retry) = &self.on_retry {
            on_retry(event);
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("retries", &self.retries)
            .field("hint_ceiling", &self.hint_ceiling)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("budget", &self.budget)
            .field("drain", &self.drain)
            .field("attempt_header", &self.attempt_header)
            .finish_non_exhaustive()
    }
}
