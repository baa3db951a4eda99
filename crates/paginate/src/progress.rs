use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::strategy::Total;

/// How far a stream has come, since it began or was resumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages that arrived whole.
    pub pages: u64,
    /// Items handed out; in a stream of pages, those of the pages handed out, or the
    /// pages themselves where it is not known where the items are.
    pub items: u64,
    /// Bytes of page bodies that arrived; what arrives once more, of a page that is asked for
    /// again, counts once.
    pub bytes: u64,
    /// How often a page was asked for again because its body broke off; see
    /// [`PaginateLayer::refetch`](crate::PaginateLayer::refetch).
    pub refetches: u64,
    /// Items over all pages, as the newest page that told said. One that tells fewer than it has
    /// does not tell, unless it is to be an [estimate](crate::Source::estimated).
    pub total: Option<Total>,
}

/// The [`Progress`] of a stream, for a progress bar in another place or thread.
///
/// It is cheap to clone and to read, and stays readable after the stream is gone. The
/// figures are written one after the other, so that one may be newer than another.
///
/// ```
/// # use bytes::Bytes;
/// # use futures_util::StreamExt;
/// # use http::{Request, Response};
/// # use http_body_util::Full;
/// # use outbound_paginate::{NoNext, PaginateLayer};
/// # use tower::{Layer, ServiceExt};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let client = tower::service_fn(|_: Request<Full<Bytes>>| async {
/// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from("[1,2]")))
/// # });
/// # let api = PaginateLayer::new(NoNext).layer(client);
/// let mut pages = api.oneshot(Request::default()).await?;
/// let progress = pages.progress_handle();
/// let mut items = std::pin::pin!(pages.items::<u64>(""));
/// items.next().await;
/// assert_eq!(progress.get().items, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProgressHandle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pages: AtomicU64,
    items: AtomicU64,
    bytes: AtomicU64,
    refetches: AtomicU64,
    total: AtomicU64,
    /// Whether there is a total, and whether it is exact.
    told: AtomicU8,
}

const ESTIMATED: u8 = 1;
const EXACT: u8 = 2;

impl ProgressHandle {
    /// How far the stream has come.
    #[must_use]
    pub fn get(&self) -> Progress {
        let n = self.0.total.load(Relaxed);
        Progress {
            pages: self.0.pages.load(Relaxed),
            items: self.0.items.load(Relaxed),
            bytes: self.0.bytes.load(Relaxed),
            refetches: self.0.refetches.load(Relaxed),
            total: match self.0.told.load(Relaxed) {
                EXACT => Some(Total::exact(n)),
                ESTIMATED => Some(Total::estimate(n)),
                _ => None,
            },
        }
    }

    pub(crate) fn set(&self, progress: &Progress) {
        self.0.pages.store(progress.pages, Relaxed);
        self.0.items.store(progress.items, Relaxed);
        self.0.bytes.store(progress.bytes, Relaxed);
        self.0.refetches.store(progress.refetches, Relaxed);
        if let Some(total) = progress.total {
            self.0.total.store(total.n, Relaxed);
            let told = if total.exact { EXACT } else { ESTIMATED };
            self.0.told.store(told, Relaxed);
        }
    }
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// With the last page.
    Complete,
    /// At a limit of pages or items, with more to come as far as is known.
    Limited,
    /// Where the server began to repeat itself, under
    /// [`OnRepeat::End`](crate::OnRepeat::End).
    Repeated,
    /// With an error.
    Failed,
}
