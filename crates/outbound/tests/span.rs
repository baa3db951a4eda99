//! The spans of a call: one for each send, with the names that OpenTelemetry gives.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use outbound::retry::{Exponential, RetryLayer};
use outbound::standard;
use test_support::{Scripted, Step};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Keeps the fields of each span, in the order in which the spans were made.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(Id, Vec<String>)>>>);

struct Fields<'a>(&'a mut Vec<String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push(format!("{field}={value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push(format!("{field}={value}"));
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Vec::new();
        attributes.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().push((id.clone(), fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        let span = spans.iter_mut().rev().find(|(span, _)| span == id);
        values.record(&mut Fields(&mut span.unwrap().1));
    }
}

#[tokio::test(start_paused = true)]
async fn each_send_has_a_span_and_they_share_their_count() {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let _default = tracing::subscriber::set_default(subscriber);

    let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let api = Scripted::new([
        Step::error(lost),
        Step::status(401),
        Step::status(503),
        Step::ok("{}"),
    ]);
    let fetches = AtomicUsize::new(0);
    let tokens = Tokens::new(from_fn(move |_| {
        let token = format!("secret-{}", fetches.fetch_add(1, SeqCst));
        async move { Ok(Token::new(token).lives(Duration::from_secs(60))) }
    }));
    let scope = Scope::origin("https://api.test:8443").unwrap();
    let stack = standard()
        .retry(RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO)))
        .auth(AuthLayer::bearer_from(scope, tokens).replay())
        .service(api);
    let uri = "https://api.test:8443/items?key=secret-key";
    let request = Request::put(uri).body(Full::<Bytes>::default()).unwrap();
    stack.send(request).await.unwrap();

    let spans: Vec<_> = spans
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, fields)| fields.join(" "))
        .collect();
    let all = |rest: &str| {
        format!(
            "otel.name=PUT otel.kind=client http.request.method=PUT \
             url.full=https://api.test:8443/items?REDACTED server.address=api.test \
             server.port=8443 {rest}"
        )
    };
    assert_eq!(
        spans,
        [
            all("error.type=transport otel.status_code=ERROR"),
            all(
                "http.request.resend_count=1 http.response.status_code=401 error.type=401 otel.status_code=ERROR"
            ),
            all(
                "http.request.resend_count=2 http.response.status_code=503 error.type=503 otel.status_code=ERROR"
            ),
            all("http.request.resend_count=3 http.response.status_code=200"),
        ]
    );
}

#[tokio::test]
async fn a_span_tells_nothing_secret_of_its_url() {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let _default = tracing::subscriber::set_default(subscriber);

    let api = Scripted::from_fn(|_| Step::ok("{}"));
    let stack = standard().service(api);
    for uri in [
        "https://user:secret@h/p?secret",
        "/relative?secret",
        "http://[::1]/",
    ] {
        let mut request = Request::new(Full::<Bytes>::default());
        *request.uri_mut() = uri.parse::<Uri>().unwrap();
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert("authorization", "secret".parse().unwrap());
        stack.send(request).await.unwrap();
    }
    let spans = spans.0.lock().unwrap();
    let told: Vec<_> = spans.iter().map(|(_, fields)| fields.join(" ")).collect();
    assert!(
        told[0].contains("url.full=https://h/p?REDACTED server.address=h server.port=443 "),
        "{told:?}"
    );
    assert!(
        told[1].contains("url.full=/relative?REDACTED http."),
        "{told:?}"
    );
    assert!(
        told[2].contains("url.full=http://[::1]/ server.address=[::1] server.port=80 "),
        "{told:?}"
    );
    assert!(told.iter().all(|span| !span.contains("secret")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_dropped_is_cancelled_and_a_method_of_no_rfc_is_other() {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let _default = tracing::subscriber::set_default(subscriber);

    let slow = || Step::ok("{}").delay(Duration::from_secs(9));
    let api = Scripted::new([slow(), Step::ok("{}")]);
    let stack = standard()
        .retry(RetryLayer::new().attempt_timeout(Duration::from_secs(3)))
        .service(api);
    let request = Request::get("http://api.test/").body(Full::<Bytes>::default());
    stack.send(request.unwrap()).await.unwrap();
    let purge = Scripted::new([Step::ok("{}")]);
    let request = Request::builder().method("PURGE").uri("http://api.test/");
    let request = request.body(Full::<Bytes>::default()).unwrap();
    standard().service(purge).send(request).await.unwrap();

    let spans = spans.0.lock().unwrap();
    let told: Vec<_> = spans.iter().map(|(_, fields)| fields.join(" ")).collect();
    let at = "url.full=http://api.test/ server.address=api.test server.port=80";
    let get = format!("otel.name=GET otel.kind=client http.request.method=GET {at}");
    assert_eq!(
        told,
        [
            format!("{get} error.type=cancelled otel.status_code=ERROR"),
            format!("{get} http.request.resend_count=1 http.response.status_code=200"),
            format!(
                "otel.name=HTTP otel.kind=client http.request.method=_OTHER \
                 http.request.method_original=PURGE {at} http.response.status_code=200"
            ),
        ]
    );
}
