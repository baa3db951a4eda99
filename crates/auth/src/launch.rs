//! The fetch itself, which belongs to no request.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use outbound_http::{BoxError, Spawn};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::clock::Moment;
use crate::error::SharedError;
use crate::fault::Fault;
use crate::fetched::{Again, Failure, Fetched, Start};
use crate::{Reason, Token, TokenSource};

/// Whom a fetch is made for.
pub(crate) trait Land: Send + Sync {
    fn now(&self) -> Moment;

    /// The fetch ended.
    fn land(&self, start: &Start, result: Result<Fetched, Failure>);
}

/// Hides the types of source and spawner, so that [`Tokens`](crate::Tokens) can be named.
pub(crate) trait Launch: Send + Sync {
    fn launch(&self, landing: Landing);

    /// A token was set instead of being fetched.
    fn adopt(&self, token: &Token);
}

/// A shorter time than this tells nothing of a runtime.
const LEAST: Duration = Duration::from_secs(10);

/// Stores a refresh token before its token is used.
pub(crate) type Persist =
    Arc<dyn Fn(Token) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> + Send + Sync>;

pub(crate) struct Launcher<T, X> {
    source: Arc<Source<T>>,
    spawn: X,
}

struct Source<T> {
    source: T,
    persist: Option<Persist>,
    limit: Duration,
    /// Replaced where the fetch that holds it was given up.
    turn: Lock<Arc<Turn>>,
    /// How many refresh tokens were set, and fetches given up. What came of a fetch that began
    /// before the last of them is older, and is not stored in its place.
    adopted: AtomicU64,
}

/// A token that was fetched and whose refresh token is not stored yet. Its lock is held throughout
/// a fetch, so that a source is asked by one at a time: the refresh token is to be used once.
type Turn = Mutex<Option<Unsaved>>;

struct Unsaved {
    fetched: Fetched,
    /// As it was when the fetch began.
    adopted: u64,
}

impl<T, X> Launcher<T, X> {
    pub(crate) fn new(source: T, spawn: X, limit: Duration, persist: Option<Persist>) -> Self {
        Self {
            source: Arc::new(Source {
                source,
                persist,
                limit,
                turn: Lock::default(),
                adopted: AtomicU64::new(0),
            }),
            spawn,
        }
    }

    /// How long a fetch takes at most: it may wait for another one that was set aside, and store
    /// what that left before it stores its own. A runtime that is busy for a while is not lost.
    pub(crate) fn longest(&self) -> Duration {
        let steps = if self.source.persist.is_some() { 4 } else { 2 };
        self.source.limit.saturating_mul(steps).max(LEAST)
    }
}

impl<T: TokenSource, X: Spawn + Send + Sync> Launch for Launcher<T, X> {
    fn launch(&self, landing: Landing) {
        let source = Arc::clone(&self.source);
        if landing.start.takes_over {
            source.take_over();
        }
        self.spawn.spawn(async move {
            let why = landing.start.flight.why;
            let result = source.token(why, &*landing.to).await;
            landing.land(result);
        });
    }

    fn adopt(&self, token: &Token) {
        if token.refresh_token().is_some() {
            self.source.adopted.fetch_add(1, Relaxed);
        }
        self.source.source.adopt(token);
    }
}

impl<T> Source<T> {
    fn turn(&self) -> MutexGuard<'_, Arc<Turn>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of the fetch that was given up is older than what comes of the next one.
    fn take_over(&self) {
        self.adopted.fetch_add(1, Relaxed);
        *self.turn() = Arc::default();
    }
}

impl<T: TokenSource> Source<T> {
    async fn token(&self, why: Reason, to: &dyn Land) -> Result<Fetched, Failure> {
        let turn = Arc::clone(&self.turn());
        let timed_out = |elapsed| later(Fault::TimedOut(self.limit, elapsed));
        let mut unsaved = timeout(self.limit, turn.lock()).await.map_err(timed_out)?;
        let adopted = self.adopted.load(Relaxed);
        unsaved.take_if(|unsaved| unsaved.adopted != adopted);
        if unsaved.is_some() {
            self.save(&mut unsaved).await?;
            let saved = unsaved.take().map(|unsaved| unsaved.fetched);
            // The token itself may have waited too long.
            if let Some(saved) = saved.filter(|saved| !saved.is_over(to.now())) {
                return Ok(saved);
            }
        }
        let start = Instant::now();
        let token = match timeout(self.limit, self.source.fetch(why)).await {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => {
                let again = match error.is_permanent() {
                    true => Again::WhenMended(error.delay()),
                    false => Again::Later(error.delay()),
                };
                let error = error.into_source().into();
                return Err(Failure { error, again });
            }
            Err(elapsed) => return Err(timed_out(elapsed)),
        };
        let fetched = Fetched {
            token,
            at: to.now(),
            took: start.elapsed(),
        };
        let is_newest = self.adopted.load(Relaxed) == adopted;
        if self.persist.is_none() || fetched.token.refresh_token().is_none() || !is_newest {
            return Ok(fetched);
        }
        *unsaved = Some(Unsaved { fetched, adopted });
        self.save(&mut unsaved).await?;
        let saved = unsaved.take().map(|unsaved| unsaved.fetched);
        saved.ok_or_else(|| later(Fault::Aborted))
    }

    async fn save(&self, unsaved: &mut Option<Unsaved>) -> Result<(), Failure> {
        let (Some(persist), Some(unsaved)) = (&self.persist, unsaved) else {
            return Ok(());
        };
        let saving = timeout(self.limit, persist(unsaved.fetched.token.clone()));
        let source = match saving.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => SharedError::from(error),
            Err(elapsed) => Arc::new(elapsed),
        };
        Err(later(Fault::NotPersisted(source)))
    }
}

impl Fetched {
    fn is_over(&self, now: Moment) -> bool {
        let lifetime = self.token.lifetime();
        lifetime.is_some_and(|lifetime| self.at.after(lifetime).has_come(now))
    }
}

fn later(fault: Fault) -> Failure {
    Failure {
        error: Arc::new(fault),
        again: Again::Later(None),
    }
}

/// The duty to end a flight. Dropped without a result it ends it with an error, so that nobody
/// waits for ever.
pub(crate) struct Landing {
    to: Arc<dyn Land>,
    start: Start,
    landed: bool,
}

impl Landing {
    pub(crate) const fn new(to: Arc<dyn Land>, start: Start) -> Self {
        Self {
            to,
            start,
            landed: false,
        }
    }

    fn land(mut self, result: Result<Fetched, Failure>) {
        self.finish(result);
    }

    fn finish(&mut self, result: Result<Fetched, Failure>) {
        self.landed = true;
        self.to.land(&self.start, result);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        // A source that panics may do so each time; one whose runtime went away did nothing wrong.
        let failure = if thread::panicking() {
            later(Fault::Panicked)
        } else {
            Failure {
                error: Arc::new(Fault::Aborted),
                again: Again::AtOnce,
            }
        };
        self.finish(Err(failure));
    }
}
