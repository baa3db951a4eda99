//! Adds credentials to HTTP requests, confined to where they belong.
//!
//! [`AuthLayer`] is a [tower] layer around any `Service<http::Request<B>>`. A static credential
//! costs what a header costs; a fetched one is shared by all requests, renewed when it is about
//! to expire and when the server refuses it. Every credential has a [`Scope`], and no secret
//! appears in a `Debug`, an error or a panic.
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use http::{Request, Response};
//! use outbound_auth::{AuthLayer, Scope};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = service_fn(|request: Request<()>| async move {
//!     let sent = request.headers().get("authorization").cloned();
//!     Ok::<_, Infallible>(Response::new(sent))
//! });
//! let scope = Scope::origin("https://api.example.com")?;
//! let service = AuthLayer::bearer(scope, "secret")?.layer(client);
//!
//! let request = Request::get("https://api.example.com/v1").body(())?;
//! let response = service.clone().oneshot(request).await?;
//! assert_eq!(response.body().as_ref().map(|value| value.as_bytes()), Some(&b"Bearer secret"[..]));
//!
//! let request = Request::get("https://elsewhere.example/v1").body(())?;
//! let response = service.oneshot(request).await?;
//! assert!(response.body().is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # Customization
//!
//! - Static: [`AuthLayer::bearer`], [`basic`](AuthLayer::basic), [`header`](AuthLayer::header),
//!   [`query`](AuthLayer::query); each has an `_env` form that reads an environment variable and a
//!   `_file` form that reads a file. Stack several to add several.
//!   [`proxy`](StaticAuthLayer::proxy) makes one for a proxy.
//! - Fetched: [`Tokens`] around a [`TokenSource`] (an async closure by [`from_fn`]), given to
//!   [`AuthLayer::bearer_from`]. In another header, or for a proxy: [`Bearer`].
//! - Fetched for each tenant, or user: [`Keyed`], and [`For`] on each request.
//! - From a file that changes, or the environment: [`FileSource`], [`EnvSource`]. From an OAuth 2.0
//!   authorization server, over any service: module `oauth2` (feature `oauth2`).
//! - As the server asks: `AuthLayer::digest` (RFC 7616; feature `digest`), `Registry` (the token
//!   challenges of OCI registries; feature `oauth2`). [`Challenge`] reads what a server asks for.
//! - Anything else: [`Authorize`]; the example program `sign` signs head and body by HMAC.
//!
//! ```
//! use std::time::Duration;
//!
//! use http::{Request, Response};
//! use outbound_auth::{AuthLayer, Scope, Token, Tokens, from_fn};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), outbound_auth::BoxError> {
//! let tokens = Tokens::new(from_fn(|why| async move {
//!     Ok(Token::new(format!("because-{why:?}")).lives(Duration::from_secs(3600)))
//! }));
//! // The API refuses the first token.
//! let client = service_fn(|request: Request<String>| async move {
//!     let refused = request.headers()["authorization"] == "Bearer because-Missing";
//!     let status = if refused { 401 } else { 200 };
//!     Response::builder().status(status).body(request.into_body())
//! });
//! let scope = Scope::origin("https://api.example.com")?;
//! let service = AuthLayer::bearer_from(scope, tokens.clone()).replay().layer(client);
//!
//! let request = Request::post("https://api.example.com/v1").body(String::from("body"))?;
//! let response = service.oneshot(request).await?;
//! assert_eq!((response.status().as_u16(), &**response.body()), (200, "body"));
//! assert_eq!((tokens.fetches(), tokens.resends()), (2, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Where a credential goes
//!
//! To the origins of its [`Scope`], and to https only, unless the scope says otherwise. Not into
//! a request marked [`NoAuth`](outbound_http::NoAuth); nor into one marked
//! [`CrossOrigin`](outbound_http::CrossOrigin), which left the origin its caller named (strict
//! forms: unless the origin is listed in the scope). A header that the caller has set is left
//! alone, and the answer to it is not judged.
//!
//! What a request gets that is out of scope differs: a static credential is simply not added;
//! its [strict](StaticAuthLayer::strict) form and every fetched credential fail with an
//! [`AuthError`] and send nothing.
//!
//! # Order
//!
//! Inside a retry layer, so that each attempt carries the credential of its moment; outside of
//! whatever logs headers only if it respects [sensitive](http::HeaderValue::is_sensitive) values.
//! A layer that follows redirects may stand on either side: above, the scope decides for each
//! hop; beneath, tower-http's `FollowRedirect` strips `Authorization` on its own, but not an API
//! key in another header: give it the policy `RemoveSensitive` (feature `follow-redirect`).
//! Extensions do not survive its hops to another origin. A 401 of whom it led to condemns nothing:
//! that is known by tower-http's `RequestUri` (the same feature), or without it by
//! [`EffectiveUriLayer`](outbound_http::EffectiveUriLayer) innermost.
//!
//! While a token is waited for, the inner service's readiness is given back: a token source may
//! go through the same client, over `ConcurrencyLimit(1)` too, with
//! [`NoAuth`](outbound_http::NoAuth) on its requests.
//!
//! # When a token is fetched
//!
//! By the first request, by the first request near the end of the token's life (which does not
//! wait), and after a 401; never by a timer. [`Tokens`] says when exactly, and what follows from a
//! failure. A request that needs a token that is valid for longer says so by [`ValidFor`].
//!
//! # What happens on a 401
//!
//! The token that was used is condemned; with [`AuthLayer::replay`] the request is sent once more
//! with the next one, and carries [`ResendCount`](outbound_http::ResendCount), as does its
//! response. If there is a newer token already, it is sent at once with that one, without a fetch.
//!
//! The 401 is handed out as it came, and the request is not sent again, if its body cannot be,
//! if no other token can be had (its extension [`ReplayError`] says why; the old one is used on),
//! or if such renewals have lately been of no use ([`Tokens::MIN_REJECTION_PAUSE`]). A second 401
//! is handed out as well. Until it is certain which one it will be, the first response is kept, and
//! nothing else of the first attempt.
//!
//! # Defaults
//!
//! | | |
//! |--|--|
//! | a token is renewed, while it is used on | [5 minutes](Tokens::DEFAULT_REFRESH_AHEAD) before that ends, at most a fifth of its life |
//! | it is no longer used | [10 seconds](Tokens::DEFAULT_MARGIN) before its end, at most a tenth of its life |
//! | a fetch takes at most | [30 seconds](Tokens::DEFAULT_FETCH_TIMEOUT) |
//! | after one that failed there is none for | [1 second](Tokens::MIN_BACKOFF), doubled up to [1 minute](Tokens::MAX_BACKOFF) |
//! | keys of [`Keyed`] | [1,024](Keyed::DEFAULT_CAPACITY) |
//! | a refused response is read | up to [64 KiB](AuthLayer::DEFAULT_DRAIN), for [100 milliseconds](AuthLayer::DRAIN_TIME) |
//!
//! # Errors
//!
//! A credential or a scope that cannot be used is an [`InvalidAuth`] when it is built, not when a
//! request is sent. The plain static form cannot fail: its error is that of the service within.
//! All others fail with an [`AuthError`], in a [`BoxError`] and before anything is sent, where the
//! request may not carry the credential
//! ([`is_out_of_scope`](AuthError::is_out_of_scope)) or there is none to be had
//! ([`is_unavailable`](AuthError::is_unavailable); why is its source). A token source says by its
//! [`FetchError`] when it is to be asked again.
//!
//! # What it does not do
//!
//! It does not retry (a 401's one further attempt apart), does not look at 403, and does not wipe
//! secrets from memory. Of Digest it leaves out `auth-int` and `userhash`. There are no other OAuth
//! grants than two, no discovery, no DPoP, no AWS signatures.
//!
//! # Cancellation
//!
//! Dropping a [`ResponseFuture`] drops the attempt in flight, or its place in the queue for a
//! token. A fetch under way belongs to no request and goes on.
//!
//! # Features
//!
//! All are off by default. `oauth2`: grants of OAuth 2.0 and the token challenges of OCI
//! registries. `digest`: HTTP Digest. `follow-redirect`: `RemoveSensitive`, a policy for tower-http's
//! redirects. `tracing`: events at levels `DEBUG` and `WARN`, without secrets.
//!
//! # Scenarios
//!
#![doc = include_str!("docs/scenarios.md")]
//!
//! [tower]: https://docs.rs/tower
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

