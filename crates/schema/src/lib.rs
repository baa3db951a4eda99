//! Validates the JSON bodies of HTTP responses against a contract, before they are used.
//!
//! [`ValidateLayer`] is a [tower] layer around any `Service<http::Request<B>>`. A [`Contract`] is
//! a list of JSON Pointers that must be there, a JSON Schema, or a Rust type; a body that breaks
//! it becomes a [`Violation`], which says where and by which rule, and never shows the value.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use outbound_schema::{Contract, ValidateLayer, Violation};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), outbound_http::BoxError> {
//! let client = service_fn(async |_: Request<()>| {
//!     let json = Response::builder().header("content-type", "application/json");
//!     json.body(Full::new(Bytes::from(r#"{"items":[{"id":1},{"id":"2"}]}"#)))
//! });
//! let contract = Contract::required(["/items/*/id: integer"])?;
//! let error = ValidateLayer::new(contract)
//!     .layer(client)
//!     .oneshot(Request::get("https://api.example.com/items?key=secret").body(())?)
//!     .await
//!     .unwrap_err();
//!
//! let violation = error.downcast_ref::<Violation>().unwrap();
//! assert_eq!(violation.instance(), "/items/1/id");
//! assert_eq!(
//!     violation.to_string(),
//!     "the body breaks its contract (https://api.example.com/items, 200) at /items/1/id, \
//!      byte 25: type: expected integer (rule /items/*/id: integer)",
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # Customization
//!
//! ```
//! use outbound_schema::{Contract, Mode, ValidateLayer};
//!
//! let layer = ValidateLayer::new(Contract::of::<Vec<u64>>())
//!     .limit(1024 * 1024)
//!     .mode(Mode::Report)
//!     .on_violation(|violation| eprintln!("{violation}"));
//! # let _ = layer;
//! ```
//!
//! [`Contract::check`] checks a text by itself, such as an item of a list.
//!
//! # Which responses are held to it
//!
//! Those with a 2xx status and a whole body: not HEAD, CONNECT, 204, 205, 206, and no other
//! status. Their content type must be `application/json` or end in `+json`, in UTF-8; one that is
//! missing is a violation, and so is a content encoding (put a decompression layer beneath) and
//! an empty body.
//!
//! # What a body is held to
//!
//! Besides its contract, to be one JSON text that all parsers read alike: duplicate keys, lone
//! surrogates, numbers beyond `f64`, nesting over 127, a byte order mark and trailing data are
//! violations. A `$ref` finds only documents that were
//! [registered](SchemaOptions::document); nothing is fetched. Patterns run in linear time; one
//! that needs look-around is refused when the contract is built. Where a schema
//! refers to itself, a body cannot make the verdict exponential: branches are remembered.
//!
//! # How a JSON Schema is checked
//!
//! Drafts 4, 6, 7, 2019-09 and 2020-12 are compiled to a program that runs over the bytes of the
//! body in the pass that checks the JSON, with no tree and no allocation ([`Engine::Fused`]).
//! `allOf` and `$ref` are merged, `anyOf` and `oneOf` are decided by the type of the value or by
//! a member that tells the branches apart; what must be looked at twice is put on a flat list
//! of that part of the body alone. A body that is refused is read again to tell where, no
//! further than to the first fault.
//!
//! What this engine does not do goes to the `jsonschema` crate with the feature `full`
//! ([`Engine::Full`]), and is refused without it, by an error that names the keyword: meta-schemas
//! as the target of `$ref`, meta-schemas of one's own and their vocabularies, a schema that
//! refers to itself for the same value, asserted formats other than those of
//! [`SchemaOptions::assert_formats`], and `contentEncoding` and `contentMediaType` of drafts 6
//! and 7. [`Contract::require_fused`] refuses them with the feature as well.
//!
//! # Order
//!
//! Outside of a retry layer: a wrong shape is not transient. In [`Mode::Enforce`] the body is
//! collected, and the same bytes are handed on; in [`Mode::Report`] every frame passes at once.
//!
//! # Cancellation
//!
//! Dropping the [`ResponseFuture`] drops the call or the body in flight.
//!
//! # What it does not do
//!
//! It does not check requests, does not change a body, and resolves no contract by route or
//! status: apply several layers, or check by yourself.
//!
//! [tower]: https://docs.rs/tower

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod body;
mod contract;
mod contracts;
mod engine;
mod finding;
#[cfg(feature = "full")]
mod full;
mod future;
mod head;
mod invalid;
mod json;
mod layer;
mod locate;
mod options;
mod pointer;
#[cfg(feature = "full")]
mod recursion;
mod refuse;
mod rejection;
mod request;
mod required;
mod routes;
mod rules;
mod sample;
mod schema;
mod select;
mod service;
mod skipped;
mod target;
mod template;
mod typed;
mod violation;
mod walk;
mod watch;

pub use self::body::ValidatedBody;
pub use self::contract::{Contract, Duplicates};
pub use self::contracts::{Contracts, StatusClass};
pub use self::future::ResponseFuture;
pub use self::invalid::InvalidContract;
pub use self::layer::{Requests, Responses, ValidateLayer};
pub use self::options::{Draft, SchemaOptions};
pub use self::refuse::{Fail, Refuse, RejectWith};
pub use self::rejection::Rejection;
pub use self::request::RequestFuture;
pub use self::routes::Routes;
pub use self::rules::{Mode, OtherMedia, Otherwise};
pub use self::schema::Engine;
pub use self::select::Selector;
pub use self::service::Validate;
pub use self::skipped::Skipped;
pub use self::violation::{Side, Violation};
