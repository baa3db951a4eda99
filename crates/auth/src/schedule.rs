//! When a token is renewed and when it is used no more, from its lifetime alone.

use std::time::Duration;

use fastrand::Rng;

use crate::limits;

/// The settings that a token's times follow from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) margin: Duration,
    pub(crate) ahead: Duration,
}

/// Counted from the token's birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// From here on the next one is fetched, while this one is still used.
    pub(crate) stale: Duration,
    /// From here on it is not used.
    pub(crate) dead: Duration,
}

impl Schedule {
    /// `took`: how long the last fetch took. A token whose successor takes a fifth of its life
    /// to fetch is to be renewed in time too.
    pub(crate) fn of(self, lifetime: Duration, took: Duration, rng: &mut Rng) -> Times {
        let dead = lifetime - self.margin.min(lifetime / 10);
        if self.ahead.is_zero() {
            return Times { stale: dead, dead };
        }
        let ahead = self.ahead.min(lifetime / 5).max(took.saturating_mul(2));
        let jitter = (lifetime / 10).min(limits::MAX_JITTER).mul_f64(rng.f64());
        // Never in the first half of its life, or a slow source is never left in peace.
        let stale = dead
            .saturating_sub(ahead.saturating_add(jitter))
            .max(lifetime / 2);
        Times { stale, dead }
    }
}

/// How long after the `failures`th failure in a row no fetch is made: 1 s, 2 s, 4 s … up to
/// [`MAX_BACKOFF`](limits::MAX_BACKOFF), each shortened by up to a half at random.
pub(crate) fn backoff(failures: u32, rng: &mut Rng) -> Duration {
    let doubled = limits::MIN_BACKOFF.saturating_mul(1 << failures.clamp(1, 16).saturating_sub(1));
    let longest = doubled.min(limits::MAX_BACKOFF);
    longest.mul_f64(1.0 - rng.f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const DEFAULT: Schedule = Schedule {
        margin: limits::DEFAULT_MARGIN,
        ahead: limits::DEFAULT_REFRESH_AHEAD,
    };

    fn all(
        schedule: Schedule,
        lifetime: Duration,
        took: Duration,
    ) -> (Duration, Duration, Duration) {
        let mut rng = Rng::with_seed(1);
        let times: Vec<_> = (0..1000)
            .map(|_| schedule.of(lifetime, took, &mut rng))
            .collect();
        let dead = times[0].dead;
        assert!(
            times
                .iter()
                .all(|times| times.dead == dead && times.stale <= dead)
        );
        let stale = times.iter().map(|times| times.stale);
        (stale.clone().min().unwrap(), stale.max().unwrap(), dead)
    }

    #[test]
    fn an_hour_is_renewed_five_to_six_minutes_before_its_last_ten_seconds() {
        let (first, last, dead) = all(DEFAULT, 3600 * SECOND, SECOND / 10);
        assert_eq!(dead, 3590 * SECOND);
        assert!(first >= 3230 * SECOND && first < 3235 * SECOND, "{first:?}");
        assert!(last <= 3290 * SECOND && last > 3285 * SECOND, "{last:?}");
    }

    #[test]
    fn a_short_life_is_used_for_nine_tenths_and_renewed_in_its_second_half() {
        for lifetime in [5 * SECOND, SECOND, Duration::from_nanos(7)] {
            let (first, last, dead) = all(DEFAULT, lifetime, Duration::ZERO);
            assert_eq!(dead, lifetime - lifetime / 10);
            assert!(
                first >= lifetime / 2 && last <= dead - lifetime / 5,
                "{lifetime:?}"
            );
        }
    }

    #[test]
    fn a_slow_source_is_asked_earlier_and_never_in_the_first_half() {
        let (first, last, _) = all(DEFAULT, 10 * SECOND, 15 * SECOND / 10);
        assert!(
            first >= 5 * SECOND && last <= 6 * SECOND,
            "{first:?} {last:?}"
        );
        let (first, last, _) = all(DEFAULT, 10 * SECOND, 30 * SECOND);
        assert_eq!((first, last), (5 * SECOND, 5 * SECOND));
        let (first, last, _) = all(DEFAULT, Duration::MAX, Duration::MAX);
        assert_eq!((first, last), (Duration::MAX / 2, Duration::MAX / 2));
    }

    #[test]
    fn without_a_lead_nothing_is_renewed_early() {
        let schedule = Schedule {
            ahead: Duration::ZERO,
            ..DEFAULT
        };
        let (first, _, dead) = all(schedule, 100 * SECOND, 20 * SECOND);
        assert_eq!((first, dead), (90 * SECOND, 90 * SECOND));
    }

    #[test]
    fn back_off_doubles_up_to_its_limit_and_never_shrinks_below_half() {
        let mut rng = Rng::with_seed(1);
        for (failures, longest) in [
            (1, 1),
            (2, 2),
            (3, 4),
            (6, 32),
            (7, 60),
            (8, 60),
            (u32::MAX, 60),
        ] {
            for _ in 0..100 {
                let pause = backoff(failures, &mut rng);
                assert!(pause <= longest * SECOND && pause >= longest * SECOND / 2);
            }
        }
    }
}
