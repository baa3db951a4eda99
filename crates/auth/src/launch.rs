//! The fetch itself, which belongs to no request.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use outbound_http::Spawn;
use tokio::time::timeout;

use crate::error::SharedError;
use crate::flight::Flight;
use crate::tokens::Shared;
use crate::{FetchError, InvalidAuth, Reason, Token, TokenSource};

/// Hides the types of source and spawner, so that [`Tokens`] can be named.
pub(crate) trait Launch: Send + Sync {
    fn launch(&self, why: Reason, landing: Landing);
}

pub(crate) struct Launcher<T, X> {
    source: Arc<T>,
    spawn: X,
    fetch_timeout: Duration,
}

impl<T, X> Launcher<T, X> {
    pub(crate) fn new(source: T, spawn: X, fetch_timeout: Duration) -> Self {
        Self {
            source: Arc::new(source),
            spawn,
            fetch_timeout,
        }
    }
}

impl<T: TokenSource, X: Spawn + Send + Sync> Launch for Launcher<T, X> {
    fn launch(&self, why: Reason, landing: Landing) {
        let source = Arc::clone(&self.source);
        let fetch_timeout = self.fetch_timeout;
        self.spawn.spawn(async move {
            let fetched = timeout(fetch_timeout, source.fetch(why)).await;
            landing.land(match fetched {
                Ok(fetched) => fetched.map_err(|error: FetchError| error.into_source().into()),
                Err(_) => Err(Arc::new(Fault::TimedOut(fetch_timeout))),
            });
        });
    }
}

/// The duty to end a flight. Dropped without a result (the source panicked, the runtime went
/// away) it ends it with an error, so that nobody waits for ever.
pub(crate) struct Landing {
    shared: Arc<Shared>,
    flight: Arc<Flight>,
    landed: bool,
}

impl Landing {
    pub(crate) const fn new(shared: Arc<Shared>, flight: Arc<Flight>) -> Self {
        Self {
            shared,
            flight,
            landed: false,
        }
    }

    fn land(mut self, fetched: Result<Token, SharedError>) {
        self.finish(fetched);
    }

    fn finish(&mut self, fetched: Result<Token, SharedError>) {
        self.landed = true;
        // Published first: who finds no flight any more finds the token.
        let outcome = self.shared.publish(fetched);
        self.flight.land(outcome);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            self.finish(Err(Arc::new(Fault::Aborted)));
        }
    }
}

/// How a fetch can fail by itself.
#[derive(Debug)]
pub(crate) enum Fault {
    TimedOut(Duration),
    Aborted,
    BornExpired,
    Unusable(InvalidAuth),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(limit) => write!(
                f,
                "the token source did not answer within {limit:?}; if it goes through the same client, mark its request NoAuth"
            ),
            Self::Aborted => f.write_str(
                "the token source panicked, or the runtime that it ran on was shut down",
            ),
            Self::BornExpired => f.write_str("the token source gave a token that has expired"),
            Self::Unusable(_) => f.write_str("the token source gave a token that cannot be used"),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unusable(source) => Some(source),
            _ => None,
        }
    }
}
