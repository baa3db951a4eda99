use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::engine::{Engine, Outlook};
use crate::event;
use crate::fetched::{Acquired, Failure, Fetched, Start};
use crate::launch::{Land, Landing, Launch};
use crate::limits;
use crate::live::{Need, Use};
use crate::{AuthError, InvalidAuth, Token};

/// A token that is fetched when it is needed, and shared by all who need it.
///
/// Clones share one token, so build it once and hand out clones: one for each layer that is
/// to use it.
///
/// - However many requests wait for a token, it is fetched once, by a task that belongs to none
///   of them: dropping a request cancels nothing, and all get the same token or the same error.
/// - The next token is fetched before the last one ends, by the first request that comes in that
///   time (see [`DEFAULT_REFRESH_AHEAD`]); no request waits for it. Without requests nothing is
///   fetched, and no task runs.
/// - A token is used until it is near the end of its life (see [`DEFAULT_MARGIN`]) by the
///   monotonic clock or by the wall clock, whichever says so first: the one stands still while a
///   machine sleeps, the other is set back.
/// - A token that was refused with a 401 is replaced by the next request that needs one. Requests
///   that may be sent again use it meanwhile, since it may be good elsewhere. Each has
///   a generation, so that a late 401 for an old one does not condemn its successor. A resource
///   that refuses every token makes it fetch rarely (see [`MIN_REJECTION_PAUSE`]).
/// - After a failed fetch, none is made for a while ([`MIN_BACKOFF`] to [`MAX_BACKOFF`], longer if
///   the server asked for it; [`PERMANENT_ERROR_FOR`] if only somebody else can mend it). A token
///   that still lives is used meanwhile; without one, requests fail at once, with the error of
///   that fetch.
/// - A fetch that takes longer than [`DEFAULT_FETCH_TIMEOUT`] has failed, and so has one that
///   panics. One that loses its runtime is an error for those who waited; the next request fetches
///   again. It runs on the runtime of the request that begins it, and not while nobody drives that:
///   after twice that timeout, or four times where refresh tokens are persisted, and 10 seconds at
///   least, those who wait are told, and the next request gives it up in the same way. Where calls block on a runtime each, name
///   one that is always driven ([`TokensBuilder::spawn`](crate::TokensBuilder::spawn)).
///
/// [`DEFAULT_MARGIN`]: Self::DEFAULT_MARGIN
/// [`DEFAULT_REFRESH_AHEAD`]: Self::DEFAULT_REFRESH_AHEAD
/// [`DEFAULT_FETCH_TIMEOUT`]: Self::DEFAULT_FETCH_TIMEOUT
/// [`MIN_BACKOFF`]: Self::MIN_BACKOFF
/// [`MAX_BACKOFF`]: Self::MAX_BACKOFF
/// [`MIN_REJECTION_PAUSE`]: Self::MIN_REJECTION_PAUSE
/// [`PERMANENT_ERROR_FOR`]: Self::PERMANENT_ERROR_FOR
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    clock: Clock,
    launch: Box<dyn Launch>,
    fetches: AtomicU64,
    resends: AtomicU64,
}

impl Tokens {
    /// How long before the end of its life a token is no longer used, by default: 10 seconds.
    ///
    /// It is never more than a tenth of the token's lifetime, so that a short-lived token is
    /// used too.
    pub const DEFAULT_MARGIN: Duration = limits::DEFAULT_MARGIN;

    /// How long before it is no longer used a token's successor is fetched, by default: 5
    /// minutes.
    ///
    /// It is never more than a fifth of the token's lifetime, unless the source is so slow that
    /// twice the time of its last fetch is more. To that comes a random tenth of the lifetime, at
    /// most [`MAX_JITTER`](Self::MAX_JITTER), so that a fleet that started together does not
    /// renew together. In the first half of its life a token is left in peace.
    pub const DEFAULT_REFRESH_AHEAD: Duration = limits::DEFAULT_REFRESH_AHEAD;

    /// The most that chance makes a token be renewed earlier: 1 minute.
    pub const MAX_JITTER: Duration = limits::MAX_JITTER;

    /// How long a fetch may take, by default: 30 seconds. Persisting may take as long again.
    pub const DEFAULT_FETCH_TIMEOUT: Duration = limits::DEFAULT_FETCH_TIMEOUT;

    /// How long no fetch is made after one that failed: 1 second. It doubles from failure to
    /// failure, up to [`MAX_BACKOFF`](Self::MAX_BACKOFF), and chance shortens it by up to a half.
    pub const MIN_BACKOFF: Duration = limits::MIN_BACKOFF;

    /// The longest pause after failures in a row: 1 minute.
    pub const MAX_BACKOFF: Duration = limits::MAX_BACKOFF;

    /// The most that a source's [`FetchError::retry_after`](crate::FetchError::retry_after)
    /// counts: 5 minutes.
    pub const MAX_RETRY_AFTER: Duration = limits::MAX_RETRY_AFTER;

    /// How long a [permanent](crate::FetchError::permanent) error is remembered: 5 seconds.
    pub const PERMANENT_ERROR_FOR: Duration = limits::PERMANENT_ERROR_FOR;

    /// How long a 401 leads to no fetch after one that did: 10 seconds. (A fetch that failed does
    /// not count: the next has to wait for the back-off alone.)
    ///
    /// It ends as soon as the new token is accepted where the old one was refused. It doubles
    /// each time that the new token was refused as well, up to
    /// [`MAX_REJECTION_PAUSE`](Self::MAX_REJECTION_PAUSE). A 401 that leads to no fetch is handed
    /// out.
    pub const MIN_REJECTION_PAUSE: Duration = limits::MIN_REJECTION_PAUSE;

