use std::fmt;
use std::time::Duration;

use outbound_http::{Spawn, TokioSpawn};

use crate::launch::Launcher;
use crate::{TokenSource, Tokens};

/// Settings of [`Tokens`]; see [`Tokens::builder`].
#[derive(Clone)]
pub struct TokensBuilder<T, X = TokioSpawn> {
    source: T,
    spawn: X,
    margin: Duration,
    fetch_timeout: Duration,
}

impl<T> TokensBuilder<T> {
    pub(crate) const fn new(source: T) -> Self {
        Self {
            source,
            spawn: TokioSpawn::new(),
            margin: Tokens::DEFAULT_MARGIN,
            fetch_timeout: Tokens::DEFAULT_FETCH_TIMEOUT,
        }
    }
}

impl<T, X> TokensBuilder<T, X> {
    /// How long before the end of its life a token is no longer used; at most a tenth of its
    /// lifetime. By default [`Tokens::DEFAULT_MARGIN`].
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// How long a fetch may take. By default [`Tokens::DEFAULT_FETCH_TIMEOUT`].
    #[must_use]
    pub fn fetch_timeout(mut self, timeout: Duration) -> Self {
        self.fetch_timeout = timeout;
        self
    }

    /// What runs the fetches. By default [`TokioSpawn`]. Their timeout needs tokio's clock in
    /// any case.
    #[must_use]
    pub fn spawn<X2>(self, spawn: X2) -> TokensBuilder<T, X2> {
        TokensBuilder {
            source: self.source,
            spawn,
            margin: self.margin,
            fetch_timeout: self.fetch_timeout,
        }
    }

    /// Finishes the settings.
    #[must_use]
    pub fn build(self) -> Tokens
    where
        T: TokenSource,
        X: Spawn + Send + Sync + 'static,
    {
        let launch = Launcher::new(self.source, self.spawn, self.fetch_timeout);
        Tokens::launched_by(launch, self.margin)
    }
}

/// Without the source, which holds secrets.
impl<T, X> fmt::Debug for TokensBuilder<T, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokensBuilder")
            .field("margin", &self.margin)
            .field("fetch_timeout", &self.fetch_timeout)
            .finish_non_exhaustive()
    }
}
