//! What was read and handed out, and what the limits leave.

use super::Course;
use crate::progress::{Progress, ProgressHandle};

/// Bytes of the page at hand.
#[derive(Default)]
pub(super) struct Received {
    /// Since it was asked for last.
    now: u64,
    /// The most of any time, which is what is counted.
    most: u64,
}

impl<P, B> Course<P, B> {
    /// An item was read that will be handed out; whether it is the last that is wanted.
    pub(crate) const fn offer(&mut self) -> bool {
        self.offered += 1;
        self.offered >= self.config.max_items
    }

    /// Counts what was handed out.
    pub(crate) fn handed_out(&mut self, items: u64) {
        self.progress.items += items;
        self.report();
    }

    pub(crate) fn received(&mut self, bytes: usize) {
        let Received { now, most } = &mut self.received;
        *now += bytes as u64;
        self.progress.bytes += now.saturating_sub(*most);
        *most = (*most).max(*now);
        self.report();
    }

    /// The page at hand is asked for again: what had come of it comes once more.
    pub(super) const fn receives_again(&mut self) {
        self.received.now = 0;
    }

    pub(crate) const fn progress(&self) -> Progress {
        self.progress
    }

    pub(crate) fn progress_handle(&mut self) -> ProgressHandle {
        let handle = self.handle.get_or_insert_default().clone();
        self.report();
        handle
    }

    pub(super) fn report(&self) {
        if let Some(handle) = &self.handle {
            handle.set(&self.progress);
        }
    }

    /// How many items the limit leaves, if there is one.
    pub(crate) fn items_left(&self) -> Option<u64> {
        let limited = self.config.max_items != u64::MAX;
        limited.then(|| self.config.max_items.saturating_sub(self.progress.items))
    }

    /// How many pages the limit leaves, if there is one.
    pub(crate) fn pages_left(&self) -> Option<u64> {
        let limited = self.config.max_pages != u64::MAX;
        limited.then(|| self.config.max_pages.saturating_sub(self.progress.pages))
    }
}
