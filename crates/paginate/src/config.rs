use outbound_http::Origin;

use crate::checkpoint::Checkpoint;
use crate::pointer::Pointer;

/// How many bytes a page may have: 64 MiB.
pub const DEFAULT_MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// How many bytes an item may have while items are streamed: 8 MiB.
pub const DEFAULT_MAX_ITEM_BYTES: usize = 8 * 1024 * 1024;

/// How many pages in a row may be without items: 50.
pub const DEFAULT_MAX_EMPTY_PAGES: u64 = 50;

/// How many bytes of a page that was asked for ahead of time are kept before the consumer
/// comes to it: 256 KiB.
pub const DEFAULT_READ_AHEAD: usize = 256 * 1024;

/// What happens where the next page has another origin than the first request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// The stream fails and nothing is sent there.
    #[default]
    Deny,
    /// Path and query are asked of the first origin, for servers that write `http:` or
    /// an internal host into their links.
    Rebase,
    /// These origins may be asked too, and others not.
    ///
    /// Such a request goes without the first request's `Authorization`,
    /// `Proxy-Authorization`, `Cookie` and `Host` headers, without all headers that are
    /// marked [sensitive](http::HeaderValue::is_sensitive) and without its extensions but
    /// [`NoAuth`](outbound_http::NoAuth). It is marked
    /// [`CrossOrigin`](outbound_http::CrossOrigin), for an auth layer beneath. Its body
    /// is sent.
    Allow(Vec<Origin>),
}

/// What happens where a server sends in a circle: a cursor that was followed before, or,
/// where cursors are counted, a page whose items are those of the one before. What surrounds them is
/// not compared, as it may tell the time.
///
/// A limit comes first: at one the stream ends, and does not fail. It learns of a circle when it is
/// resumed behind the limit, and a circle of more pages than one run asks for is found by the runs
/// that go on after one another: see [`MAX_REMEMBERED_CURSORS`](crate::MAX_REMEMBERED_CURSORS). A
/// counted page that equals the last one of the run before is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRepeat {
    /// The stream fails.
    #[default]
    Error,
    /// The stream ends, as APIs that repeat their last token mean it.
    End,
    /// Nothing; for APIs whose token stays the same, as with Elasticsearch's scroll.
    Allow,
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) items_at: Option<Pointer>,
    pub(crate) max_pages: u64,
    pub(crate) max_items: u64,
    pub(crate) max_page_bytes: usize,
    pub(crate) max_item_bytes: usize,
    pub(crate) max_empty_pages: u64,
    pub(crate) allow_empty: bool,
    pub(crate) origin: OriginPolicy,
    pub(crate) on_repeat: OnRepeat,
    pub(crate) refetch: u32,
    pub(crate) prefetch: usize,
    pub(crate) concurrency: usize,
    pub(crate) read_ahead: usize,
    pub(crate) resume: Option<Checkpoint>,
    pub(crate) secret_query: Vec<Box<str>>,
}

impl Config {
    pub(crate) const fn new() -> Self {
        Self {
            items_at: None,
            max_pages: u64::MAX,
            max_items: u64::MAX,
            max_page_bytes: DEFAULT_MAX_PAGE_BYTES,
            max_item_bytes: DEFAULT_MAX_ITEM_BYTES,
            max_empty_pages: DEFAULT_MAX_EMPTY_PAGES,
            allow_empty: false,
            origin: OriginPolicy::Deny,
            on_repeat: OnRepeat::Error,
            refetch: 0,
            prefetch: 0,
            concurrency: 1,
            read_ahead: DEFAULT_READ_AHEAD,
            resume: None,
            secret_query: Vec::new(),
        }
    }

    /// Whether pages are asked for before the consumer comes to them.
    pub(crate) const fn overlaps(&self) -> bool {
        self.prefetch > 0 || self.concurrency > 1
    }
}
