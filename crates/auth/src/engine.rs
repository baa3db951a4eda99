//! Which token is used, when the next one is fetched, and who waits for it.
//!
//! Nothing here waits, reads a clock or starts anything: it is told the time, and says what is
//! to be started. What is read for each request is a number and, where that has changed, a
//! shelf; the mutex is for the rest.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

mod landing;
mod refusal;

pub(crate) use self::refusal::{Answer, Outlook};
use crate::Reason;
use crate::clock::Moment;
use crate::error::SharedError;
use crate::fault::Fault;
use crate::fetched::{Acquired, Start};
use crate::flight::{Flight, Place};
use crate::limiter::Limiter;
use crate::live::{Lease, Live, Need, Use};
use crate::schedule::Schedule;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Shelf, lock};
use crate::waiter::Waiter;

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
    /// No fetch takes that long, unless nobody drives it any more.
    longest: Duration,
}

struct State {
    version: u64,
    /// Of the token that was published last; 0 before the first.
    generation: u64,
    flight: Option<Arc<Flight>>,
    /// The last fetch was given up, and may hold what the next one needs.
    given_up: bool,
    /// The first fetch that a token was set in the place of, until it ends: the source is asked by
    /// one at a time.
    aside: Option<Arc<Flight>>,
    /// The token on the shelf will not do: the next request fetches another first.
    wanted: Option<Reason>,
    cool: Option<Cool>,
    failures: u32,
    limiter: Limiter,
    rng: Rng,
}

/// A failed fetch: nothing is fetched until then.
struct Cool {
    until: Instant,
    error: SharedError,
}

impl State {
    /// The error of the last fetch, as long as there is to be no other.
    fn cooling(&self, now: Moment) -> Option<SharedError> {
        let cool = self.cool.as_ref().filter(|cool| now.instant < cool.until);
        cool.map(|cool| Arc::clone(&cool.error))
    }
}

impl Engine {
    pub(crate) fn new(prefix: Box<str>, schedule: Schedule, longest: Duration, rng: Rng) -> Self {
        Self {
            epoch: AtomicU64::new(0),
            shelf: Shelf::empty(),
            calm: AtomicU64::new(0),
            watching: AtomicBool::new(false),
            state: Mutex::new(State {
                version: 0,
                generation: 0,
                flight: None,
                given_up: false,
                aside: None,
                wanted: None,
                cool: None,
                failures: 0,
                limiter: Limiter::default(),
                rng,
            }),
            born: Instant::now(),
            prefix,
            schedule,
            longest,
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
    pub(crate) fn serves(&self, live: &Live, now: Moment) -> bool {
        live.is_fresh(now) || self.is_calm(now) && !live.is_dead(now)
    }

    fn is_calm(&self, now: Moment) -> bool {
        let calm = self.calm.load(Relaxed);
        calm != 0 && calm > self.nanos(now.instant)
    }

    fn nanos(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.born))
    }

    /// The token, a place among those who wait for it, or why there is none.
    pub(crate) fn acquire(&self, need: Need, now: Moment) -> (Acquired, Option<Start>) {
        let mut state = lock(&self.state);
        let lost = give_up(&mut state, now);
        let acquired = self.decide(&mut state, need, now);
        drop(state);
        land_lost(lost, now);
        acquired
    }

    fn decide(&self, state: &mut State, need: Need, now: Moment) -> (Acquired, Option<Start>) {
        let live = self.shelf.get();
        let missing = match &live {
            None => Reason::Missing,
            Some(live) if live.is_dead(now) => Reason::Stale,
            Some(_) => Reason::Rejected,
        };
        let newer = |live: &Lease| need.after.is_none_or(|after| live.generation > after);
        let usable = live.filter(|live| newer(live) && !live.is_dead(now));
        let why = match (state.wanted, &usable) {
            // Refused by one resource, and perhaps by no other: used while its successor is fetched.
            // Who was refused with it finds no use for it.
            (Some(Reason::Rejected), Some(live))
                if !need.unrefused
                    && state.flight.is_some()
                    && matches!(live.judge(need, now), Use::Fresh | Use::Stale) =>
            {
                return (Acquired::Now(Arc::clone(live)), None);
            }
            (Some(wanted), _) => wanted,
            (None, Some(live)) => match live.judge(need, now) {
                Use::Fresh => return (Acquired::Now(Arc::clone(live)), None),
                Use::Stale => {
                    let start = self.renew(state, now);
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
                let start = self.start(state, why, now);
                (Arc::clone(&start.flight), Some(start))
            }
        };
        let waiter = Waiter::new(Place::new(flight), need.after, usable);
        (Acquired::Later(waiter), start)
    }

    /// Starts to fetch the successor of a token that is still used, unless that is under way or
    /// has just failed.
    fn renew(&self, state: &mut State, now: Moment) -> Option<Start> {
        let busy = state.flight.is_some() || state.cooling(now).is_some() || self.is_calm(now);
        (!busy).then(|| self.start(state, Reason::Stale, now))
    }

    fn start(&self, state: &mut State, why: Reason, now: Moment) -> Start {
        let flight = Arc::new(Flight::new(why, now.after(self.longest)));
        state.flight = Some(Arc::clone(&flight));
        let calm = self.nanos(now.instant).saturating_add(nanos(self.longest));
        self.calm.store(calm, Relaxed);
        let aside = state.aside.take_if(|aside| is_lost(aside, now));
        Start {
            flight,
            takes_over: mem::take(&mut state.given_up) || aside.is_some(),
        }
    }

    /// Makes everyone look again.
    fn turn(&self, state: &mut State) {
        state.version += 1;
        let odd = u64::from(state.wanted.is_some());
        self.epoch.store(state.version << 1 | odd, Release);
    }

    /// Fetches, unless that is under way.
    pub(crate) fn refresh(&self, now: Moment) -> Option<Start> {
        let mut state = lock(&self.state);
        let lost = give_up(&mut state, now);
        let start = match state.flight {
            Some(_) => None,
            None => Some(self.start(&mut state, Reason::Forced, now)),
        };
        drop(state);
        land_lost(lost, now);
        start
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
}

/// Whether a fetch takes longer than one can: its runtime is not driven any more. By the clock that
/// stands still while the machine does.
fn is_lost(flight: &Flight, now: Moment) -> bool {
    flight.lost.instant <= now.instant
}

/// Gives up the fetch that is lost, if it is.
fn give_up(state: &mut State, now: Moment) -> Option<Arc<Flight>> {
    let lost = state.flight.take_if(|flight| is_lost(flight, now))?;
    state.given_up = true;
    Some(lost)
}

/// Those who waited for it are told; not under the lock, as it wakes them.
fn land_lost(lost: Option<Arc<Flight>>, now: Moment) {
    if let Some(lost) = lost {
        lost.land(Err((Arc::new(Fault::Aborted), now)));
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
