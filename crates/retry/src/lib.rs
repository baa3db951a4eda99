//! Retries HTTP requests with jittered back-off.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod config;
mod event;
mod extensions;
mod future;
mod hint;
mod layer;
mod seeds;
mod service;
mod transport;
mod verdict;

pub use self::backoff::{Exponential, FullJitter, MakeBackoff};
pub use self::event::{Cause, Event};
pub use self::extensions::{Attempts, Idempotent};
pub use self::future::ResponseFuture;
pub use self::layer::RetryLayer;
pub use self::service::Retry;
pub use self::transport::TransportError;
pub use self::verdict::{Attempt, Classify, Standard, Verdict};
