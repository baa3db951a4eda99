//! Turns a service that answers with one page into one that answers with a stream of all.
//!
//! [`PaginateLayer`] wraps any `tower::Service<http::Request<B>>`. Its response is
//! [`Pages`], a `Stream` that asks for one page after the other as a [`Strategy`] tells,
//! or [`Items`], a stream of what is in them. Everything beneath (authentication, retries,
//! time limits) applies to each page by itself.
//!
//! # Example
//!
//! ```
//! use futures_util::StreamExt;
//! use outbound_paginate::{LinkHeader, PaginateLayer};
//! use tower::{ServiceBuilder, ServiceExt};
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Full;
//! # #[derive(serde::Deserialize, Debug, PartialEq)]
//! # struct Issue { id: u64 }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # let client = tower::service_fn(|request: Request<Full<Bytes>>| async move {
//! #     let (page, link) = match request.uri().query() {
//! #         None => (r#"[{"id":1},{"id":2}]"#, r#"<?page=2>; rel="next""#),
//! #         Some(_) => (r#"[{"id":3}]"#, ""),
//! #     };
//! #     Response::builder().header("link", link).body(Full::<Bytes>::from(page))
//! # });
//!
//! let api = ServiceBuilder::new()
//!     .layer(PaginateLayer::new(LinkHeader::next()).max_items(1000))
//!     .service(client);
//!
//! let request = Request::get("https://api.example/issues").body(Full::default())?;
//! let mut issues = Box::pin(api.oneshot(request).await?.items::<Issue>(""));
//! let mut ids = Vec::new();
//! while let Some(issue) = issues.next().await {
//!     ids.push(issue?.id);
//! }
//! assert_eq!(ids, [1, 2, 3]);
//! # Ok(())
//! # }
//! ```
//!
//! # Customization
//!
//! | the API tells | strategy |
//! |---|---|
//! | a `Link` header | [`LinkHeader`] |
//! | the next URL in its body or in a header | [`NextUrl`] |
//! | a link object with the method and the body to use | [`StacNext`] |
//! | a token in its body, a header or the last item, sent back in the query, a header or the JSON body | [`Token`] |
//! | nothing; pages are numbered | [`PageNumber`] |
//! | nothing; items are counted | [`Offset`], or [`Range`] with `Content-Range` |
//! | nothing, and there is one page | [`NoNext`] |
//! | something else, such as XML | [`source_fn`], [`from_fn`], or your own [`Strategy`] |
//!
//! A strategy is made of parts: a [`Source`] says where a page holds a value ([`body`],
//! [`header`], [`last_item`], [`link_query`], [`source_fn`]), a [`Target`] or
//! [`BodyTarget`] where a request takes it ([`query`], [`header`], [`merge_query`],
//! [`json`], [`merge_json`]). Flags and totals say where the list ends. [`as_get`],
//! [`later_body`], [`checked`] and [`ends_at`] change what a whole strategy does.
//!
//! To choose at run time, put strategies into an `Arc<dyn Strategy<B> + Send + Sync>`.
//! Limits and policies are set on [`PaginateLayer`].
//!
//! # The end
//!
//! A stream ends where the API says so, at a limit you set, or with an error; [`End`]
//! tells which. What says so is a page without a link, a URL or a token for the next one; a flag;
//! where pages or items are counted a total that is reached, or else the first page without items;
//! a refusal, where the strategy takes it for that ([`Range`], [`ends_at`]) and no item of that page
//! was handed out before. A total that is smaller than its own page is not believed: APIs that do
//! not count tell 0.
//!
//! A flag that is missing or contradicts the rest of its page, a last item without its token,
//! a link without its URL, a cursor that comes again, a counted page whose items are those of the
//! one before, and a body that breaks off are errors, not ends. So is one that is empty where it
//! should hold the items that are counted or say where the next page is, unless 204, 205 or a HEAD
//! request tell that it is to be empty, or [`allow_empty`](PaginateLayer::allow_empty) does. Two
//! things are not looked for: a total of items that a list does not reach is no error, since lists
//! shrink ([`Progress::total`] shows it), and behind the last page that a limit lets through
//! nothing is wrong, unless a stream of items had none of it.
//!
//! # Origins
//!
//! The next page is asked for only where the first one was, unless [`OriginPolicy`] says
//! otherwise. Relative URLs are resolved against the URL that answered, which an
//! [`EffectiveUriLayer`](outbound_http::EffectiveUriLayer) beneath redirects can tell, and
//! else against the one that was asked for. A first request without an origin (`/items`)
//! is followed by paths alone: by relative links, and above a base-URL layer that tells the
//! [`EffectiveUri`](outbound_http::EffectiveUri) by all links beneath its base, which is not
//! repeated.
//!
//! # Errors
//!
//! What goes wrong before the first page's head is there is the wrapped service's own
//! error. Everything later is a [`PageError`] in the stream. A response that is no success
//! is an error too, the first page's as well, unless it means the end; it carries the response.
//!
//! # Order
//!
//! This is the outermost layer, since its response is a stream. A time limit or a
//! concurrency limit *around* it would end with the first page's head; put them beneath.
//! Between two pages nothing is held: no permit, no connection, no request in flight,
//! unless pages are asked for [ahead](#overlap).
//!
//! The first request is the template of all others: same method, headers, extensions and
//! a clone of its body. An `Idempotency-Key` header is for the first page only, since one
//! key stands for one call. A cursor that goes into the body is put into its JSON, of
//! which every other byte is kept; see [`REWRITTEN_HEADERS`] for what else that changes.
//!
//! # Going on
//!
//! A stream knows at any time where it is: [`Pages::checkpoint`] and [`Items::checkpoint`]
//! say it to the item, after an error as well as before. The text of a [`Checkpoint`] can
//! be kept, and [`PaginateLayer::resume`] goes on there in another process. Within one
//! process [`Pages::try_again`] goes on after an error, and [`PaginateLayer::refetch`]
//! lets a page whose body broke off be asked for again by itself; as long as the page is
//! still the same, nothing of it comes twice or is lost, and `refetch` sees to it that it is.
//!
//! # Overlap
//!
//! With [`PaginateLayer::spawn_on`] pages are fetched in tasks of their own:
//! [`prefetch`](PaginateLayer::prefetch) asks for the next page while the consumer is busy
//! with this one, [`concurrency`](PaginateLayer::concurrency) for several side by side
//! where pages are counted and their number is known. Both are guesses which each page
//! confirms, so that what comes out is what one request after the other gives.
//!
//! # Limits
//!
//! | | | |
//! |--|--|--|
//! | pages, items | none | [`max_pages`](PaginateLayer::max_pages), [`max_items`](PaginateLayer::max_items) |
//! | a page, or what surrounds its items | [64 MiB](DEFAULT_MAX_PAGE_BYTES) | [`max_page_bytes`](PaginateLayer::max_page_bytes) |
//! | an item of a stream of items | [8 MiB](DEFAULT_MAX_ITEM_BYTES) | [`max_item_bytes`](PaginateLayer::max_item_bytes) |
//! | pages in a row without items | [50](DEFAULT_MAX_EMPTY_PAGES) | [`max_empty_pages`](PaginateLayer::max_empty_pages) |
//! | what is read ahead of a page | [256 KiB](DEFAULT_READ_AHEAD) | [`read_ahead`](PaginateLayer::read_ahead) |
//! | a cursor | [1 MiB](MAX_CURSOR_BYTES) | |
//! | cursors that are remembered one by one | [65 536](MAX_REMEMBERED_CURSORS) | |
//! | a checkpoint's text | [2 MiB and 1 KiB](MAX_CHECKPOINT_BYTES) | |
//!
//! Time is not limited here: put limits of time beneath, where they are for each page.
//!
//! # Cancellation
//!
//! Dropping a stream drops the request or the body in flight, and pages that were asked for ahead.
//! A checkpoint that was taken before says where to go on.
//!
//! # What it does not do
//!
//! It does not retry a request, wait, authenticate, decompress or follow redirects: other
//! layers do. It does not remove duplicates that appear when a list changes while it is
//! read, and it does not begin anew where a cursor has expired.
//!
//! # Features
//!
//! `tracing` (off by default): an event, at level `WARN`, where a page links to several next pages.
//! It changes nothing else.
//!
//! # Scenarios
//!
//! What a paginator can get wrong, and the tests that show that this one does not, are listed in
//! [`_scenarios`], a module for reading only.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doc)]
#[doc = include_str!("docs/scenarios.md")]
pub mod _scenarios {}

