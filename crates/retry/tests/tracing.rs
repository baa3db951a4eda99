//! The event that each retry emits.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_retry::{Exponential, RetryLayer};
use test_support::{Events, Scripted, Step, send};
use tower::Layer;
use tracing::Level;

#[test]
fn each_retry_is_an_event_with_opentelemetry_s_names_and_without_secrets() {
    let events = Events::of("outbound_retry", Level::DEBUG);
    let _guard = events.record();
    let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let api = Scripted::new([Step::status(503), Step::error(lost), Step::ok("")]);
    let zero = Exponential::new(Duration::ZERO, Duration::ZERO);
    let request = Request::get("https://user:secret@api.test/items?key=secret")
        .body(Full::<Bytes>::default())
        .unwrap();
    let mut client = RetryLayer::new().backoff(zero).layer(api);
    tokio_test::block_on(send(&mut client, request)).unwrap();

    let events = events.take();
    assert_eq!(events.len(), 2, "no event for a first send or a success");
    let field = |event: usize, name| events[event].get(name);
    assert_eq!(field(0, "http.request.method"), Some("GET"));
    assert_eq!(field(0, "http.request.resend_count"), Some("1"));
    assert_eq!(field(0, "http.response.status_code"), Some("503"));
    assert_eq!(field(0, "error.type"), Some("503"));
    assert_eq!(field(0, "server.address"), Some("\"api.test\""));
    assert_eq!(field(1, "http.request.resend_count"), Some("2"));
    assert_eq!(field(1, "http.response.status_code"), None);
    assert_eq!(field(1, "error.type"), Some("transport"));
    assert!(events.iter().all(|event| !event.contain("secret")));
}
