use std::fmt;

use tower_layer::Layer;

use crate::config::{Config, OnRepeat, OriginPolicy};
use crate::pointer::Pointer;
use crate::service::Paginate;

/// [`Layer`] that applies [`Paginate`].
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct PaginateLayer<P> {
    strategy: P,
    config: Config,
}

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
        }
    }

    /// Says where a page has its array of items, so that pages can be counted by items
    /// and the last item be seen. [`Pages::items`](crate::Pages::items) says it too.
    ///
    /// Without it a page counts as one item.
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
}

impl<P: Clone, S> Layer<S> for PaginateLayer<P> {
    type Service = Paginate<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Paginate::with_config(inner, self.strategy.clone(), self.config.clone())
    }
}
