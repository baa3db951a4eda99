use std::future::Future;

/// Runs a future to its end, owned by no caller.
///
/// Work that several requests wait for (a token fetch) is spawned, so that dropping one of
/// them does not cancel it for the others.
pub trait Spawn {
    /// Starts `future` and returns at once.
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// [`Spawn`] on the tokio runtime that the caller runs in.
///
/// # Panics
///
/// [`spawn`](Spawn::spawn) panics outside of a tokio runtime, as [`tokio::spawn`] does.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioSpawn;

#[cfg(feature = "tokio")]
impl TokioSpawn {
    /// Spawns on the runtime in whose context [`spawn`](Spawn::spawn) is called.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[cfg(feature = "tokio")]
impl Spawn for TokioSpawn {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(tokio::spawn(future));
    }
}
