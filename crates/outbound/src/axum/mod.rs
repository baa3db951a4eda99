//! For handlers of axum that call other APIs.
//!
//! [`UpstreamError`] answers for a call that failed; [`IncomingDeadlineLayer`] hands the time
//! that a request has on to the calls that are made for it.

#[cfg(feature = "tracing")]
mod event;
mod incoming_deadline;
mod upstream_error;

pub use self::incoming_deadline::{IncomingDeadline, IncomingDeadlineLayer};
pub use self::upstream_error::UpstreamError;
