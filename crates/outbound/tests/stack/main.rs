//! What the standard stack makes of its parts.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod deadlines;
mod failures;
mod pages;
mod sends;
mod slots;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use outbound::retry::{Exponential, RetryLayer};

const SECOND: Duration = Duration::from_secs(1);

fn request(method: Method, uri: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from("{}"));
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().unwrap();
    request
}

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}
