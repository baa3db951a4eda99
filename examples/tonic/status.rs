//! What gRPC says of a call, told in HTTP's terms.

use http::{Response, StatusCode};
use outbound::http::CollectedBody;
use tonic::Code;

/// gRPC fails with a status of its own under 200 OK: in the trailers, or in the head if there is
/// no message. Retry and auth go by HTTP's, which this sets; tonic goes by its own all the same.
///
/// Other codes stay as they are. `RESOURCE_EXHAUSTED` in particular is as often a quota that is
/// used up as it is a rate that was too high.
pub(crate) fn in_terms_of_http(mut response: Response<CollectedBody>) -> Response<CollectedBody> {
    let name = "grpc-status";
    let trailers = response.body().trailers();
    let code = response
        .headers()
        .get(name)
        .or(trailers.and_then(|trailers| trailers.get(name)));
    match code.map(|code| Code::from_bytes(code.as_bytes())) {
        Some(Code::Unauthenticated) => *response.status_mut() = StatusCode::UNAUTHORIZED,
        Some(Code::Unavailable) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        _ => {}
    }
    response
}
