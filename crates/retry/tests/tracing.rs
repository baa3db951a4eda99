//! The event that each retry emits.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_retry::{Exponential, RetryLayer};
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
        metadata.target().starts_with("outbound_retry") && *metadata.level() <= Level::DEBUG
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().expect("not poisoned").push(line);
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
fn each_retry_is_an_event_with_opentelemetry_s_names_and_without_secrets() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let api = Scripted::new([Step::status(503), Step::error(lost), Step::ok("")]);
    let zero = Exponential::new(Duration::ZERO, Duration::ZERO);
    let request = Request::get("https://user:secret@api.test/items?key=secret")
        .body(Full::<Bytes>::default())
        .unwrap();
    let mut client = RetryLayer::new().backoff(zero).layer(api);
    tokio_test::block_on(send(&mut client, request)).unwrap();

    let lines = log.0.lock().unwrap();
    assert_eq!(lines.len(), 2, "no event for a first send or a success");
    let field = |line: usize, name| {
        let fields = &lines[line].0;
        fields
            .iter()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(field(0, "http.request.method"), Some("GET"));
    assert_eq!(field(0, "http.request.resend_count"), Some("1"));
    assert_eq!(field(0, "http.response.status_code"), Some("503"));
    assert_eq!(field(0, "error.type"), Some("503"));
    assert_eq!(field(0, "server.address"), Some("\"api.test\""));
    assert_eq!(field(1, "http.request.resend_count"), Some("2"));
    assert_eq!(field(1, "http.response.status_code"), None);
    assert_eq!(field(1, "error.type"), Some("transport"));
    let all = lines.iter().flat_map(|line| &line.0);
    assert!(all.clone().all(|(_, value)| !value.contains("secret")));
}
