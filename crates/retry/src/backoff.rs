use std::num::NonZeroU64;
use std::time::Duration;

use fastrand::Rng;

/// Starts the pauses of one request.
///
/// Any `Fn(u64) -> impl Iterator<Item = Duration>` is one: `|_seed| [pause; 2].into_iter()`
/// retries twice at most. A pause of zero is no pause: it registers no timer.
pub trait MakeBackoff {
    /// The pauses of one request, in their order; after the last there is no further retry.
    type Backoff: Iterator<Item = Duration>;

    /// Starts anew, with a seed that no other request of the same service gets.
    fn make_backoff(&self, seed: u64) -> Self::Backoff;
}

impl<F, I> MakeBackoff for F
where
    F: Fn(u64) -> I,
    I: Iterator<Item = Duration>,
{
    type Backoff = I;

    fn make_backoff(&self, seed: u64) -> I {
        self(seed)
    }
}

/// Pauses drawn uniformly from `[0, min(cap, base · 2ⁿ)]`: exponential back-off with full
/// jitter.
///
/// The jitter is drawn after the cap, so that it neither exceeds the cap nor dies at it. Any
/// two `Duration`s are valid; a base above the cap means the cap. See «Exponential Backoff And
/// Jitter» in the AWS Architecture Blog for why the lower bound is zero.
///
/// ```
/// use std::time::Duration;
/// use outbound_retry::{Exponential, MakeBackoff};
///
/// let pauses = Exponential::default().make_backoff(7);
/// assert!(pauses.take(99).all(|pause| pause <= Exponential::DEFAULT_CAP));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponential {
    base: Duration,
    cap: Duration,
}

impl Exponential {
    /// Bound of the first pause by default: 100 ms.
    pub const DEFAULT_BASE: Duration = Duration::from_millis(100);

    /// Longest bound by default: 5 s.
    pub const DEFAULT_CAP: Duration = Duration::from_secs(5);

    /// The first pause is at most `base`; the bound doubles with each retry up to `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap }
    }
}

/// [`DEFAULT_BASE`](Exponential::DEFAULT_BASE) and [`DEFAULT_CAP`](Exponential::DEFAULT_CAP).
impl Default for Exponential {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BASE, Self::DEFAULT_CAP)
    }
}

impl MakeBackoff for Exponential {
    type Backoff = FullJitter;

    fn make_backoff(&self, seed: u64) -> FullJitter {
        FullJitter {
            bound: nanos(self.base.min(self.cap)),
            cap: NonZeroU64::MIN.saturating_add(nanos(self.cap)),
            random: Rng::with_seed(seed),
        }
    }
}

/// The pauses that [`Exponential`] makes; they never end.
#[derive(Clone, Debug)]
pub struct FullJitter {
    /// Of the next pause, in nanoseconds as the cap is: so it is small, and 584 years are enough.
    bound: u64,
    /// And one: what is never zero takes no room to be told from nothing.
    cap: NonZeroU64,
    random: Rng,
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.random.u64(0..=self.bound);
        self.bound = self.bound.saturating_mul(2).min(self.cap.get() - 1);
        Some(Duration::from_nanos(pause))
    }
}

/// Uniform on `[0, bound]`, to the nanosecond.
pub(crate) fn up_to(random: &mut Rng, bound: Duration) -> Duration {
    Duration::from_nanos(random.u64(0..=nanos(bound)))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Exponential =
        Exponential::new(Duration::from_millis(100), Duration::from_secs(2));

    /// What each pause is at most, in milliseconds.
    fn bounds() -> impl Iterator<Item = u64> {
        let mut pauses = SCHEDULE.make_backoff(0);
        std::iter::from_fn(move || {
            let bound = pauses.bound / 1_000_000;
            pauses.next().map(|_| bound)
        })
    }

    #[test]
    fn bounds_double_then_stay() {
        let first: Vec<_> = bounds().take(7).collect();
        assert_eq!(first, [100, 200, 400, 800, 1600, 2000, 2000]);
        for retry in [31, 32, 64, 1000] {
            assert_eq!(bounds().nth(retry), Some(2000));
        }
    }

    #[test]
    fn draws_are_uniform_on_the_whole_range() {
        for (retry, bound) in bounds().take(6).enumerate() {
            let bound = Duration::from_millis(bound);
            let draws: Vec<_> = (0..10_000)
                .map(|seed| SCHEDULE.make_backoff(seed).nth(retry).unwrap())
                .collect();
            assert!(draws.iter().all(|pause| *pause <= bound));
            for tenth in 0..10_u32 {
                let (from, to) = (bound * tenth / 10, bound * (tenth + 1) / 10);
                let count = draws
                    .iter()
                    .filter(|pause| **pause >= from && **pause < to)
                    .count();
                // 1 000 ± 30 are expected; seven deviations do not happen by chance.
                assert!(
                    (790..1_210).contains(&count),
                    "retry {retry}, tenth {tenth}: {count}"
                );
            }
        }
    }

    #[test]
    fn pauses_still_spread_at_the_cap() {
        let late: Vec<_> = SCHEDULE.make_backoff(1).skip(8).take(32).collect();
        assert!(late.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn extreme_configuration_neither_overflows_nor_exceeds_the_cap() {
        let (zero, max) = (Duration::ZERO, Duration::MAX);
        for (base, cap) in [
            (max, max),
            (zero, max),
            (max, zero),
            (Duration::from_secs(9), Duration::from_secs(1)),
            (Duration::from_nanos(1), max),
        ] {
            let schedule = Exponential::new(base, cap);
            assert!(schedule.make_backoff(7).take(200).all(|pause| pause <= cap));
        }
        assert!(
            Exponential::new(zero, max)
                .make_backoff(7)
                .take(200)
                .all(|pause| pause.is_zero())
        );
    }
}
