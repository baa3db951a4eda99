//! gRPC's status told in HTTP's terms, wherever it stands.

#![cfg(feature = "tonic")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "../tonic/status.rs"]
mod status;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use outbound::http::{CollectBody, CollectedBody};

/// A whole body of one message, and these trailers.
async fn with_trailers(trailers: HeaderMap) -> CollectedBody {
    let frames = [
        Frame::data(Bytes::from("message")),
        Frame::trailers(trailers),
    ];
    let stream = StreamBody::new(futures_util::stream::iter(
        frames.map(Ok::<_, std::io::Error>),
    ));
    CollectBody::new(stream, 1024).await.unwrap()
}

fn code(code: &'static str) -> HeaderMap {
    [(
        "grpc-status".parse().unwrap(),
        HeaderValue::from_static(code),
    )]
    .into_iter()
    .collect()
}

const TOLD: [(&str, u16); 5] = [("0", 200), ("16", 401), ("14", 503), ("8", 200), ("5", 200)];

#[tokio::test]
async fn a_status_in_the_trailers_is_told() {
    for (grpc, http) in TOLD {
        let body = with_trailers(code(grpc)).await;
        let response = status::in_terms_of_http(Response::new(body));
        assert_eq!(response.status(), http, "{grpc}");
        assert_eq!(response.body().trailers(), Some(&code(grpc)));
    }
}

#[test]
fn a_status_in_the_head_is_told() {
    for (grpc, http) in TOLD {
        let mut response = Response::new(CollectedBody::default());
        *response.headers_mut() = code(grpc);
        assert_eq!(status::in_terms_of_http(response).status(), http, "{grpc}");
    }
}

#[test]
fn a_response_without_one_stays_as_it_is() {
    let mut response = Response::new(CollectedBody::default());
    *response.status_mut() = http::StatusCode::BAD_GATEWAY;
    assert_eq!(status::in_terms_of_http(response).status(), 502);
}
