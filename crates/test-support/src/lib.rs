//! Test doubles that every layer crate shares.
//!
//! [`Strict`] holds its caller to the tower contract; [`Scripted`] answers by a list and records
//! what it was asked; [`Body`] comes in the pieces that a test wants. None of these needs a
//! socket, so a paused clock drives them all.
//!
//! [`Events`] writes down what a crate tells `tracing`.
//!
//! [`scenarios`] reads a crate's table of scenarios.
//!
//! [`FaultyServer`] is for what only a socket can do: it resets, truncates, stalls and babbles,
//! one [`Act`] for each request.

#![forbid(unsafe_code)]
// Tests are where a broken expectation should end the program.
#![allow(clippy::missing_panics_doc)]

mod body;
mod error;
mod events;
mod faulty;
mod scenarios;
mod scripted;
mod strict;

use std::future::poll_fn;

use tower_service::Service;

pub use self::body::Body;
pub use self::error::BoxError;
pub use self::events::{Events, Fields};
pub use self::faulty::{Act, FaultyServer, ReceivedRequest};
pub use self::scenarios::{Scenarios, scenarios};
pub use self::scripted::{Recorded, Scripted, Step};
pub use self::strict::{Always, Strict, StrictHandle};

/// Waits until `service` is ready, then sends `request` through it.
///
/// # Errors
///
/// Whatever `service` fails with.
pub async fn send<S, R>(service: &mut S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

/// Fails to compile unless `T` may cross threads.
pub const fn assert_send_sync<T: Send + Sync>() {}

/// Fails to compile unless the value may be sent to another thread.
pub const fn assert_send<T: Send>(_value: &T) {}
