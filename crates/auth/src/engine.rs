//! Which token is used, when the next one is fetched, and who waits for it.
//!
//! Nothing here waits, reads a clock or starts anything: it is told the time, and says what is
//! to be started. What is read for each request is a number and, where that has changed, a
//! shelf; the mutex is for the rest.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use fastrand::Rng;
use http::HeaderValue;
use tokio::time::Instant;

use crate::clock::Now;
use crate::error::SharedError;
use crate::fault::Fault;
use crate::fetched::{Acquired, Again, Failure, Fetched, Prepared, Start};
use crate::flight::{Flight, Place};
use crate::limiter::Limiter;
use crate::live::{Lease, Live, Need, Use, prepare};
use crate::schedule::{Schedule, backoff};
use crate::sync::{AtomicBool, AtomicU64, Mutex, Shelf, lock};
use crate::waiter::Waiter;
use crate::{InvalidAuth, Reason, Token, Tokens};

pub(crate) struct Engine {
    /// Changes with every change of what requests are to do. Odd: ask the state; even: what is
    /// on the shelf will do until its own time is over.
    epoch: AtomicU64,
    shelf: Shelf<Live>,
    /// Until then, in nanoseconds since `born`, a stale token needs no attention: its successor
    /// is being fetched, or could not be.
    calm: AtomicU64,
    /// Whether the limiter wants to hear of an accepted token.
    watching: AtomicBool,
    state: Mutex<State>,
    born: Instant,
    prefix: Box<str>,
    schedule: Schedule,
}

struct State {
    version: u64,
    /// Of the token that was published last; 0 before the first.
    generation: u64,
    flight: Option<Arc<Flight>>,
    /// The token on the shelf will not do: the next request fetches another first.
    wanted: Option<Reason>,
    cool: Option<Cool>,
    failures: u32,
    limiter: Limiter,
    rng: Rng,
}

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

/// A failed fetch: nothing is fetched until then.
struct Cool {
    until: Instant,
    error: SharedError,
}

/// How long a source may ask to be left alone.
fn bounded(asked: Option<Duration>) -> Duration {
    asked.unwrap_or_default().min(Tokens::MAX_RETRY_AFTER)
}

impl State {
    /// The error of the last fetch, as long as there is to be no other.
    fn cooling(&self, now: Now) -> Option<SharedError> {
        let cool = self.cool.as_ref().filter(|cool| now.instant < cool.until);
        cool.map(|cool| Arc::clone(&cool.error))
    }
}

