use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use crate::error::SharedError;
use crate::flight::{Flight, Outcome, Waiter};
use crate::launch::{Fault, Landing, Launch};
use crate::{Reason, Token, TokenSource, TokensBuilder, secret};

/// A token that is fetched when it is needed, and shared by all who need it.
///
/// Clones share one token, so build it once and hand out clones: one for each layer that is
/// to use it.
///
/// - However many requests wait for a token, it is fetched once, by a task that belongs to none
///   of them: dropping a request cancels nothing, and all get the same token or the same error.
/// - A token is used until it is near the end of its life (see [`DEFAULT_MARGIN`]), or until it
///   was refused with a 401. Each has a generation, so that a late 401 for an old one does not
///   condemn its successor.
/// - A fetch that fails, panics, takes longer than [`DEFAULT_FETCH_TIMEOUT`] or loses its
///   runtime is an error for those who waited; the next request fetches again.
///
/// [`DEFAULT_MARGIN`]: Self::DEFAULT_MARGIN
/// [`DEFAULT_FETCH_TIMEOUT`]: Self::DEFAULT_FETCH_TIMEOUT
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    launch: Box<dyn Launch>,
    margin: Duration,
    fetches: AtomicU64,
    resends: AtomicU64,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    /// The generation of the token that was published last; 0 before the first.
    generation: u64,
    /// Generations up to this one were refused.
    condemned: u64,
    flight: Option<Arc<Flight>>,
}

struct Live {
    lease: Lease,
    /// `None`: it does not expire.
    expires: Option<Instant>,
}

/// A token prepared for use.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(crate) generation: u64,
    pub(crate) value: HeaderValue,
}

pub(crate) enum Acquired {
    Now(Lease),
    Later(Waiter),
}

impl Tokens {
    /// How long before the end of its life a token is no longer used, by default: 10 seconds.
    ///
    /// It is never more than a tenth of the token's lifetime, so that a short-lived token is
    /// used too.
    pub const DEFAULT_MARGIN: Duration = Duration::from_secs(10);

    /// How long a fetch may take, by default: 30 seconds.
    pub const DEFAULT_FETCH_TIMEOUT: Duration = Duration::from_secs(30);

    /// Fetches tokens from `source` with the defaults, on the tokio runtime.
    ///
    /// Nothing is fetched before the first request. A request that has to fetch is to be called
    /// in the context of a runtime.
    #[must_use]
    pub fn new(source: impl TokenSource) -> Self {
        Self::builder(source).build()
    }

    /// Fetches tokens from `source`, with settings of your own.
    #[must_use]
    pub const fn builder<T: TokenSource>(source: T) -> TokensBuilder<T> {
        TokensBuilder::new(source)
    }

    pub(crate) fn launched_by(launch: impl Launch + 'static, margin: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                launch: Box::new(launch),
                margin,
                fetches: AtomicU64::new(0),
                resends: AtomicU64::new(0),
            }),
        }
    }

    /// How many tokens were fetched, the first included; failed fetches do not count.
    #[must_use]
    pub fn fetches(&self) -> u64 {
        self.shared.fetches.load(Ordering::Relaxed)
    }

    /// How many requests were sent again after a 401.
    #[must_use]
    pub fn resends(&self) -> u64 {
        self.shared.resends.load(Ordering::Relaxed)
    }

    pub(crate) fn count_resend(&self) {
        self.shared.resends.fetch_add(1, Ordering::Relaxed);
    }

    /// The token, or a place among those who wait for it.
    pub(crate) fn acquire(&self) -> Acquired {
        let now = Instant::now();
        let mut state = self.shared.state();
        let why = match &state.live {
            None => Reason::Missing,
            Some(live) if live.lease.generation <= state.condemned => Reason::Rejected,
            Some(live) if live.expires.is_some_and(|expires| expires <= now) => Reason::Stale,
            Some(live) => return Acquired::Now(live.lease.clone()),
        };
        if let Some(flight) = &state.flight {
            return Acquired::Later(Waiter::new(Arc::clone(flight)));
        }
        let flight = Arc::new(Flight::default());
        state.flight = Some(Arc::clone(&flight));
        // A runtime that is shutting down drops the task at once, and that locks the state.
        drop(state);
        let landing = Landing::new(Arc::clone(&self.shared), Arc::clone(&flight));
        self.shared.launch.launch(why, landing);
        Acquired::Later(Waiter::new(flight))
    }

    /// A token of `generation` was refused.
    pub(crate) fn condemn(&self, generation: u64) {
        let mut state = self.shared.state();
        state.condemned = state.condemned.max(generation);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a fetched token the one that is used.
    pub(crate) fn publish(&self, fetched: Result<Token, SharedError>) -> Outcome {
        let prepared = fetched.and_then(|token| self.prepare(&token));
        let mut state = self.state();
        state.flight = None;
        let (value, expires) = prepared?;
        state.generation += 1;
        let lease = Lease {
            generation: state.generation,
            value,
        };
        state.live = Some(Live {
            lease: lease.clone(),
            expires,
        });
        drop(state);
        self.fetches.fetch_add(1, Ordering::Relaxed);
        Ok(lease)
    }

    fn prepare(&self, token: &Token) -> Result<(HeaderValue, Option<Instant>), SharedError> {
        let value = secret::bearer(token.expose_secret())
            .map_err(|source| Arc::new(Fault::Unusable(source)) as SharedError)?;
        let Some(lifetime) = token.lifetime() else {
            return Ok((value, None));
        };
        if lifetime.is_zero() {
            return Err(Arc::new(Fault::BornExpired));
        }
        let margin = self.margin.min(lifetime / 10);
        Ok((value, Instant::now().checked_add(lifetime - margin)))
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
