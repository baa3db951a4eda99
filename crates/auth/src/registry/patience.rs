//! Whether another scope is worth asking for, by what became of the last ones.

use tokio::time::Instant;

use crate::limits;

/// So many tokens in a row may be refused as soon as they came, each for the scope that was asked
/// for last.
const REFUSALS: u32 = 3;

/// With a registry that asks for another scope in each challenge, whatever it is given.
#[derive(Default)]
pub(super) struct Patience {
    /// Tokens in a row that were refused.
    refusals: u32,
    /// Until then no other is fetched.
    until: Option<Instant>,
}

impl Patience {
    /// Whether a token of another scope may be fetched; if so, it is.
    pub(super) fn allow(&mut self, now: Instant) -> bool {
        let allowed = self.until.is_none_or(|until| now >= until);
        if allowed {
            self.pause(now);
        }
        allowed
    }

    /// The token that was fetched was refused.
    pub(super) fn refused(&mut self, now: Instant) {
        self.refusals = self.refusals.saturating_add(1);
        self.pause(now);
    }

    /// It was accepted.
    pub(super) fn accepted(&mut self) {
        *self = Self::default();
    }

    fn pause(&mut self, now: Instant) {
        if let Some(more) = self.refusals.checked_sub(REFUSALS) {
            let pause = limits::MIN_REJECTION_PAUSE.saturating_mul(1 << more.min(16));
            self.until = Some(now + pause.min(limits::MAX_REJECTION_PAUSE));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_grow_up_to_five_minutes_and_end_with_a_token_that_is_accepted() {
        let mut patience = Patience::default();
        let start = Instant::now();
        let mut asked = Vec::new();
        for second in 0..1000 {
            let now = start + second * SECOND;
            while patience.allow(now) {
                asked.push(second);
                patience.refused(now);
            }
        }
        assert_eq!(asked, [0, 0, 0, 10, 30, 70, 150, 310, 610, 910]);
        assert!(!patience.allow(start + 1000 * SECOND));
        patience.accepted();
        for _ in 0..100 {
            assert!(patience.allow(start), "as many as come at once");
        }
    }
}
