//! Fetches that ended, and tokens that were set: what is used from now on.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http::HeaderValue;

use super::{Cool, Engine, State};
use crate::clock::Moment;
use crate::fault::Fault;
use crate::fetched::{Again, Failure, Fetched, Prepared};
use crate::flight::Flight;
use crate::limiter::Limiter;
use crate::live::{Lease, Live, prepare};
use crate::schedule::backoff;
use crate::sync::lock;
use crate::{InvalidAuth, Reason, Token, limits};

impl Engine {
    /// A fetch ended.
    pub(crate) fn land(
        &self,
        flight: &Arc<Flight>,
        result: Result<Prepared, Failure>,
        now: Moment,
    ) {
        let mut state = lock(&self.state);
        let current = state.flight.as_ref();
        if !current.is_some_and(|current| Arc::ptr_eq(current, flight)) {
            // Another token was set meanwhile, and those who waited have it.
            state.aside.take_if(|aside| Arc::ptr_eq(aside, flight));
            return;
        }
        let outcome = match result {
            Ok(prepared) => Ok(self.publish(&mut state, prepared, flight.why)),
            Err(failure) => {
                let error = Arc::clone(&failure.error);
                if flight.why == Reason::Rejected {
                    state.limiter.failed();
                }
                self.fail(&mut state, failure, now);
                Err((error, now))
            }
        };
        drop(state);
        // Published first: who finds no flight any more finds the token.
        flight.land(outcome);
    }

    /// Makes a fetched token's header value, unless the token cannot be used.
    pub(crate) fn prepare(&self, fetched: Fetched) -> Result<Prepared, Failure> {
        let failed = |fault: Fault| Failure {
            error: Arc::new(fault),
            again: Again::Later(None),
        };
        if fetched.token.lifetime().is_some_and(|life| life.is_zero()) {
            return Err(failed(Fault::BornExpired));
        }
        let value = self.header_value(&fetched.token);
        let value = value.map_err(|source| failed(Fault::Unusable(source)))?;
        Ok(Prepared { value, fetched })
    }

    pub(crate) fn header_value(&self, token: &Token) -> Result<HeaderValue, InvalidAuth> {
        prepare(&self.prefix, token)
    }

    fn publish(&self, state: &mut State, prepared: Prepared, why: Reason) -> Lease {
        let Prepared { value, fetched } = prepared;
        let last = self
            .shelf
            .get()
            .map(|live| (live.generation, live.value.clone()));
        let generation = match last {
            // The same token once more: who was refused with it is not to send it again.
            Some((generation, last)) if last == value => {
                if why == Reason::Rejected {
                    state.limiter.useless(generation);
                }
                generation
            }
            _ => state.generation + 1,
        };
        state.generation = generation;
        let times = fetched.token.lifetime().map(|lifetime| {
            let times = self.schedule.of(lifetime, fetched.took, &mut state.rng);
            (fetched.at, times)
        });
        let lease = Arc::new(Live::new(generation, value, fetched.token, times));
        state.flight = None;
        state.wanted = None;
        state.cool = None;
        state.failures = 0;
        self.calm.store(0, Relaxed);
        self.shelf.put(Some(Arc::clone(&lease)));
        self.turn(state);
        lease
    }

    fn fail(&self, state: &mut State, failure: Failure, now: Moment) {
        state.flight = None;
        // One resource that refuses is no reason not to use the token elsewhere. Its next
        // refusal asks again.
        state.wanted = None;
        let pause = match failure.again {
            Again::AtOnce => {
                state.cool = None;
                limits::MIN_BACKOFF
            }
            Again::WhenMended(asked) => limits::PERMANENT_ERROR_FOR.max(bounded(asked)),
            Again::Later(asked) => {
                state.failures = state.failures.saturating_add(1);
                backoff(state.failures, &mut state.rng).max(bounded(asked))
            }
        };
        let until = now.instant + pause;
        if !matches!(failure.again, Again::AtOnce) {
            state.cool = Some(Cool {
                until,
                error: failure.error,
            });
        }
        self.calm.store(self.nanos(until), Relaxed);
        self.turn(state);
    }

    /// Publishes a token that was not fetched. A fetch under way comes too late.
    pub(crate) fn set(&self, token: Token, value: HeaderValue, now: Moment) {
        let mut state = lock(&self.state);
        let flight = state.flight.take();
        if state.aside.is_none() {
            state.aside.clone_from(&flight);
        }
        let fetched = Fetched {
            token,
            at: now,
            took: Duration::ZERO,
        };
        state.limiter = Limiter::default();
        let lease = self.publish(&mut state, Prepared { value, fetched }, Reason::Forced);
        drop(state);
        if let Some(flight) = flight {
            flight.land(Ok(lease));
        }
    }
}

/// How long a source may ask to be left alone.
fn bounded(asked: Option<Duration>) -> Duration {
    asked.unwrap_or_default().min(limits::MAX_RETRY_AFTER)
}
