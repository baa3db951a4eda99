use std::fmt;

use outbound_http::Spawn;
use tower_layer::Layer;

use crate::checkpoint::Checkpoint;
use crate::config::{Config, OnRepeat, OriginPolicy};
use crate::overlap::Spawned;
use crate::pointer::Pointer;
use crate::service::Paginate;

/// [`Layer`] that applies [`Paginate`].
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct PaginateLayer<P, X = Lazy> {
    strategy: P,
    config: Config,
    spawn: X,
}

/// No page is asked for before the consumer wants it, and nothing is spawned.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Lazy;

// `()` for the service, or `Paginate::layer(x)` would not infer.
impl<P> Paginate<(), P> {
    /// Shorthand for [`PaginateLayer::new`].
    #[must_use]
    pub const fn layer(strategy: P) -> PaginateLayer<P> {
        PaginateLayer::new(strategy)
    }
}

impl<P> PaginateLayer<P> {
    /// Finds the next page with `strategy`.
    #[must_use]
    pub const fn new(strategy: P) -> Self {
        Self {
            strategy,
            config: Config::new(),
            spawn: Lazy,
        }
    }

    /// Lets pages be fetched ahead of the consumer, each in a task of its own that `spawn`
    /// starts; [`prefetch`](PaginateLayer::prefetch) and
    /// [`concurrency`](PaginateLayer::concurrency) say how many. With neither the stream
    /// is as lazy as without.
    ///
    /// The tasks wait for readiness, hold it only to use it, and read each body up to
    /// [`read_ahead`](Self::read_ahead), so that the consumer may use the same service
    /// meanwhile, over a concurrency limit of 1 too. Dropping the stream ends them.
    ///
    /// Where a slot is held until a body has ended, as with connections, a page of more bytes than
    /// that keeps its slot until the consumer has come to it: a consumer that needs the last slot
    /// for itself would wait for itself.
    ///
    /// The service's error becomes a [`BoxError`](outbound_http::BoxError).
    ///
    /// ```
    /// use outbound_http::TokioSpawn;
    /// use outbound_paginate::{LinkHeader, PaginateLayer};
    ///
    /// let layer = PaginateLayer::new(LinkHeader::next())
    ///     .spawn_on(TokioSpawn::new())
    ///     .prefetch(1);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn spawn_on<X: Spawn>(self, spawn: X) -> PaginateLayer<P, X> {
        PaginateLayer {
            strategy: self.strategy,
            config: self.config,
            spawn,
        }
    }
}

impl<P, X> PaginateLayer<P, X> {
    /// Says where a page has its array of items, so that pages can be counted by items
    /// and the last item be seen. [`Pages::items`](crate::Pages::items) says it too.
    ///
    /// Without it a page counts as one item. A stream of pages parts the items from each other
    /// without looking at what is in them.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    #[must_use]
    pub fn items_at<T>(mut self, pointer: T) -> Self
    where
        T: TryInto<Pointer>,
        T::Error: fmt::Display,
    {
        self.config.items_at = Some(Pointer::expect(pointer));
        self
    }

    /// Ends the stream after so many pages; no further page is asked for.
    #[must_use]
    pub const fn max_pages(mut self, pages: u64) -> Self {
        self.config.max_pages = pages;
        self
    }

    /// Ends the stream after exactly so many items, and asks for no page beyond the one
    /// that holds the last of them.
    ///
    /// A stream of pages hands that page out whole.
    #[must_use]
    pub const fn max_items(mut self, items: u64) -> Self {
        self.config.max_items = items;
        self
    }

    /// Fails at a page that is larger; by default
    /// [`DEFAULT_MAX_PAGE_BYTES`](crate::DEFAULT_MAX_PAGE_BYTES).
    ///
    /// While items are streamed it bounds what is kept of a page beside its items.
    #[must_use]
    pub const fn max_page_bytes(mut self, bytes: usize) -> Self {
        self.config.max_page_bytes = bytes;
        self
    }

    /// Fails at an item that is larger while items are streamed; by default
    /// [`DEFAULT_MAX_ITEM_BYTES`](crate::DEFAULT_MAX_ITEM_BYTES).
    #[must_use]
    pub const fn max_item_bytes(mut self, bytes: usize) -> Self {
        self.config.max_item_bytes = bytes;
        self
    }

    /// Fails after more pages in a row without items; by default
    /// [`DEFAULT_MAX_EMPTY_PAGES`](crate::DEFAULT_MAX_EMPTY_PAGES).
    #[must_use]
    pub const fn max_empty_pages(mut self, pages: u64) -> Self {
        self.config.max_empty_pages = pages;
        self
    }

    /// Takes a success without a body for a page without items, whatever its status.
    ///
    /// By default only 204, 205 and the answer to HEAD are that. Any other empty body that should have
    /// told where the next page is, or held the items that are counted, is
    /// [`Truncated`](crate::PageErrorKind::Truncated): half a list would pass for the whole.
    #[must_use]
    pub const fn allow_empty(mut self) -> Self {
        self.config.allow_empty = true;
        self
    }

