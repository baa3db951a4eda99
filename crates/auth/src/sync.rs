//! What the engine synchronises with: loom's types where its interleavings are explored.

#[cfg(not(all(test, outbound_loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool, atomic::AtomicU64};

#[cfg(all(test, outbound_loom))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool, atomic::AtomicU64};

use std::sync::{Arc, PoisonError};

/// A value that many read and few replace. Reading takes no lock.
pub(crate) struct Shelf<T>(
    #[cfg(not(all(test, outbound_loom)))] arc_swap::ArcSwapOption<T>,
    #[cfg(all(test, outbound_loom))] Mutex<Option<Arc<T>>>,
);

#[cfg(not(all(test, outbound_loom)))]
impl<T> Shelf<T> {
    pub(crate) fn empty() -> Self {
        Self(arc_swap::ArcSwapOption::empty())
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }

    pub(crate) fn put(&self, value: Option<Arc<T>>) {
        self.0.store(value);
    }
}

#[cfg(all(test, outbound_loom))]
impl<T> Shelf<T> {
    pub(crate) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        lock(&self.0).clone()
    }

    pub(crate) fn put(&self, value: Option<Arc<T>>) {
        *lock(&self.0) = value;
    }
}

/// Locks; a panic elsewhere leaves nothing half done here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