impl Engine {
    pub(crate) fn new(prefix: Box<str>, schedule: Schedule, rng: Rng) -> Self {
        Self {
            epoch: AtomicU64::new(0),
            shelf: Shelf::empty(),
            calm: AtomicU64::new(0),
            watching: AtomicBool::new(false),
            state: Mutex::new(State {
                version: 0,
                generation: 0,
                flight: None,
                wanted: None,
                cool: None,
                failures: 0,
                limiter: Limiter::default(),
                rng,
            }),
            born: Instant::now(),
            prefix,
            schedule,
        }
    }

    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Acquire)
    }

    /// The token, if a request without needs of its own may take it without further ado, and
    /// the epoch in which that is so.
    pub(crate) fn at_hand(&self) -> Option<(u64, Lease)> {
        let epoch = self.epoch();
        if epoch % 2 == 1 {
            return None;
        }
        Some((epoch, self.shelf.get()?))
    }

    /// Whether a token that is at hand may be taken at this moment.
    #[inline]
    pub(crate) fn serves(&self, live: &Live, now: Now) -> bool {
        live.is_fresh(now) || self.is_calm(now) && !live.is_dead(now)
    }

    fn is_calm(&self, now: Now) -> bool {
        let calm = self.calm.load(Relaxed);
        calm != 0 && calm > self.nanos(now.instant)
    }

    fn nanos(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.born);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The token, a place among those who wait for it, or why there is none.
    pub(crate) fn acquire(&self, need: Need, now: Now) -> (Acquired, Option<Start>) {
        let mut state = lock(&self.state);
        let live = self.shelf.get();
        let missing = match &live {
            None => Reason::Missing,
            Some(live) if live.is_dead(now) => Reason::Stale,
            Some(_) => Reason::Rejected,
        };
        let newer = |live: &Lease| need.after.is_none_or(|after| live.generation > after);
        let usable = live.filter(|live| newer(live) && !live.is_dead(now));
        let why = match (state.wanted, &usable) {
            (Some(wanted), _) => wanted,
            (None, Some(live)) => match live.judge(need, now) {
                Use::Fresh => return (Acquired::Now(Arc::clone(live)), None),
                Use::Stale => {
                    let start = self.renew(&mut state, now);
                    return (Acquired::Now(Arc::clone(live)), start);
                }
                Use::TooShort | Use::Dead => Reason::Stale,
            },
            // Refused, and renewed meanwhile, and still the same.
            (None, None) if missing == Reason::Rejected && state.flight.is_none() => {
                let none = || Arc::new(Fault::NoOther) as SharedError;
                let error = state.cooling(now).unwrap_or_else(none);
                return (Acquired::Failed(error), None);
            }
            (None, None) => missing,
        };
        if state.flight.is_none() {
            if let Some(error) = state.cooling(now) {
                let acquired = usable.map_or(Acquired::Failed(error), Acquired::Now);
                return (acquired, None);
            }
        }
        let (flight, start) = match &state.flight {
            Some(flight) => (Arc::clone(flight), None),
            None => {
                let start = self.start(&mut state, why);
                (Arc::clone(&start.0), Some(start))
            }
        };
        let waiter = Waiter::new(Place::new(flight), need.after, usable);
        (Acquired::Later(waiter), start)
    }

    /// Starts to fetch the successor of a token that is still used, unless that is under way or
    /// has just failed.
    fn renew(&self, state: &mut State, now: Now) -> Option<Start> {
        let busy = state.flight.is_some() || state.cooling(now).is_some() || self.is_calm(now);
        (!busy).then(|| self.start(state, Reason::Stale))
    }

    fn start(&self, state: &mut State, why: Reason) -> Start {
        let flight = Arc::new(Flight::new(why));
        state.flight = Some(Arc::clone(&flight));
        self.calm.store(u64::MAX, Relaxed);
        Start(flight)
    }

    /// A fetch ended.
    pub(crate) fn land(&self, flight: &Arc<Flight>, result: Result<Prepared, Failure>, now: Now) {
        let mut state = lock(&self.state);
        let current = state.flight.as_ref();
        if !current.is_some_and(|current| Arc::ptr_eq(current, flight)) {
            return; // another token was set meanwhile, and those who waited have it
        }
        let outcome = match result {
            Ok(prepared) => Ok(self.publish(&mut state, prepared, flight.why)),
            Err(failure) => {
                let error = Arc::clone(&failure.error);
                if flight.why == Reason::Rejected {
                    state.limiter.failed();
                }
                self.fail(&mut state, failure, now);
                Err(error)
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

    fn fail(&self, state: &mut State, failure: Failure, now: Now) {
        state.flight = None;
        // One resource that refuses is no reason not to use the token elsewhere. Its next
        // refusal asks again.
        state.wanted = None;
        let pause = match failure.again {
            Again::AtOnce => {
                state.cool = None;
                Tokens::MIN_BACKOFF
            }
            Again::WhenMended(asked) => Tokens::PERMANENT_ERROR_FOR.max(bounded(asked)),
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

    /// Makes everyone look again.
    fn turn(&self, state: &mut State) {
        state.version += 1;
        let odd = u64::from(state.wanted.is_some());
        self.epoch.store(state.version << 1 | odd, Release);
    }

    /// The token of `generation` was refused. Whether another one is worth a try: there is one,
    /// or it is going to be fetched.
    pub(crate) fn rejected(&self, generation: u64, now: Now) -> Outlook {
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

    /// Fetches, unless that is under way.
    pub(crate) fn refresh(&self) -> Option<Start> {
        let mut state = lock(&self.state);
        match state.flight {
            Some(_) => None,
            None => Some(self.start(&mut state, Reason::Forced)),
        }
    }

    /// Forgets the token, and what is known about failed fetches.
    pub(crate) fn invalidate(&self) {
        let mut state = lock(&self.state);
        self.shelf.put(None);
        state.wanted = Some(Reason::Forced);
        state.cool = None;
        state.failures = 0;
        self.turn(&mut state);
    }

    /// Publishes a token that was not fetched. A fetch under way comes too late.
    pub(crate) fn set(&self, token: Token, value: HeaderValue, now: Now) {
        let mut state = lock(&self.state);
        let flight = state.flight.take();
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