mod arrival;
mod checkpoint;
mod config;
mod course;
mod cursor;
mod decode;
mod error;
mod fingerprint;
mod future;
mod guard;
mod items;
mod json;
mod layer;
pub mod link;
mod malformed;
mod overlap;
mod page;
mod pages;
mod parse;
mod place;
mod pointer;
mod position;
mod progress;
mod repeat;
mod scan;
mod service;
mod strategies;
mod strategy;
mod uri;
mod view;
mod walk;

pub use self::checkpoint::Checkpoint;
pub use self::checkpoint::text::{InvalidCheckpoint, MAX_CHECKPOINT_BYTES};
pub use self::config::{
    DEFAULT_MAX_EMPTY_PAGES, DEFAULT_MAX_ITEM_BYTES, DEFAULT_MAX_PAGE_BYTES, DEFAULT_READ_AHEAD,
    OnRepeat, OriginPolicy,
};
pub use self::course::Refetch;
pub use self::cursor::Cursor;
pub use self::cursor::text::{InvalidCursor, MAX_CURSOR_BYTES};
pub use self::decode::{Decode, Typed};
pub use self::error::{PageError, PageErrorKind};
pub use self::future::ResponseFuture;
pub use self::items::{Items, Raw};
pub use self::layer::{Lazy, PaginateLayer};
pub use self::malformed::Malformed;
pub use self::overlap::{Expected, PipedBody, Spawned};
pub use self::page::Page;
pub use self::pages::{BoxStream, Pages};
pub use self::pointer::{InvalidPointer, Pointer};
pub use self::position::Position;
pub use self::progress::{End, Progress, ProgressHandle};
pub use self::repeat::MAX_REMEMBERED_CURSORS;
pub use self::service::Paginate;
pub use self::strategies::{
    AsGet, BodyTarget, Checked, Destination, EndsAt, FromFn, Header, IntoDestination, LaterBody,
    LinkHeader, NextUrl, NoNext, Offset, PageNumber, REWRITTEN_HEADERS, Range, Source, StacNext,
    Target, Token, TokenFrom, as_get, body, checked, ends_at, from_fn, header, json, last_item,
    later_body, link_query, merge_json, merge_query, query, source_fn,
};
pub use self::strategy::{Needs, Strategy, Total};
pub use self::view::PageView;
