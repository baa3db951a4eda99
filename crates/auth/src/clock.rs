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

/// What both clocks say at a moment, now or to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

/// A century. What is to come later than that might be beyond a clock's range.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Clock {
    pub(crate) fn with_wall(wall: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            wall: Some(Arc::new(wall)),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment {
            instant: Instant::now(),
            wall: self.wall(),
        }
    }

    /// As [`Moment::has_come`] by now. What each request asks: nothing is kept of what the clocks
    /// say.
    #[inline]
    pub(crate) fn is_past(&self, moment: &Moment) -> bool {
        moment.instant <= Instant::now() || moment.wall <= self.wall()
    }

    #[inline]
    fn wall(&self) -> SystemTime {
        match &self.wall {
            None => wall_clock(),
            Some(wall) => wall(),
        }
    }
}

/// The one place that reads the wall clock.
#[inline]
#[allow(clippy::disallowed_methods)] // A token lives by the calendar, whatever the machine does.
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

impl Moment {
    /// `delay` later, and a century at most: whatever is to come then never comes.
    pub(crate) fn after(&self, delay: Duration) -> Self {
        let delay = delay.min(NEVER);
        Self {
            instant: self.instant + delay,
            wall: self.wall.checked_add(delay).unwrap_or(self.wall),
        }
    }

    #[inline]
    pub(crate) fn has_come(&self, now: Self) -> bool {
        self.instant <= now.instant || self.wall <= now.wall
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
        let at = |instant, wall| Moment { instant, wall };
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
        let decades = now.after(Duration::from_secs(99 * 365 * 24 * 3600));
        assert!(!now.after(Duration::MAX).has_come(decades));
        assert!(decades.has_come(decades));
    }
}
