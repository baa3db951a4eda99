use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response, response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

mod body;
mod collected;
mod read;

pub use self::body::{BodyTooLarge, BrokenBody, CollectBody};
pub use self::collected::CollectedBody;
use crate::BoxError;

/// [`Layer`] that reads the whole response body before it answers.
///
/// A body that breaks, stalls or is too large thereby becomes an error of the call
/// ([`BrokenBody`], [`BodyTooLarge`]), which a retry or a timeout further out can see: a retry that
/// looks at the head alone never does.
///
/// Trailers are kept. What comes after an upgrade (101, CONNECT) is no body and stays with
/// the connection, untouched.
#[derive(Clone, Copy, Debug)]
pub struct CollectLayer {
    limit: usize,
}

impl CollectLayer {
    /// The limit of [`CollectLayer::default`]: 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 * 1024 * 1024;

    /// Reads at most `limit` bytes; a larger body is [`BodyTooLarge`].
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit }
    }
}

/// With [`CollectLayer::DEFAULT_LIMIT`].
impl Default for CollectLayer {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl<S> Layer<S> for CollectLayer {
    type Service = Collect<S>;

    fn layer(&self, inner: S) -> Collect<S> {
        Collect {
            inner,
            limit: self.limit,
        }
    }
}

/// Reads the whole response body before it answers. See [`CollectLayer`].
#[derive(Clone, Debug)]
pub struct Collect<S> {
    inner: S,
    limit: usize,
}

impl<S> Collect<S> {
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

impl<S, B, RB> Service<Request<B>> for Collect<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    RB: Body,
    RB::Error: Into<BoxError>,
{
    type Response = Response<CollectedBody>;
    type Error = BoxError;
    type Future = CollectFuture<S::Future, RB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        CollectFuture {
            state: State::Calling {
                response: self.inner.call(request),
            },
            limit: self.limit,
        }
    }
}

pin_project! {
    /// The response of [`Collect`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call or the body in flight, and with it the connection where the
    /// transport cannot use it further.
    #[derive(Debug)]
    pub struct CollectFuture<F, RB> {
        #[pin]
        state: State<F, RB>,
        limit: usize,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F, RB> {
        Calling {
            #[pin]
            response: F,
        },
        Reading {
            head: Option<response::Parts>,
            #[pin]
            body: CollectBody<RB>,
        },
    }
}

impl<F, E, RB> Future for CollectFuture<F, RB>
where
    F: Future<Output = Result<Response<RB>, E>>,
    E: Into<BoxError>,
    RB: Body,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<CollectedBody>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    let (head, body) = response.into_parts();
                    this.state.set(State::Reading {
                        head: Some(head),
                        body: CollectBody::new(body, *this.limit),
                    });
                }
                StateProj::Reading { head, body } => {
                    let body = ready!(body.poll(cx))?;
                    let head = head.take().expect("polled after completion");
                    return Poll::Ready(Ok(Response::from_parts(head, body)));
                }
            }
        }
    }
}
