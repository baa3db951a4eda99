//! Tokens that were refused or accepted, and what follows.

use std::sync::atomic::Ordering::Relaxed;

use super::Engine;
use crate::Reason;
use crate::clock::Moment;
use crate::sync::lock;

/// What there is to be hoped for a request whose token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    None,
    /// Another token, which there is already or which is being fetched in any case.
    Successor,
    /// Another token, which is fetched because of this very refusal.
    Renewal,
}

/// How a request fared that was sent again with another token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Refused,
    Accepted {
        /// Whether its own refusal had led to the token's renewal.
        by_cause: bool,
    },
}

impl Engine {
    /// The token of `generation` was refused. Whether another one is worth a try: there is one,
    /// or it is going to be fetched.
    pub(crate) fn rejected(&self, generation: u64, now: Moment) -> Outlook {
        let mut state = lock(&self.state);
        let Some(live) = self.shelf.get() else {
            return Outlook::Successor;
        };
        if live.generation > generation || state.flight.is_some() || state.wanted.is_some() {
            return Outlook::Successor;
        }
        if state.cooling(now).is_some() {
            return Outlook::None;
        }
        // At the end of its life a renewal is due anyway.
        if live.is_fresh(now) {
            self.watching.store(true, Relaxed);
            if !state.limiter.allow(now.instant) {
                return Outlook::None;
            }
        }
        state.wanted = Some(Reason::Rejected);
        self.turn(&mut state);
        Outlook::Renewal
    }

    /// A request that was refused with another token was sent again with that of `generation`.
    pub(crate) fn replayed(&self, generation: u64, answer: Answer) {
        let mut state = lock(&self.state);
        match answer {
            Answer::Refused => state.limiter.useless(generation),
            Answer::Accepted { by_cause } => {
                self.watching.store(false, Relaxed);
                state.limiter.accepted();
                // Others may have been refused because of the renewal: some servers revoke a token
                // when they issue the next.
                if by_cause {
                    state.limiter.useful();
                }
            }
        }
    }

    #[inline]
    pub(crate) fn is_watching(&self) -> bool {
        self.watching.load(Relaxed)
    }

    /// A token was accepted somewhere.
    pub(crate) fn accepted(&self) {
        self.watching.store(false, Relaxed);
        lock(&self.state).limiter.accepted();
    }
}
