//! The event that each violation emits.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_schema::{Contract, ValidateLayer};
use test_support::{Scripted, Step, send};
use tower::Layer;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes down the fields of each event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Line>>>);

#[derive(Default)]
struct Line(Vec<(&'static str, String)>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("outbound_schema") && *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn each_violation_is_an_event_with_opentelemetry_s_names_and_without_secrets() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let layer = ValidateLayer::new(Contract::required(["/id: integer"]).unwrap());
    for body in [r#"{"id":1}"#, r#"{"id":"secret"}"#] {
        let request = Request::get("https://user:secret@api.test/items?key=secret")
            .body(Full::<Bytes>::default())
            .unwrap();
        let mut client = layer.clone().layer(Scripted::new([Step::ok(body)]));
        let _ = tokio_test::block_on(send(&mut client, request));
    }
    let lines = log.0.lock().unwrap();
    assert_eq!(
        lines.len(),
        1,
        "no event for a body that meets its contract"
    );
    let fields = &lines[0].0;
    let field = |name| fields.iter().find(|(field, _)| *field == name);
    for (name, value) in [
        ("http.response.status_code", "200"),
        ("url.full", "\"https://api.test/items\""),
        ("error.type", "\"type\""),
        ("instance", "\"/id\""),
        ("rule", "\"/id: integer\""),
        ("offset", "6"),
    ] {
        assert_eq!(
            field(name).map(|(_, value)| value.as_str()),
            Some(value),
            "{name}"
        );
    }
    assert!(fields.iter().all(|(_, value)| !value.contains("secret")));
}
