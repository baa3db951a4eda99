use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// [`Layer`] that makes a span of each send: innermost, so that each retry, each resend after a
/// 401 and each redirect has one of its own.
///
/// The span has level `INFO` and OpenTelemetry's names for HTTP clients: `otel.name` and
/// `otel.kind`, `http.request.method`, `url.full`, `server.address`, `server.port`, and where there
/// is such a thing `http.request.resend_count`, `http.response.status_code` and `error.type`. Of the
/// URL it tells neither query nor user. It ends with the response's head.
///
/// It needs the feature `tracing`; without it the layer is there and does nothing, so that a
/// stack has the same type.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AttemptSpanLayer;

impl AttemptSpanLayer {
    /// The layer; it has nothing to configure.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for AttemptSpanLayer {
    type Service = AttemptSpan<S>;

    fn layer(&self, inner: S) -> AttemptSpan<S> {
        AttemptSpan { inner }
    }
}

/// Makes a span of each send. See [`AttemptSpanLayer`].
#[derive(Clone, Debug)]
pub struct AttemptSpan<S> {
    inner: S,
}

impl<S, B, RB> Service<Request<B>> for AttemptSpan<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = AttemptSpanFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = Span::of(&request);
        let response = span.enter(|| self.inner.call(request));
        AttemptSpanFuture { response, span }
    }
}

pin_project! {
    /// The response of [`AttemptSpan`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the send in flight, and ends its span without a status.
    #[derive(Debug)]
    pub struct AttemptSpanFuture<F> {
        #[pin]
        response: F,
        span: Span,
    }
}

impl<F, RB, E> Future for AttemptSpanFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<RB>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = this.span.enter(|| this.response.poll(cx));
        if let Poll::Ready(outcome) = &outcome {
            this.span.end(outcome.as_ref().ok().map(Response::status));
        }
        outcome
    }
}

#[cfg(not(feature = "tracing"))]
use self::off::Span;
#[cfg(feature = "tracing")]
use self::on::Span;

#[cfg(not(feature = "tracing"))]
mod off {
    use http::{Request, StatusCode};

    /// No span.
    #[derive(Debug)]
    pub(super) struct Span;

    impl Span {
        pub(super) const fn of<B>(_request: &Request<B>) -> Self {
            Self
        }

        pub(super) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
            run()
        }

        pub(super) const fn end(&self, _status: Option<StatusCode>) {}
    }
}

#[cfg(feature = "tracing")]
mod on {
    use std::fmt;

    use http::{Request, StatusCode, Uri};
    use outbound_http::ResendCount;
    use tracing::field::Empty;

    #[derive(Debug)]
    pub(super) struct Span(tracing::Span);

    impl Span {
        pub(super) fn of<B>(request: &Request<B>) -> Self {
            let (method, uri) = (request.method(), request.uri());
            let ResendCount(resends) = ResendCount::of(request.extensions());
            let span = tracing::info_span!(
                "HTTP",
                otel.name = %method,
                otel.kind = "client",
                http.request.method = %method,
                url.full = %Redacted(uri),
                server.address = uri.host(),
                server.port = uri.port_u16(),
                http.request.resend_count = (resends > 0).then_some(resends),
                http.response.status_code = Empty,
                error.type = Empty,
            );
            Self(span)
        }

        pub(super) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
            self.0.in_scope(run)
        }

        /// The convention wants an error's status as its type, else a word.
        pub(super) fn end(&self, status: Option<StatusCode>) {
            let Some(status) = status else {
                self.0.record("error.type", "transport");
                return;
            };
            self.0.record("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                self.0.record("error.type", status.as_str());
            }
        }
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
}
