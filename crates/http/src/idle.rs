use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower_layer::Layer;
use tower_service::Service;

use crate::BoxError;

/// [`Layer`] that fails a response body from which nothing comes for too long.
///
/// The time counts only while somebody waits for the next frame: a slow consumer does not
/// time out its own body. The call itself is not limited; see
/// [`DeadlineLayer`](crate::DeadlineLayer).
#[derive(Clone, Copy, Debug)]
pub struct IdleTimeoutLayer {
    limit: Duration,
}

impl IdleTimeoutLayer {
    /// The limit of [`IdleTimeoutLayer::default`]: 30 seconds.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

    /// Fails bodies that make their reader wait longer than `limit` for a frame.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

/// With [`IdleTimeoutLayer::DEFAULT_LIMIT`].
impl Default for IdleTimeoutLayer {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl<S> Layer<S> for IdleTimeoutLayer {
    type Service = IdleTimeout<S>;

    fn layer(&self, inner: S) -> IdleTimeout<S> {
        IdleTimeout {
            inner,
            limit: self.limit,
        }
    }
}

/// Fails a response body from which nothing comes for too long. See [`IdleTimeoutLayer`].
#[derive(Clone, Debug)]
pub struct IdleTimeout<S> {
    inner: S,
    limit: Duration,
}

impl<S> IdleTimeout<S> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, R, RB> Service<R> for IdleTimeout<S>
where
    S: Service<R, Response = Response<RB>>,
{
    type Response = Response<IdleTimeoutBody<RB>>;
    type Error = S::Error;
    type Future = IdleTimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        IdleTimeoutFuture {
            response: self.inner.call(request),
            limit: self.limit,
        }
    }
}

pin_project! {
    /// The response of [`IdleTimeout`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call in flight.
    #[derive(Debug)]
    pub struct IdleTimeoutFuture<F> {
        #[pin]
        response: F,
        limit: Duration,
    }
}

impl<F, RB, E> Future for IdleTimeoutFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<IdleTimeoutBody<RB>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.response.poll(cx))?;
        Poll::Ready(Ok(
            response.map(|body| IdleTimeoutBody::new(body, *this.limit))
        ))
    }
}

pin_project! {
    /// A body that fails with [`IdleTimeoutExceeded`] when its reader waits too long for a frame.
    #[derive(Debug)]
    pub struct IdleTimeoutBody<B> {
        #[pin]
        body: B,
        limit: Duration,
        // One timer for the whole body, made at the first real wait and re-armed by the others.
        // Boxed, so that the body is `Unpin` where the inner one is.
        timer: Option<Pin<Box<Sleep>>>,
        waiting: bool,
    }
}

impl<B> IdleTimeoutBody<B> {
    const fn new(body: B, limit: Duration) -> Self {
        Self {
            body,
            limit,
            timer: None,
            waiting: false,
        }
    }
}

impl<B> Body for IdleTimeoutBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            *this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if !*this.waiting {
            *this.waiting = true;
            match (this.timer.as_mut(), Instant::now().checked_add(*this.limit)) {
                (Some(timer), Some(at)) => timer.as_mut().reset(at),
                _ => *this.timer = Some(Box::pin(sleep(*this.limit))),
            }
        }
        match this.timer.as_mut().map(|timer| timer.as_mut().poll(cx)) {
            Some(Poll::Ready(())) => {
                *this.waiting = false;
                Poll::Ready(Some(Err(IdleTimeoutExceeded { limit: *this.limit }.into())))
            }
            _ => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Nothing came from a response body for too long.
#[derive(Debug)]
#[non_exhaustive]
pub struct IdleTimeoutExceeded {
    limit: Duration,
}

impl IdleTimeoutExceeded {
    /// The time that a frame had to come.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for IdleTimeoutExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nothing came from the response body for {:?}",
            self.limit
        )
    }
}

impl Error for IdleTimeoutExceeded {}
