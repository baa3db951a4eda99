//! Retries HTTP requests with jittered back-off.
//!
//! [`RetryLayer`] is a [tower] layer around any `Service<http::Request<B>>`. It sends a request
//! again where that can help and can do no harm: it knows which statuses and transport errors
//! may be retried for which methods, pauses as long as the server asks for, and otherwise backs
//! off exponentially with full jitter. A [`Budget`] keeps the retries of all calls to a share of
//! their number. Errors pass through as they are.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use outbound_http::ResendCount;
//! use outbound_retry::{Attempts, RetryLayer};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Busy at first.
//! let client = service_fn(async |request: Request<Full<Bytes>>| {
//!     let resent = ResendCount::of(request.extensions()) > ResendCount(0);
//!     let status = if resent { 200 } else { 503 };
//!     let body = Full::<Bytes>::default();
//!     Response::builder().status(status).body(body).map_err(std::io::Error::other)
//! });
//!
//! let response = RetryLayer::new().layer(client).oneshot(Request::default()).await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(Attempts::of(response.extensions()), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Customization
//!
//! ```
//! use std::time::Duration;
//! use outbound_retry::{Budget, Exponential, RetryLayer};
//!
//! let layer = RetryLayer::new()
//!     .retries(5)
//!     .backoff(Exponential::new(Duration::from_millis(50), Duration::from_secs(2)))
//!     .hint_ceiling(Duration::from_secs(10))
//!     .attempt_timeout(Duration::from_secs(3))
//!     .deadline(Duration::from_secs(30))
//!     .budget(Budget::new(100, 5))
//!     .on_retry(|event| eprintln!("{event}"));
//! # let _ = layer;
//! ```
//!
//! Outcomes are judged by [`Standard`], or by a [`Classify`] of your own
//! ([`classify`](RetryLayer::classify)); pauses come from [`Exponential`], or from any closure
//! that makes an iterator ([`backoff`](RetryLayer::backoff)). A request's extensions may change
//! the settings for it alone ([`Override`], [`Idempotent`]) and ask for its number of attempts
//! ([`Report`]).
//!
//! # Defaults
//!
//! | | |
//! |--|--|
//! | sends after the first | [3](RetryLayer::DEFAULT_RETRIES) |
//! | a pause | random, up to [100 ms](Exponential::DEFAULT_BASE), doubled each time up to [5 s](Exponential::DEFAULT_CAP) |
//! | longest pause that the server may ask for | [60 s](RetryLayer::DEFAULT_HINT_CEILING) |
//! | budget | [200](Budget::DEFAULT_PER_MILLE) retries for 1000 first sends, [5](Budget::DEFAULT_RESERVE) at the start |
//! | a discarded response is read | up to [64 KiB](RetryLayer::DEFAULT_DRAIN), during the pause |
//! | attempt timeout, deadline | none |
//!
//! # Which requests are retried
//!
//! What the server did not process is sent again whatever its method: 408, 421, 425, 429, a
//! connection that was refused. What it may have processed (500, 502, 503, 504, a connection
//! that was lost) is sent again only if the method is idempotent (RFC 9110, section 9.2.2), if
//! the request has an `Idempotency-Key` header, or if its extension [`Idempotent`] says so. A
//! POST with a 503 is therefore sent once, with `Retry-After` or without. CONNECT and upgrades
//! are never sent again. [`IdempotencyKeyLayer`] gives each POST a key, for servers that know
//! them. The table of outcomes is at [`Standard`]; to look into transport errors
//! it needs the features `hyper`, `hyper-util` and `h2`, as the transport has it.
//!
//! # Bodies
//!
//! By default a body is cloned, which is cheap for `Full<Bytes>` and its like.
//! [`buffer_body`](RetryLayer::buffer_body) records a streaming body while it is sent; any other
//! way is a [`Replay`](outbound_http::Replay). A body that cannot be repeated is sent once: never
//! refused, never sent empty. Head, extensions and body are the same on every attempt, but for
//! [`ResendCount`](outbound_http::ResendCount).
//!
//! # What the server asks for
//!
//! These are heard, the first that can be read: `Retry-After-Ms`, `Retry-After` in both its forms,
//! `RateLimit` or `RateLimit-Reset`, and `X-RateLimit-Reset`, the last three where nothing remains
//! of the quota. A date is measured against the response's own `Date`. The pause is never shorter
//! than asked for, at most a tenth longer, and within the
//! [ceiling](RetryLayer::hint_ceiling). Where the server asks for more than that, the response is
//! returned at once. `X-Should-Retry: false` ends the retries; `true` asks for one where it does
//! no harm.
//!
//! # Budget
//!
//! By default there is at most one retry for five first sends to the same authority, and five
//! more: an API that is down sees 1.2 times its load, not 4 times. Where the budget is spent, the
//! outcome is returned at once. A response that was given up is marked as
//! [`exhausted`](field@Attempts::exhausted), and a retry layer further out leaves it as it is. A
//! short-lived program that drains one API may do without
//! ([`budget(None)`](RetryLayer::budget)).
//!
//! # Order
//!
//! Inside what happens once a call (validation, a hard
//! [`DeadlineLayer`](outbound_http::DeadlineLayer)), outside what happens once a try:
//! authentication, a concurrency limit, a
//! [`CollectLayer`](outbound_http::CollectLayer), without which a body that breaks midway is
//! never seen here. Nothing (permit, connection, response) is held during a pause, but what is left
//! of a discarded response is read meanwhile, so that its HTTP/1 connection can be used again: a
//! pause of zero reads nothing, and such a connection is closed.
//!
//! # Errors
//!
//! None of its own. What the last attempt came to is what the call comes to: an error as it came,
//! a response with its status, which tells in [`Attempts`] that it was given up.
//!
//! What [`Standard`] does not know ends the call, and so do the errors of tower's layers beneath:
//! `Elapsed` of its `Timeout` and `Overloaded` of its `LoadShed` are none of a transport. To give
//! an attempt up for another there is [`attempt_timeout`](RetryLayer::attempt_timeout), or a
//! [`Classify`] that knows them.
//!
//! # Cancellation
//!
//! Dropping the [`ResponseFuture`] drops the attempt in flight; no other follows.
//!
//! # What it does not do
//!
//! It does not hedge, does not resume a body with `Range`, does not slow first sends down when a
//! server is overloaded, and does not send a retry to another host. It waits by the clock of tokio:
//! outside of a tokio runtime with its time enabled, a pause panics. An error that was given up
//! cannot be marked, since it passes through as it is: stacked layers multiply their retries of
//! errors, within their budgets.
//!
//! # Features
//!
//! All are off by default. `hyper`, `hyper-util` and `h2` look into the errors of these
//! transports. `tracing` emits an event for each retry, at level `DEBUG`, with OpenTelemetry's
//! names and without secrets. `tower` exports the same decisions as a `tower::retry::Policy`, with the
//! layer's strategy for bodies as far as it can [duplicate](outbound_http::Replay::duplicate) them.
//!
//! # Scenarios
//!
#![doc = include_str!("docs/scenarios.md")]
//!
//! [tower]: https://docs.rs/tower

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod backoff;
mod budget;
mod config;
mod course;
mod event;
mod extensions;
mod future;
mod hint;
mod idempotency_key;
mod kept;
mod layer;
#[cfg(feature = "tower")]
mod policy;
mod repeat;
mod seeds;
mod service;
mod shared;
mod standard;
#[cfg(test)]
mod storm;
mod transport;
mod verdict;

pub use self::backoff::{Exponential, FullJitter, MakeBackoff};
pub use self::budget::{Budget, Token};
pub use self::event::{Cause, Event};
pub use self::extensions::{Override, Report};
pub use self::future::ResponseFuture;
pub use self::idempotency_key::{IdempotencyKey, IdempotencyKeyLayer};
pub use self::layer::RetryLayer;
#[cfg(feature = "tower")]
pub use self::policy::{Pause, Policy};
pub use self::service::Retry;
pub use self::standard::Standard;
pub use self::transport::TransportError;
pub use self::verdict::{Attempt, Classify, Verdict};
#[doc(inline)]
pub use outbound_http::{Attempts, Idempotent};
