//! Two clocks. The monotonic one stands still while a machine sleeps, the wall clock is set
//! forward and back: what expires has expired as soon as either says so.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Reads both clocks.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    /// `None`: the machine's.
    wall: Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>,
}

/// What both clocks said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

/// A moment to come; a part that lies beyond a clock's range never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    instant: Option<Instant>,
    wall: Option<SystemTime>,
}

impl Clock {
    pub(crate) fn with_wall(wall: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            wall: Some(Arc::new(wall)),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Now {
        Now {
            instant: Instant::now(),
            wall: match &self.wall {
                None => wall_clock(),
                Some(wall) => wall(),
            },
        }
    }
}

/// The one place that reads the wall clock.
#[inline]
#[allow(clippy::disallowed_methods)] // A token lives by the calendar, whatever the machine does.
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

impl Now {
    /// The same clocks, `delay` later.
    pub(crate) fn plus(&self, delay: Duration) -> Option<Self> {
        Some(Self {
            instant: self.instant.checked_add(delay)?,
            wall: self.wall.checked_add(delay)?,
        })
    }

    pub(crate) fn after(&self, delay: Duration) -> Moment {
        Moment {
            instant: self.instant.checked_add(delay),
            wall: self.wall.checked_add(delay),
        }
    }
}

impl Moment {
    #[inline]
    pub(crate) fn has_come(&self, now: Now) -> bool {
        self.instant.is_some_and(|instant| instant <= now.instant)
            || self.wall.is_some_and(|wall| wall <= now.wall)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_come_as_soon_as_either_clock_says_so() {
        let hour = Duration::from_secs(3600);
        let now = Clock::default().now();
        let moment = now.after(hour);
        let at = |instant, wall| Now { instant, wall };
        assert!(!moment.has_come(now));
        assert!(
            !moment.has_come(at(now.instant, now.wall - hour)),
            "set back"
        );
        assert!(moment.has_come(at(now.instant, now.wall + hour)), "slept");
        assert!(moment.has_come(at(now.instant + hour, now.wall - hour)));
    }

    #[test]
    fn a_moment_beyond_the_clocks_never_comes() {
        let now = Clock::default().now();
        assert!(!now.after(Duration::MAX).has_come(now));
    }
}