    /// Says what happens where the next page has another origin; by default
    /// [`OriginPolicy::Deny`].
    #[must_use]
    pub fn origin(mut self, policy: OriginPolicy) -> Self {
        self.config.origin = policy;
        self
    }

    /// Says what happens where the server sends in a circle; by default
    /// [`OnRepeat::Error`].
    #[must_use]
    pub const fn on_repeat(mut self, on_repeat: OnRepeat) -> Self {
        self.config.on_repeat = on_repeat;
        self
    }

    /// Asks for a page again, so many times, if its body breaks off or ends in the middle
    /// of its JSON; 0 by default.
    ///
    /// What was handed out of it is skipped. Should the page not begin with the same
    /// items any more, the stream fails with
    /// [`PageErrorKind::Drifted`](crate::PageErrorKind::Drifted).
    ///
    /// Whether a body ends in the middle of its JSON is seen where somebody reads it: a stream of
    /// items, or of pages with [`items_at`](Self::items_at), or a strategy that finds the next page
    /// in the body. A stream of pages that follows the head alone takes a body that ends without an
    /// error for whole.
    ///
    /// A request that fails before its head is there is for a retry layer beneath.
    #[must_use]
    pub const fn refetch(mut self, times: u32) -> Self {
        self.config.refetch = times;
        self
    }

    /// Keeps query parameters of next URLs out of checkpoints, for APIs that repeat a credential
    /// in them; a layer beneath has to add it to each request. A cursor that is no URL, and what
    /// a [`StacNext`](crate::StacNext) link has beside its URL, are kept whole.
    #[must_use]
    pub fn secret_query(mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.config
            .secret_query
            .extend(names.into_iter().map(Into::into));
        self
    }

    /// Starts where `checkpoint` says, in the list that begins with the request that the
    /// service is called with.
    ///
    /// Limits count from there. If the request is another one than the checkpoint was made
    /// of, the stream fails with
    /// [`PageErrorKind::ForeignCheckpoint`](crate::PageErrorKind::ForeignCheckpoint) and
    /// nothing is sent; if the list was at its end, the stream is empty.
    ///
    /// A checkpoint within a page is for a stream of items; one of pages hands the page
    /// out whole. Of such a page so many items are skipped as were handed out, whichever they
    /// are by now: where the list may have changed meanwhile, take checkpoints between pages.
    #[must_use]
    pub fn resume(mut self, checkpoint: Checkpoint) -> Self {
        self.config.resume = Some(checkpoint);
        self
    }
}

impl<P, X: Spawn> PaginateLayer<P, X> {
    /// Asks for up to so many pages before the consumer comes to them; 0 by default.
    ///
    /// A page is asked for as soon as the one before tells where it is: where the head
    /// tells ([`Needs::head_only`](crate::Needs::head_only)) with its head, and else when
    /// it has arrived, of which the stream takes note when it is polled. So a cursor in
    /// the body leads one page ahead, whatever the number. What comes out is the same; of
    /// a list that ends early, by a limit on empty pages or an error, up to so many pages
    /// have been asked for in vain. Under [`max_items`](Self::max_items) a page is asked
    /// for only once the one before is counted.
    #[must_use]
    pub const fn prefetch(mut self, pages: usize) -> Self {
        self.config.prefetch = pages;
        self
    }

    /// Asks for up to so many pages side by side; 1 by default. They come out in order.
    ///
    /// It needs a strategy that counts, and a first page that tells how many there are
    /// ([`Strategy::remaining`](crate::Strategy::remaining)); else pages are asked for one
    /// after the other. No page beyond the known end, or beyond what limits let through,
    /// is asked for. Each page still has to say itself what follows it: where the plan was
    /// wrong, pages that were asked for by it are dropped.
    ///
    /// Fewer slots beneath it than pages are no harm, those that are held until a body has ended
    /// neither: pages are asked for in their order, and an earlier one has its slot first. That is
    /// no help where a layer beneath gives a slot up and takes another for the same page, as a retry
    /// layer around a pool does: then there have to be as many slots as pages, or bodies that fit
    /// into [`read_ahead`](Self::read_ahead).
    #[must_use]
    pub const fn concurrency(mut self, pages: usize) -> Self {
        self.config.concurrency = pages;
        self
    }

    /// How many bytes are kept of each page that the consumer has not come to, before its
    /// connection has to wait; by default
    /// [`DEFAULT_READ_AHEAD`](crate::DEFAULT_READ_AHEAD).
    #[must_use]
    pub const fn read_ahead(mut self, bytes: usize) -> Self {
        self.config.read_ahead = bytes;
        self
    }
}

impl<P: Clone, S> Layer<S> for PaginateLayer<P> {
    type Service = Paginate<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Paginate::with_config(inner, self.strategy.clone(), self.config.clone())
    }
}

impl<P: Clone, X: Spawn + Clone, S> Layer<S> for PaginateLayer<P, X> {
    type Service = Paginate<Spawned<S, X>, P>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = Spawned::new(inner, self.spawn.clone(), self.config.read_ahead);
        Paginate::with_config(inner, self.strategy.clone(), self.config.clone())
    }
}
