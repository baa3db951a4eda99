//! The fetch itself, which belongs to no request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use outbound_http::{BoxError, Spawn};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::error::SharedError;
use crate::fault::Fault;
use crate::fetched::{Again, Failure, Fetched, Start};
use crate::tokens::Shared;
use crate::{Reason, Token, TokenSource};

/// Hides the types of source and spawner, so that [`Tokens`](crate::Tokens) can be named.
pub(crate) trait Launch: Send + Sync {
    fn launch(&self, landing: Landing);
}

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
    /// A token that was fetched and whose refresh token is not stored yet. Its lock is held
    /// throughout a fetch, so that a source is asked by one at a time in any case: the refresh
    /// token is to be used once.
    unsaved: Mutex<Option<Fetched>>,
}

impl<T, X> Launcher<T, X> {
    pub(crate) fn new(source: T, spawn: X, limit: Duration, persist: Option<Persist>) -> Self {
        Self {
            source: Arc::new(Source {
                source,
                persist,
                limit,
                unsaved: Mutex::new(None),
            }),
            spawn,
        }
    }
}

impl<T: TokenSource, X: Spawn + Send + Sync> Launch for Launcher<T, X> {
    fn launch(&self, landing: Landing) {
        let source = Arc::clone(&self.source);
        self.spawn.spawn(async move {
            let why = landing.start.0.why;
            let result = source.token(why, &landing.shared).await;
            landing.land(result);
        });
    }
}

impl<T: TokenSource> Source<T> {
    async fn token(&self, why: Reason, shared: &Shared) -> Result<Fetched, Failure> {
        let mut unsaved = self.unsaved.lock().await;
        if unsaved.is_some() {
            self.save(&mut unsaved).await?;
            let saved = unsaved.take();
            // The token itself may have waited too long.
            if let Some(saved) = saved.filter(|saved| !saved.is_over(shared.clock.now())) {
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
            Err(_) => return Err(later(Fault::TimedOut(self.limit))),
        };
        let fetched = Fetched {
            token,
            at: shared.clock.now(),
            took: start.elapsed(),
        };
        if self.persist.is_none() || fetched.token.refresh_token().is_none() {
            return Ok(fetched);
        }
        *unsaved = Some(fetched);
        self.save(&mut unsaved).await?;
        unsaved.take().ok_or_else(|| later(Fault::Aborted))
    }

    async fn save(&self, unsaved: &mut Option<Fetched>) -> Result<(), Failure> {
        let (Some(persist), Some(fetched)) = (&self.persist, unsaved) else {
            return Ok(());
        };
        let saving = timeout(self.limit, persist(fetched.token.clone()));
        let source = match saving.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => SharedError::from(error),
            Err(_) => SharedError::from(BoxError::from("it took too long")),
        };
        Err(later(Fault::NotPersisted(source)))
    }
}

impl Fetched {
    fn is_over(&self, now: crate::clock::Now) -> bool {
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

/// The duty to end a flight. Dropped without a result (the source panicked, the runtime went
/// away) it ends it with an error, so that nobody waits for ever.
pub(crate) struct Landing {
    shared: Arc<Shared>,
    start: Start,
    landed: bool,
}

impl Landing {
    pub(crate) const fn new(shared: Arc<Shared>, start: Start) -> Self {
        Self {
            shared,
            start,
            landed: false,
        }
    }

    fn land(mut self, result: Result<Fetched, Failure>) {
        self.finish(result);
    }

    fn finish(&mut self, result: Result<Fetched, Failure>) {
        self.landed = true;
        self.shared.land(&self.start, result);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            self.finish(Err(Failure {
                error: Arc::new(Fault::Aborted),
                again: Again::AtOnce,
            }));
        }
    }
}
