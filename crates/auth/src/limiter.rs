//! Whether a 401 is a matter of the token: by the evidence of what the last renewal was good for.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// A resource that always answers 401 must not make its client fetch a token for each request,
/// nor must it keep a token from being renewed that really was revoked.
///
/// After each renewal that a 401 led to, no other is made for a while, unless the renewed token
/// is then accepted where its predecessor was refused. Each renewal that was of no use doubles
/// that while.
///
/// Meanwhile other requests may go well. If they do, and then refusals come in a row, the token
/// has been revoked after all, and is renewed.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    renewed: Option<Instant>,
    useless: u32,
    /// The token that is known to have been of no use.
    judged: u64,
    /// Whether a token was accepted somewhere, after the last renewal.
    worked: bool,
    /// Refusals in a row.
    refusals: u32,
}

impl Limiter {
    /// Whether a refusal now may lead to a renewal; if so, it does.
    pub(crate) fn allow(&mut self, now: Instant) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        let since = self.renewed.map(|renewed| now.duration_since(renewed));
        let revoked = self.worked && self.refusals >= limits::REFUSALS_IN_A_ROW;
        let pause = if revoked {
            limits::MIN_REJECTION_PAUSE
        } else {
            self.pause()
        };
        if since.is_some_and(|since| since < pause) {
            return false;
        }
        self.renewed = Some(now);
        self.worked = false;
        self.refusals = 0;
        true
    }

    /// The renewal that was last allowed came to nothing: it is no evidence, and back-off sees to
    /// it that there are not too many.
    pub(crate) fn failed(&mut self) {
        self.renewed = None;
    }

    /// The token of `generation` was refused where its predecessor had been, or is its
    /// predecessor.
    pub(crate) fn useless(&mut self, generation: u64) {
        if self.judged != generation {
            self.judged = generation;
            self.useless = self.useless.saturating_add(1);
        }
    }

    /// A token was accepted where the refusal of its predecessor had led to it.
    pub(crate) fn useful(&mut self) {
        *self = Self {
            judged: self.judged,
            ..Self::default()
        };
    }

    /// A token was accepted.
    pub(crate) fn accepted(&mut self) {
        self.worked = true;
        self.refusals = 0;
    }

    fn pause(&self) -> Duration {
        let doublings = self.useless.saturating_sub(1).min(16);
        limits::MIN_REJECTION_PAUSE
            .saturating_mul(1 << doublings)
            .min(limits::MAX_REJECTION_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn useless_renewals_become_rarer_up_to_five_minutes() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        let mut renewals = Vec::new();
        for second in 0..2000 {
            if limiter.allow(start + second * SECOND) {
                renewals.push(second);
                limiter.useless(renewals.len() as u64);
            }
        }
        assert_eq!(
            renewals,
            [0, 10, 30, 70, 150, 310, 610, 910, 1210, 1510, 1810]
        );
    }

    #[test]
    fn a_useful_renewal_opens_it_at_once() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        assert!(limiter.allow(start));
        assert!(!limiter.allow(start), "nothing is known of the first yet");
        limiter.useful();
        assert!(limiter.allow(start));
    }

    #[test]
    fn a_renewal_that_failed_is_no_evidence_and_takes_none_away() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        for generation in 1..=2 {
            limiter.useless(generation);
        }
        assert!(limiter.allow(start));
        limiter.failed();
        assert!(limiter.allow(start + SECOND), "as if it had not been");
        assert!(!limiter.allow(start + 20 * SECOND));
        assert!(limiter.allow(start + 21 * SECOND), "two were useless");
    }

    #[test]
    fn one_token_is_judged_once() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        assert!(limiter.allow(start));
        for _ in 0..100 {
            limiter.useless(1);
        }
        assert!(limiter.allow(start + 10 * SECOND));
    }

    #[test]
    fn refusals_in_a_row_after_successes_are_a_revocation() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        for generation in 1..=10 {
            assert!(limiter.allow(start + (u32::try_from(generation).unwrap() * 400) * SECOND));
            limiter.useless(generation);
        }
        let later = start + 4000 * SECOND + 20 * SECOND;
        for _ in 0..100 {
            assert!(!limiter.allow(later), "it never worked");
        }
        for _ in 0..100 {
            limiter.accepted();
            assert!(
                !limiter.allow(later),
                "one resource refuses, the others do not"
            );
        }
        limiter.accepted();
        for _ in 1..limits::REFUSALS_IN_A_ROW {
            assert!(!limiter.allow(later));
        }
        assert!(limiter.allow(later));
        for _ in 0..100 {
            assert!(!limiter.allow(later), "and the next is not at once");
        }
    }
}
