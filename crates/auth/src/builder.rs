use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use outbound_http::{BoxError, Spawn, TokioSpawn};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::launch::{Launcher, Persist};
use crate::schedule::Schedule;
use crate::{InvalidAuth, Token, TokenSource, Tokens, limits, secret};

/// Settings of [`Tokens`]; see [`Tokens::builder`].
#[derive(Clone)]
pub struct TokensBuilder<T, X = TokioSpawn> {
    source: T,
    spawn: X,
    schedule: Schedule,
    fetch_timeout: Duration,
    persist: Option<Persist>,
    prefix: Box<str>,
    clock: Clock,
    rng: Rng,
}

impl Tokens {
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
    pub fn builder<T: TokenSource>(source: T) -> TokensBuilder<T> {
        TokensBuilder::new(source)
    }
}

impl<T> TokensBuilder<T> {
    fn new(source: T) -> Self {
        Self {
            source,
            spawn: TokioSpawn::new(),
            schedule: Schedule {
                margin: limits::DEFAULT_MARGIN,
                ahead: limits::DEFAULT_REFRESH_AHEAD,
            },
            fetch_timeout: limits::DEFAULT_FETCH_TIMEOUT,
            persist: None,
            prefix: secret::BEARER.into(),
            clock: Clock::default(),
            rng: Rng::new(),
        }
    }
}

impl<T, X> TokensBuilder<T, X> {
    /// How long before the end of its life a token is no longer used; at most a tenth of its
    /// lifetime. By default [`Tokens::DEFAULT_MARGIN`].
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.schedule.margin = margin;
        self
    }

    /// How long before it is no longer used a token's successor is fetched; see
    /// [`Tokens::DEFAULT_REFRESH_AHEAD`], the default. Zero: it is fetched when it is needed, and
    /// waited for.
    #[must_use]
    pub fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.schedule.ahead = ahead;
        self
    }

    /// How long a fetch may take. By default [`Tokens::DEFAULT_FETCH_TIMEOUT`].
    #[must_use]
    pub fn fetch_timeout(mut self, timeout: Duration) -> Self {
        self.fetch_timeout = timeout;
        self
    }

    /// Stores the refresh token of a fetched token that has one
    /// ([`Token::rotated`](crate::Token::rotated)), before that token is used for the first time.
    ///
    /// A source whose refresh tokens are good for one use (RFC 9700, section 4.14.2) is lost if
    /// the process ends between a use and the storing of its successor. If storing fails, the
    /// fetch counts as failed, but the token is kept: the next fetch stores it again, and does
    /// not ask the source.
    ///
    /// ```
    /// use outbound_auth::{Token, Tokens, from_fn};
    ///
    /// let tokens = Tokens::builder(from_fn(|_| async {
    ///     Ok(Token::new("access").rotated("next refresh token"))
    /// }))
    /// .persist(|token| async move {
    ///     let _to_store = token.refresh_token();
    ///     Ok(())
    /// })
    /// .build();
    /// # drop(tokens);
    /// ```
    #[must_use]
    pub fn persist<F, Fut>(mut self, persist: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.persist = Some(Arc::new(move |token| Box::pin(persist(token))));
        self
    }

    /// What stands before the token in its header; by default `"Bearer "`, with its space.
    ///
    /// `"token "` for some APIs, and empty where the header holds the token alone.
    ///
    /// # Errors
    ///
    /// If it begins with a space, or has other characters than printable ASCII: no header could
    /// carry it.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, InvalidAuth> {
        secret::check_prefix(prefix)?;
        self.prefix = prefix.into();
        Ok(self)
    }

    /// What runs the fetches. By default [`TokioSpawn`]. Their timeout needs tokio's clock in
    /// any case.
    #[must_use]
    pub fn spawn<X2>(self, spawn: X2) -> TokensBuilder<T, X2> {
        TokensBuilder {
            source: self.source,
            spawn,
            schedule: self.schedule,
            fetch_timeout: self.fetch_timeout,
            persist: self.persist,
            prefix: self.prefix,
            clock: self.clock,
            rng: self.rng,
        }
    }

    /// Reads the wall clock by `clock`, in a test.
    #[must_use]
    pub fn wall_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::with_wall(clock);
        self
    }

    /// Fixes what is left to chance (when exactly a token is renewed, and how long the pauses
    /// after failures are), in a test.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.rng = Rng::with_seed(seed);
        self
    }

    /// Finishes the settings.
    #[must_use]
    pub fn build(self) -> Tokens
    where
        T: TokenSource,
        X: Spawn + Send + Sync + 'static,
    {
        let launch = Launcher::new(self.source, self.spawn, self.fetch_timeout, self.persist);
        let longest = launch.longest();
        let engine = Engine::new(self.prefix, self.schedule, longest, self.rng);
        Tokens::launched_by(launch, engine, self.clock)
    }
}

/// Without the source, which holds secrets.
impl<T, X> fmt::Debug for TokensBuilder<T, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokensBuilder")
            .field("margin", &self.schedule.margin)
            .field("refresh_ahead", &self.schedule.ahead)
            .field("fetch_timeout", &self.fetch_timeout)
            .finish_non_exhaustive()
    }
}
