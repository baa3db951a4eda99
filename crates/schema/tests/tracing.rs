//! The event that each violation emits.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_schema::{Contract, ValidateLayer};
use test_support::{Events, Scripted, Step, send};
use tower::Layer;
use tracing::Level;

#[test]
fn each_violation_is_an_event_with_opentelemetry_s_names_and_without_secrets() {
    let events = Events::of("outbound_schema", Level::WARN);
    let _guard = events.record();
    let layer = ValidateLayer::new(Contract::required(["/id: integer"]).unwrap());
    for body in [r#"{"id":1}"#, r#"{"id":"secret"}"#] {
        let request = Request::get("https://user:secret@api.test/items?key=secret")
            .body(Full::<Bytes>::default())
            .unwrap();
        let mut client = layer.clone().layer(Scripted::new([Step::ok(body)]));
        let _ = tokio_test::block_on(send(&mut client, request));
    }
    let events = events.take();
    let [event] = &events[..] else {
        panic!("no event for a body that meets its contract: {events:?}");
    };
    for (name, value) in [
        ("http.response.status_code", "200"),
        ("url.full", "\"https://api.test/items\""),
        ("error.type", "\"type\""),
        ("instance", "\"/id\""),
        ("rule", "\"/id: integer\""),
        ("offset", "6"),
    ] {
        assert_eq!(event.get(name), Some(value), "{name}");
    }
    assert!(!event.contain("secret"));
}
