//! The engine in every order in which its steps can happen, by loom.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use fastrand::Rng;
use loom::future::block_on;
use loom::thread;

use crate::clock::{Clock, Moment};
use crate::engine::{Engine, Outlook};
use crate::error::SharedError;
use crate::fetched::{Acquired, Again, Failure, Fetched, Start};
use crate::live::{Lease, Need};
use crate::schedule::Schedule;
use crate::{Token, Tokens};

/// No fetch takes that long.
const LONGEST: Duration = Duration::from_secs(60);

/// The engine, and a source beside it.
#[derive(Clone)]
struct World {
    engine: Arc<Engine>,
    now: Moment,
    /// Not loom's: it only counts.
    fetches: Arc<AtomicUsize>,
    source: fn(usize) -> Result<Token, Failure>,
}

impl World {
    fn new(source: fn(usize) -> Result<Token, Failure>) -> Self {
        let schedule = Schedule {
            margin: Tokens::DEFAULT_MARGIN,
            ahead: Tokens::DEFAULT_REFRESH_AHEAD,
        };
        Self {
            engine: Arc::new(Engine::new("".into(), schedule, LONGEST, Rng::with_seed(1))),
            now: Clock::default().now(),
            fetches: Arc::default(),
            source,
        }
    }

    /// With the first token published.
    fn warm(source: fn(usize) -> Result<Token, Failure>) -> Self {
        let world = Self::new(source);
        assert_eq!(world.get().unwrap().generation, 1);
        world
    }

    fn fetches(&self) -> usize {
        self.fetches.load(SeqCst)
    }

    /// What the task of a fetch does.
    fn fly(&self, start: Option<Start>) {
        let Some(Start { flight, .. }) = start else {
            return;
        };
        let number = self.fetches.fetch_add(1, SeqCst) + 1;
        let result = (self.source)(number).and_then(|token| {
            self.engine.prepare(Fetched {
                token,
                at: self.now,
                took: Duration::ZERO,
            })
        });
        self.engine.land(&flight, result, self.now);
    }

    /// What a request does, its fetch included if it is the one to start it.
    fn acquire(&self, after: Option<u64>) -> Result<Lease, SharedError> {
        let need = Need {
            after,
            ..Need::default()
        };
        let (acquired, start) = self.engine.acquire(need, self.now);
        self.fly(start);
        match acquired {
            Acquired::Now(lease) => Ok(lease),
            Acquired::Later(waiter) => block_on(waiter),
            Acquired::Failed(error) => Err(error),
        }
    }

    fn get(&self) -> Result<Lease, SharedError> {
        self.acquire(None)
    }

    /// What a request does that was refused: the token of its second attempt, if there is one.
    fn refused(&self, generation: u64) -> Option<Lease> {
        if self.engine.rejected(generation, self.now) == Outlook::None {
            return None;
        }
        self.acquire(Some(generation)).ok()
    }

