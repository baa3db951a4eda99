use std::future::Future;

/// Runs a future to its end, owned by no caller.
///
/// Work that several requests wait for (a token fetch) is spawned, so that dropping one of
/// them does not cancel it for the others; so is work that goes on while nobody polls for it
/// (a page that is fetched ahead of its consumer).
pub trait Spawn {
    /// Starts `future` and returns at once. If it cannot be run, it is dropped.
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// [`Spawn`] on the tokio runtime that the caller runs in.
///
/// Outside of a runtime the future is dropped, as it is by one that shuts down: whoever waits for
/// its result learns of that by its drop.
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
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(future));
        }
    }
}