    /// The longest time in which a 401 leads to no fetch: 5 minutes.
    pub const MAX_REJECTION_PAUSE: Duration = limits::MAX_REJECTION_PAUSE;

    /// So many refusals without an acceptance between them, after there were acceptances, are
    /// taken for a revoked token, and end the pause of
    /// [`MAX_REJECTION_PAUSE`](Self::MAX_REJECTION_PAUSE) early.
    pub const REFUSALS_IN_A_ROW: u32 = limits::REFUSALS_IN_A_ROW;

    pub(crate) fn launched_by(launch: impl Launch + 'static, engine: Engine, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                engine,
                clock,
                launch: Box::new(launch),
                fetches: AtomicU64::new(0),
                resends: AtomicU64::new(0),
            }),
        }
    }

    /// Fetches a token if there is none that can be used, and waits for it.
    ///
    /// Before a service says that it is ready, for instance.
    ///
    /// # Errors
    ///
    /// If the token could not be fetched.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives up the wait; a fetch under way goes on.
    pub async fn warm(&self) -> Result<(), AuthError> {
        self.get().await.map(|_| ())
    }

    /// The token, fetched if there is none that can be used. For an
    /// [`Authorize`](crate::Authorize) of your own.
    ///
    /// # Errors
    ///
    /// If the token could not be fetched.
    ///
    /// # Cancellation
    ///
    /// As [`warm`](Self::warm).
    pub async fn get(&self) -> Result<Token, AuthError> {
        let lease = match self.acquire(Need::unrefused()) {
            Acquired::Now(lease) => Ok(lease),
            Acquired::Later(waiter) => waiter.await,
            Acquired::Failed(error) => Err(error),
        };
        lease
            .map(|lease| lease.token.clone())
            .map_err(AuthError::shared)
    }

    /// Starts to fetch the next token, unless that is under way. Requests use the last one
    /// meanwhile, if it can be used.
    ///
    /// It is to be called in the context of a runtime.
    pub fn refresh(&self) {
        let start = self.shared.engine.refresh(self.now());
        self.launch(start);
    }

    /// Uses `token` from now on: one that was stored, or obtained elsewhere. A fetch under way
    /// comes too late, and whoever waited for it gets this token.
    ///
    /// The source learns of it ([`TokenSource::adopt`](crate::TokenSource::adopt)): one that uses
    /// refresh tokens goes on with [that of `token`](Token::rotated), if it has one. It is not
    /// [persisted](crate::TokensBuilder::persist): who sets it has it; nor is an older one any more,
    /// unless that has begun.
    ///
    /// # Errors
    ///
    /// If no header can carry it. The last token is used on.
    pub fn set(&self, token: Token) -> Result<(), InvalidAuth> {
        let value = self.shared.engine.header_value(&token)?;
        self.shared.launch.adopt(&token);
        self.shared.engine.set(token, value, self.now());
        Ok(())
    }

    /// Forgets the token, and that fetches failed. The next request fetches.
    ///
    /// A fetch that is under way is the next one: its token is used, although it may have been
    /// asked for before. However often this is called meanwhile, there is no other.
    pub fn invalidate(&self) {
        self.shared.engine.invalidate();
    }

    /// How many tokens were fetched, the first included; failed fetches do not count.
    #[must_use]
    pub fn fetches(&self) -> u64 {
        self.shared.fetches.load(Relaxed)
    }

    /// How many requests got another token after a 401. Each is sent again with it, unless it was
    /// given up before, or its upload can no longer be repeated.
    #[must_use]
    pub fn resends(&self) -> u64 {
        self.shared.resends.load(Relaxed)
    }

    pub(crate) fn count_resend(&self) {
        self.shared.resends.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    #[inline]
    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn now(&self) -> Moment {
        self.shared.clock.now()
    }

    /// The token, or a place among those who wait for it.
    pub(crate) fn acquire(&self, need: Need) -> Acquired {
        let engine = &self.shared.engine;
        let now = self.now();
        if let Some((_, live)) = engine.at_hand() {
            let newer = need.after.is_none_or(|after| live.generation > after);
            if newer && live.judge(need, now) == Use::Fresh {
                return Acquired::Now(live);
            }
        }
        let (acquired, start) = engine.acquire(need, now);
        self.launch(start);
        acquired
    }

    /// The token of `generation` was refused. Whether another is worth a try.
    pub(crate) fn rejected(&self, generation: u64) -> Outlook {
        let outlook = self.shared.engine.rejected(generation, self.now());
        event::rejected(outlook != Outlook::None);
        outlook
    }

    fn launch(&self, start: Option<Start>) {
        let Some(start) = start else { return };
        // A runtime that is shutting down drops the task at once, and that takes the lock: it
        // is not held here.
        let landing = Landing::new(Arc::<Shared>::clone(&self.shared), start);
        self.shared.launch.launch(landing);
    }
}

impl Land for Shared {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn land(&self, start: &Start, result: Result<Fetched, Failure>) {
        let result = result.and_then(|fetched| self.engine.prepare(fetched));
        event::landed(start.flight.why, &result);
        if result.is_ok() {
            self.fetches.fetch_add(1, Relaxed);
        }
        self.engine.land(&start.flight, result, self.now());
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("fetches", &self.fetches())
            .field("resends", &self.resends())
            .finish_non_exhaustive()
    }
}