    /// Nothing is under way, and nobody would be kept waiting.
    fn is_at_rest(&self) -> u64 {
        let (_, live) = self.engine.at_hand().expect("a token is at hand");
        let lease = self.get().unwrap();
        assert_eq!(lease.generation, live.generation);
        live.generation
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as a source has it")]
fn numbered(number: usize) -> Result<Token, Failure> {
    Ok(Token::new(number.to_string()))
}

fn explore(check: impl Fn() + Send + Sync + 'static) {
    loom::model::Builder::new().check(check);
}

#[test]
fn first_requests_share_one_fetch() {
    explore(|| {
        let world = World::new(numbered);
        let other = world.clone();
        let thread = thread::spawn(move || other.get().unwrap().generation);
        assert_eq!(world.get().unwrap().generation, 1);
        assert_eq!(thread.join().unwrap(), 1);
        assert_eq!(world.fetches(), 1);
        assert_eq!(world.is_at_rest(), 1);
    });
}

#[test]
fn three_first_requests_share_one_fetch() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = World::new(numbered);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || assert_eq!(world.get().unwrap().generation, 1))
            })
            .collect();
        assert_eq!(world.get().unwrap().generation, 1);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn a_failed_fetch_is_one_fetch_and_an_error_for_all() {
    explore(|| {
        let world = World::new(|_| {
            Err(Failure {
                error: Arc::new(crate::fault::Fault::BornExpired),
                again: Again::Later(None),
            })
        });
        let other = world.clone();
        let thread = thread::spawn(move || assert!(other.get().is_err()));
        assert!(world.get().is_err());
        thread.join().unwrap();
        assert!(world.get().is_err());
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn two_refusals_of_one_token_make_one_fetch_and_two_second_attempts() {
    explore(|| {
        let world = World::warm(numbered);
        let other = world.clone();
        let thread = thread::spawn(move || other.refused(1).unwrap().generation);
        assert_eq!(world.refused(1).unwrap().generation, 2);
        assert_eq!(thread.join().unwrap(), 2);
        assert_eq!(world.fetches(), 2);
        assert_eq!(world.is_at_rest(), 2);
    });
}

#[test]
fn a_refusal_of_an_old_token_never_condemns_its_successor() {
    explore(|| {
        let world = World::warm(numbered);
        let other = world.clone();
        // An operator renews the token while its last use is refused.
        let thread = thread::spawn(move || {
            let start = other.engine.refresh(other.now);
            other.fly(start);
        });
        let second = world.refused(1).unwrap().generation;
        thread.join().unwrap();
        assert!(second > 1);
        // Either joined the other's fetch, or found its token, or was first; then the operator's
        // own fetch, if it came later, is one more.
        let fetches = world.fetches() as u64;
        assert!((2..=3).contains(&fetches));
        assert_eq!(world.is_at_rest(), fetches);
    });
}

#[test]
fn the_same_token_again_is_no_second_attempt_for_either() {
    explore(|| {
        let world = World::warm(|_| Ok(Token::new("same")));
        let other = world.clone();
        let thread = thread::spawn(move || other.refused(1).is_none());
        assert!(world.refused(1).is_none());
        assert!(thread.join().unwrap());
        assert_eq!(world.fetches(), 2);
        assert_eq!(world.is_at_rest(), 1);
    });
}

#[test]
fn what_a_service_holds_is_the_token_of_the_day_as_long_as_the_epoch_is_the_same() {
    explore(|| {
        let world = World::warm(numbered);
        let other = world.clone();
        let thread = thread::spawn(move || {
            let start = other.engine.refresh(other.now);
            other.fly(start);
        });
        let held = world.engine.at_hand();
        let again = world.engine.at_hand();
        thread.join().unwrap();
        for (epoch, lease) in [held, again].into_iter().flatten() {
            if world.engine.epoch() == epoch {
                assert_eq!(world.is_at_rest(), lease.generation);
            }
        }
        assert_eq!(world.is_at_rest(), 2);
    });
}

#[test]
fn a_fetch_that_is_lost_is_given_up_once_and_its_end_does_not_count() {
    explore(|| {
        let mut world = World::new(numbered);
        let lost = world.engine.refresh(world.now);
        world.now = world.now.after(LONGEST);
        let (one, other) = (world.clone(), world.clone());
        let late = thread::spawn(move || one.fly(lost));
        let thread = thread::spawn(move || other.get());
        // The lost fetch may end just in time after all; nobody waits for good.
        let mine = world.get();
        let theirs = thread.join().unwrap();
        late.join().unwrap();
        for got in [mine, theirs].into_iter().flatten() {
            assert!(got.generation <= 1);
        }
        assert!((1..=2).contains(&world.fetches()));
        assert_eq!(world.is_at_rest(), 1);
    });
}

#[test]
fn a_token_that_is_set_during_a_fetch_leaves_nobody_waiting() {
    explore(|| {
        let world = World::new(numbered);
        let other = world.clone();
        let thread = thread::spawn(move || other.get().unwrap().generation);
        let token = Token::new("set");
        let value = world.engine.header_value(&token).unwrap();
        world.engine.set(token, value, world.now);
        assert!(thread.join().unwrap() >= 1);
        world.is_at_rest();
        // Nothing is left over that would publish itself later.
        let (_, live) = world.engine.at_hand().unwrap();
        assert_eq!(live.generation, world.get().unwrap().generation);
    });
}

#[test]
fn an_invalidation_during_a_fetch_neither_loses_the_token_nor_a_waiter() {
    explore(|| {
        let world = World::new(numbered);
        let other = world.clone();
        let thread = thread::spawn(move || other.get().unwrap());
        world.engine.invalidate();
        thread.join().unwrap();
        assert!(world.get().is_ok());
        assert!((1..=2).contains(&world.fetches()));
        world.is_at_rest();
    });
}

#[test]
fn who_goes_away_takes_no_one_elses_wake_up_along() {
    explore(|| {
        let world = World::new(numbered);
        let (acquired, start) = world.engine.acquire(Need::default(), world.now);
        let Acquired::Later(leaver) = acquired else {
            panic!("nothing is there yet");
        };
        let (acquired, _) = world.engine.acquire(Need::default(), world.now);
        let Acquired::Later(stayer) = acquired else {
            panic!("nothing is there yet");
        };
        let other = world.clone();
        let thread = thread::spawn(move || other.fly(start));
        let mut leaver = Box::pin(leaver);
        block_on(std::future::poll_fn(|cx| {
            let _ = leaver.as_mut().poll(cx);
            std::task::Poll::Ready(())
        }));
        drop(leaver);
        assert_eq!(block_on(stayer).unwrap().generation, 1);
        thread.join().unwrap();
    });
}