mod admission;
mod answered_by;
mod authorize;
mod bearer;
mod builder;
mod challenge;
mod clock;
mod constructors;
mod credential;
#[cfg(feature = "digest")]
mod digest;
mod engine;
mod error;
mod event;
mod fault;
mod fetched;
mod flight;
mod future;
mod header;
mod held;
#[cfg(all(test, outbound_loom))]
mod interleavings;
mod invalid;
mod judgement;
mod kept;
mod keyed;
mod later;
mod launch;
mod layer;
mod limiter;
mod limits;
mod live;
mod marks;
#[cfg(feature = "oauth2")]
pub mod oauth2;
mod query;
#[cfg(feature = "follow-redirect")]
mod redirect;
mod refused;
#[cfg(feature = "oauth2")]
mod registry;
mod route;
mod schedule;
mod scope;
mod secret;
mod service;
mod source;
mod sources;
mod static_auth;
mod sync;
mod tokens;
mod waiter;

#[doc(no_inline)]
pub use outbound_http::BoxError;

pub use self::authorize::{Authorize, Step, Verdict};
pub use self::bearer::{Bearer, Generation, WaitForToken};
pub use self::builder::TokensBuilder;
pub use self::challenge::Challenge;
pub use self::credential::StaticCredential;
#[cfg(feature = "digest")]
pub use self::digest::{Digest, DigestMark};
pub use self::error::{AuthError, ReplayError};
pub use self::future::ResponseFuture;
pub use self::invalid::InvalidAuth;
pub use self::keyed::Keyed;
pub use self::layer::AuthLayer;
pub use self::marks::{For, ValidFor};
#[cfg(feature = "follow-redirect")]
pub use self::redirect::RemoveSensitive;
#[cfg(feature = "oauth2")]
pub use self::registry::{Registry, RegistryMark, WaitForRealm};
pub use self::scope::Scope;
pub use self::service::Auth;
pub use self::source::{FetchError, FromFn, Reason, Token, TokenSource, from_fn};
pub use self::sources::{EnvSource, FileSource};
pub use self::static_auth::{StaticAuth, StaticAuthLayer};
pub use self::tokens::Tokens;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
