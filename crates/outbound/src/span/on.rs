use std::fmt;

use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};
use outbound_http::ResendCount;
use tracing::field::Empty;

#[derive(Debug)]
pub(super) struct Span {
    span: tracing::Span,
    has_ended: bool,
}

impl Span {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let (method, uri) = (request.method(), request.uri());
        let known = is_known(method).then_some(method.as_str());
        let ResendCount(resends) = ResendCount::of(request.extensions());
        let span = tracing::info_span!(
            "HTTP",
            otel.name = known.unwrap_or("HTTP"),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = known.unwrap_or("_OTHER"),
            http.request.method_original = known.is_none().then_some(method.as_str()),
            url.full = %Redacted(uri),
            server.address = uri.host(),
            server.port = port(uri),
            http.request.resend_count = (resends > 0).then_some(resends),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let has_ended = false;
        Self { span, has_ended }
    }

    pub(super) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        self.span.in_scope(run)
    }

    /// The convention wants an error's status as its type, else a word.
    pub(super) fn end(&mut self, status: Option<StatusCode>) {
        self.has_ended = true;
        let Some(status) = status else {
            self.fail("transport");
            return;
        };
        self.span
            .record("http.response.status_code", status.as_u16());
        if status.is_client_error() || status.is_server_error() {
            self.fail(status.as_str());
        }
    }

    fn fail(&self, kind: &str) {
        self.span.record("error.type", kind);
        self.span.record("otel.status_code", "ERROR");
    }
}

/// A send that was dropped is no success.
impl Drop for Span {
    fn drop(&mut self) {
        if !self.has_ended {
            self.fail("cancelled");
        }
    }
}

/// One of RFC 9110 or RFC 5789: a name that somebody made up is no name for a metric.
fn is_known(method: &Method) -> bool {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    KNOWN.contains(method)
}

/// The convention wants the scheme's own too.
fn port(uri: &Uri) -> Option<u16> {
    let scheme = uri.scheme();
    let default = if scheme == Some(&Scheme::HTTPS) {
        Some(443)
    } else if scheme == Some(&Scheme::HTTP) {
        Some(80)
    } else {
        None
    };
    uri.port_u16().or(default)
}

/// Scheme, host, port and path; the query may hold secrets.
struct Redacted<'a>(&'a Uri);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.0;
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            write!(f, "{scheme}://{host}")?;
            if let Some(port) = uri.port() {
                write!(f, ":{port}")?;
            }
        }
        f.write_str(uri.path())?;
        if uri.query().is_some() {
            f.write_str("?REDACTED")?;
        }
        Ok(())
    }
}
