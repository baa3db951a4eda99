//! Holds what two or more of outbound's layers need of an HTTP message, and nothing else.
//!
//! Most users never name this crate: they meet its types as arguments of a layer that
//! re-exports them. It has four groups of items:
//!
//! - **Bodies that can be sent again**: [`Replay`] and its strategies [`CloneBody`],
//!   [`BufferBody`], [`Rewind`] and [`NoReplay`]. A strategy is a *value* that knows how to
//!   repeat a body type, because users cannot implement a foreign trait for a foreign body.
//!   Beside it [`SavedHead`], the head that goes with such a body, and [`Drain`], which reads
//!   what is left of the response that was not good enough.
//! - **Small layers** that the standard stack is made of: [`CollectLayer`],
//!   [`DeadlineLayer`], [`IdleTimeoutLayer`], [`EffectiveUriLayer`].
//! - **Origins and references**: [`Origin`] (RFC 6454) and [`resolve`] (RFC 3986, section 5),
//!   which [`resolve_uri`] does against a parsed base.
//! - **Markers** that travel in a message's extensions: [`NoAuth`], [`CrossOrigin`],
//!   [`Idempotent`], [`ResendCount`], [`Attempts`], [`EffectiveUri`], [`DeadlineAt`].
//!
//! # Example
//!
//! A body that fails midway becomes an error of the call, so that a retry layer outside of
//! [`CollectLayer`] sees it:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use outbound_http::CollectLayer;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), outbound_http::BoxError> {
//! let client = ServiceBuilder::new()
//!     .layer(CollectLayer::new(1024))
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from_static(b"[1]"))))
//!     }));
//!
//! let response = client.oneshot(Request::new(())).await?;
//! assert_eq!(response.into_body().into_bytes(), "[1]");
//! # Ok(())
//! # }
//! ```
//!
//! # Limits and errors
//!
//! | layer | default | error |
//! |---|---|---|
//! | [`CollectLayer`] | [64 MiB](CollectLayer::DEFAULT_LIMIT) of a body | [`BodyTooLarge`]; [`BrokenBody`] where it fails by itself |
//! | [`DeadlineLayer`] | [60 s](DeadlineLayer::DEFAULT_LIMIT) a call, or what [`DeadlineAt`] says | [`DeadlineExceeded`] |
//! | [`IdleTimeoutLayer`] | [30 s](IdleTimeoutLayer::DEFAULT_LIMIT) without a frame | [`IdleTimeoutExceeded`] |
//! | [`BufferBody`] | records [64 KiB](BufferBody::DEFAULT_LIMIT) of a body | none: it is then sent once |
//!
//! Each is found in a [`BoxError`] by `downcast_ref`; the errors of what is beneath stay what they are.
//!
//! # Cancellation
//!
//! Dropping a future drops the call in flight, and the body that it was reading.
//!
//! # Features
//!
//! `tokio` (off by default): [`Spawn`] on the tokio runtime, `TokioSpawn`.
//!
//! # What it does not do
//!
//! It decides nothing: whether a request is retried, which origin may receive a credential
//! and which page comes next is the business of the layer that asks.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod box_error;
mod collect;
mod cross_origin;
mod deadline;
mod drain;
mod effective_uri;
mod head;
mod idle;
mod markers;
mod origin;
mod pooled_sleep;
mod replay;
mod replay_body;
mod resolve;
mod saved_head;
mod saved_headers;
mod small;
mod spawn;

pub use self::box_error::BoxError;
pub use self::collect::{
    BodyTooLarge, BrokenBody, Collect, CollectBody, CollectFuture, CollectLayer, CollectedBody,
};
pub use self::cross_origin::leave_origin;
pub use self::deadline::{Deadline, DeadlineAt, DeadlineExceeded, DeadlineFuture, DeadlineLayer};
pub use self::drain::Drain;
pub use self::effective_uri::{
    EffectiveUri, EffectiveUriFuture, EffectiveUriLayer, EffectiveUriService,
};
pub use self::head::clone_head;
pub use self::idle::{
    IdleTimeout, IdleTimeoutBody, IdleTimeoutExceeded, IdleTimeoutFuture, IdleTimeoutLayer,
};
pub use self::markers::{Attempts, CrossOrigin, Idempotent, NoAuth, ResendCount};
pub use self::origin::{InvalidOrigin, Origin};
pub use self::pooled_sleep::PooledSleep;
pub use self::replay::{BufferBody, CloneBody, NoReplay, Replay, Rewind};
pub use self::replay_body::{ReplayBody, Superseded};
pub use self::resolve::{InvalidReference, resolve, resolve_uri};
pub use self::saved_head::SavedHead;
pub use self::spawn::Spawn;
#[cfg(feature = "tokio")]
pub use self::spawn::TokioSpawn;
