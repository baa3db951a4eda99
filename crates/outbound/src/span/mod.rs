#[cfg(not(feature = "tracing"))]
mod off;
#[cfg(feature = "tracing")]
mod on;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(not(feature = "tracing"))]
use self::off::Span;
#[cfg(feature = "tracing")]
use self::on::Span;

/// [`Layer`] that makes a span of each send: innermost, so that each retry, each resend after a
/// 401 and each redirect has one of its own.
///
/// The span has level `INFO` and OpenTelemetry's names for HTTP clients: `otel.name` and
/// `otel.kind`, `http.request.method`, `url.full`, `server.address`, `server.port`, and where there
/// is such a thing `http.request.resend_count`, `http.response.status_code` and `error.type`, with
/// `otel.status_code`. Of the URL it tells neither query nor user. It ends with the response's head.
///
/// `error.type` is the status where that is 4xx or 5xx, `transport` where the send ended in an error,
/// and `cancelled` where it was dropped before it ended: by a deadline, an attempt timeout, a caller
/// that went away. A method that is none of RFC 9110's or RFC 5789's is `_OTHER`, as the convention has
/// it, and stands in `http.request.method_original`.
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

impl<S> AttemptSpan<S> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }
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
    /// Dropping it drops the send in flight, and ends its span as `cancelled`.
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
