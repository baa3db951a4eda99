//! Holds the JSON bodies of HTTP responses and requests to contracts.
//!
//! [`ValidateLayer`] is a [tower] layer around any `Service<http::Request<B>>`, of a client or of
//! a server. A [`Contract`] is a list of JSON Pointers that must be there, a JSON Schema, or a
//! Rust type, checked while the bytes are scanned; which message is held to which is said by
//! status, route or a closure. A body that breaks its contract becomes a [`Violation`], which says
//! where and by which rule, and shows nothing of the body; a server makes an answer of it.
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
//! use http::{Method, StatusCode};
//! use outbound_schema::{Contract, Contracts, Mode, Routes, StatusClass, ValidateLayer};
//!
//! let user = Contract::schema(r#"{"type":"object","properties":{"id":{"type":"integer"}}}"#)?;
//! let problem = Contract::required(["/title: string"])?;
//! let routes = Routes::new()
//!     .route(Method::GET, "/users/{id}", user.clone())?
//!     .route(
//!         Method::POST,
//!         "/users",
//!         Contracts::new()
//!             .request(Contract::required(["/name: string"])?)
//!             .status(StatusCode::CREATED, user)
//!             .class(StatusClass::ClientError, problem),
//!     )?;
//! let layer = ValidateLayer::new(routes)
//!     .mode(Mode::Report)
//!     .limit(1024 * 1024)
//!     .on_violation(|violation| eprintln!("{violation}"))
//!     .on_skip(|why| eprintln!("not checked: {why}"));
//! # let _ = layer;
//! # Ok::<_, outbound_schema::InvalidContract>(())
//! ```
//!
//! [`Contract::check`] checks a text by itself, such as an item of a list.
//!
//! # Clients and servers, responses and requests
//!
//! | | a client's call fails | a server answers instead |
//! |--|--|--|
//! | responses | [`ValidateLayer::new`] | with 500 or 502, `.reject_with(Rejection::problem)` |
//! | requests | [`ValidateLayer::requests`] | with 400, 413, 415 or 422, likewise |
//!
//! For both sides apply two layers, which may share their [`Contracts`] or [`Routes`]. A server's
//! form keeps the error of the service within; [`Rejection::problem`] is an answer as RFC 9457
//! describes it, and any closure may make another. Below axum's `Router::layer`,
//! `Routes::by_matched_path` (feature `axum`) goes by the route that the router found.
//!
//! # Which messages are held to it
//!
//! A single contract is for requests, and for responses with a 2xx status; [`Contracts`] have
//! others by status, of which the exact one wins over its class, and by content type. What has no body of its own
//! passes: HEAD, CONNECT, 1xx, 204, 205, 304, and requests with a method that needs none
//! (GET, HEAD, DELETE, CONNECT, OPTIONS, TRACE); so do upgrades, and 206 but for
//! [a contract of its own](Contracts::status). All else must have a content type of JSON,
//! `application/json` or one that ends in `+json`, in UTF-8: one that is missing or another is a
//! violation unless [`other_media`](ValidateLayer::other_media) says otherwise, and so is a
//! [content encoding](ValidateLayer::encoded) (put a decompression layer where this one sees what
//! it decoded) and an [empty body](Contracts::allow_empty). What passed unchecked is told to
//! [`on_skip`](ValidateLayer::on_skip).
//!
//! # What a body is held to
//!
//! Besides its contract, to be one JSON text that all parsers read alike: duplicate keys, lone
//! surrogates, numbers beyond `f64`, nesting over 127, a byte order mark and trailing data are
//! violations. A `$ref` finds only documents that were
//! [registered](SchemaOptions::document); nothing is fetched. Patterns run in linear time; one
//! that needs look-around, or more than 10 MiB once it is compiled, is refused when the contract is
//! built. So is what is no schema by its draft's meta-schema, and a `$ref` to a document that is
//! not registered, also where nothing refers to it. Numbers are compared as they are
//! written, without rounding, by `multipleOf` too. Where a schema refers to itself, a body cannot make the verdict exponential: branches are remembered.
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
//! # What a violation shows
//!
//! Where the fault is (a JSON Pointer, and the offset in bytes), by which rule, what that rule
//! expects, and of which message: status, content type, and the URL without user and query. Never
//! the value, and no key that the contract does not spell itself: such a key is data, as a mail
//! address is, and shows as `*`. [`Contract::excerpt`] asks for both, cut to a length.
//! [`Contract::max_violations`] asks for more than the first.
//!
//! # Enforcing, reporting, sampling
//!
//! In [`Mode::Enforce`] a body is collected up to the [limit](ValidateLayer::limit), and the same
//! bytes are handed on, those of a single frame without a copy. In [`Mode::Report`] bytes, frames
//! and their timing are those without the layer: each frame is handed on at once, and the body is
//! judged when the last has been. [`sample`](ValidateLayer::sample) checks a share of the messages in
//! either mode.
//!
//! # Errors
//!
//! A call fails with a [`Violation`], or where a response exceeds the limit with a
//! [`BodyTooLarge`](outbound_http::BodyTooLarge), in a [`BoxError`](outbound_http::BoxError). The
//! errors of the service within, and of a body that fails while it is read, stay what they are. With
//! `reject_with` there is no error of this crate: there is an answer. A contract that cannot be one
//! is an [`InvalidContract`] when it is built.
//!
//! # Limits
//!
//! A response's body may have [64 MiB](ValidateLayer::DEFAULT_LIMIT), a request's
//! [2 MiB](ValidateLayer::DEFAULT_REQUEST_LIMIT), unless [`limit`](ValidateLayer::limit) says
//! otherwise; the nesting of any JSON is at most 127. [One](Contract::DEFAULT_MAX_VIOLATIONS) violation
//! is looked for. There is no limit of time: put one around.
//!
//! A check that meets values which a schema looks at more than once (branches that are not told apart by
//! the type or a member, `uniqueItems`, `unevaluated*`) takes memory: up to 40 times the body, where
//! that has a value in every two bytes. Each schema among such branches may add a kilobyte times the
//! square root of the body's length, which is 1.5 MB for 2 MiB. What would take more is looked at
//! again instead, no more often than there are such branches.
//!
//! A schema that becomes too large by merging what it refers to (100 000 nodes, or 300 000 members
//! and other parts of them) is not fused, and one with a chain of more than 200 references is
//! refused, as is one of [`Engine::Full`] whose branches refer to branches so that more than 100 000
//! look at one value, or more than 1000 of whose parts are within each other along its references:
//! schemas, used or not, and the lists and maps that hold them, so that a link of a chain by
//! `properties` is three. Where a schema asks more than 1000 schemas within each other about a
//! body, which takes one that is deep, the body is refused. [`Engine::Full`] refuses it unjudged where
//! the schema can come back to itself and this is over 3000: the most schemas within each other that
//! look at one value, anywhere in the schema, times the depth of the body, whichever of them are asked.
//!
//! # Order
//!
//! Outside of a retry layer: a wrong shape is not transient. On a server inside what limits
//! time and concurrency, and inside what decompresses requests.
//!
//! # Cancellation
//!
//! Dropping the [`ResponseFuture`] or [`RequestFuture`] drops the call or the body in flight. While
//! a request's body is read, the service that was made ready for it is held, and with it a permit
//! of a concurrency limit beneath.
//!
//! # What it does not do
//!
//! It does not change a body: no defaults, no coercion, no removal of what is unknown. It does not
//! read OpenAPI documents, streams of many JSON texts (NDJSON, `application/json-seq`, events),
//! multipart bodies, headers, queries or paths. It checks no part of a body that failed or was
//! not read to its end, and none while it arrives: in [`Mode::Enforce`] nothing is handed on
//! before all of it is there.
//!
//! # Features
//!
//! All are off by default. `full` checks by the `jsonschema` crate what this crate's own engine
//! does not. `schemars` makes contracts of types that derive their schema. `axum` goes by the route
//! that a router matched. `tracing` emits an event for each violation, at level `WARN`, with
//! OpenTelemetry's names and without secrets.
//!
//! # Scenarios
//!
#![doc = include_str!("docs/scenarios.md")]
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
mod cursor;
mod engine;
mod extent;
mod finding;
#[cfg(feature = "full")]
mod full;
mod future;
mod head;
mod invalid;
mod layer;
mod locate;
mod messages;
mod options;
mod pointer;
mod policy;
#[cfg(feature = "full")]
mod recursion;
mod refuse;
mod rejection;
mod request;
mod required;
mod routes;
mod rule;
mod rules;
mod sample;
mod schema;
mod select;
mod selected;
mod service;
mod settings;
mod skipped;
mod strict;
mod target;
mod template;
mod typed;
mod violation;
mod walk;
mod watch;

pub use self::body::ValidatedBody;
pub use self::contract::Contract;
pub use self::contracts::{Contracts, StatusClass};
pub use self::future::ResponseFuture;
pub use self::invalid::InvalidContract;
pub use self::layer::ValidateLayer;
pub use self::messages::{Requests, Responses};
pub use self::options::{Draft, SchemaOptions};
pub use self::policy::{Mode, OtherMedia, Otherwise};
pub use self::refuse::{Fail, Refuse, RejectWith};
pub use self::rejection::Rejection;
pub use self::request::RequestFuture;
pub use self::routes::Routes;
pub use self::schema::Engine;
pub use self::select::Selector;
pub use self::service::Validate;
pub use self::settings::Duplicates;
pub use self::skipped::Skipped;
pub use self::violation::{Side, Violation};
