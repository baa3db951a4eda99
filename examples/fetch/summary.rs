//! What the run came to: the counters that layers and the drain share, and the JSON of them.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;

use crate::outcome::Outcome;

/// Counters that the whole stack adds to; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pages: AtomicU64,
    items: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    refetches: AtomicU64,
    resends: AtomicU64,
    refreshes: AtomicU64,
    violations: AtomicU64,
    bytes: AtomicU64,
    waited_us: AtomicU64,
    resumed: AtomicBool,
}

impl Counters {
    pub(crate) fn pages(&self) -> &AtomicU64 {
        &self.0.pages
    }

    pub(crate) fn items(&self) -> &AtomicU64 {
        &self.0.items
    }

    /// Sends to the API on the wire; token fetches are not among them.
    pub(crate) fn requests(&self) -> &AtomicU64 {
        &self.0.requests
    }

    /// Sends by the retry layer: those that were made, not those that were decided on.
    pub(crate) fn retries(&self) -> &AtomicU64 {
        &self.0.retries
    }

    /// Pages that were asked for again because their bodies broke off while they were streamed.
    pub(crate) fn refetches(&self) -> &AtomicU64 {
        &self.0.refetches
    }

    /// The drain goes on from a checkpoint.
    pub(crate) fn resumes(&self) {
        self.0.resumed.store(true, Relaxed);
    }

    /// Sends by the auth layer after a 401.
    pub(crate) fn resends(&self) -> &AtomicU64 {
        &self.0.resends
    }

    pub(crate) fn refreshes(&self) -> &AtomicU64 {
        &self.0.refreshes
    }

    pub(crate) fn violations(&self) -> &AtomicU64 {
        &self.0.violations
    }

    /// Bytes of page bodies.
    pub(crate) fn bytes(&self) -> &AtomicU64 {
        &self.0.bytes
    }

    /// Retry waits only, as long as they really were.
    pub(crate) fn add_wait(&self, pause: Duration) {
        let pause = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX);
        self.0.waited_us.fetch_add(pause, Relaxed);
    }
}

/// Writes the summary to `target`, a path or `-` for stdout.
pub(crate) fn write(
    target: &str,
    counters: &Counters,
    outcome: Outcome,
    elapsed: Duration,
) -> io::Result<()> {
    let Inner {
        pages,
        items,
        requests,
        retries,
        refetches,
        resends,
        refreshes,
        violations,
        bytes,
        waited_us,
        resumed,
    } = &*counters.0;
    let summary = json!({
        "outcome": outcome.name(),
        "pages": pages.load(Relaxed),
        "items": items.load(Relaxed),
        "requests": requests.load(Relaxed),
        // To who reads it, one is as good as the other: a page's sends after its first, of which
        // there are `--retries` at most.
        "retries": retries.load(Relaxed) + refetches.load(Relaxed),
        "resends": resends.load(Relaxed),
        "refreshes": refreshes.load(Relaxed),
        "violations": violations.load(Relaxed),
        "bytes": bytes.load(Relaxed),
        "waited_ms": waited_us.load(Relaxed) / 1000,
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "resumed": resumed.load(Relaxed),
        "truncated": outcome.truncated(),
    });
    let text = format!("{summary}\n");
    if target == "-" {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    }
    fs::write(target, text)
}
