//! The body of an answer that is no page.

use bytes::Bytes;
use http::Response;
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use tower::util::MapResponseLayer;

/// Beneath what collects bodies: that of an error is not waited for, since its status says it all,
/// whether it stalls, breaks off or is larger than a page may be.
pub(crate) fn layer() -> MapResponseLayer<
    impl Fn(Response<Incoming>) -> Response<Either<Incoming, Empty<Bytes>>> + Clone + use<>,
> {
    MapResponseLayer::new(
        |response: Response<Incoming>| match response.status().is_success() {
            true => response.map(Either::Left),
            false => response.map(|_| Either::Right(Empty::new())),
        },
    )
}
