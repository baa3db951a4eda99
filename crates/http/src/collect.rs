use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::BoxError;

/// [`Layer`] that reads the whole response body before it answers.
///
/// A body that breaks, stalls or is too large thereby becomes an error of the call, which a
/// retry or a timeout further out can see: a retry that looks at the head alone never does.
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

pin_project! {
    /// Reads a body to its end, up to a limit.
    ///
    /// What [`CollectLayer`] does to each response, for a layer that decides by itself which
    /// bodies to read.
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the body.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct CollectBody<B> {
        #[pin]
        body: B,
        limit: usize,
        read: Read,
    }
}

impl<B> CollectBody<B> {
    /// Reads `body`, which may have at most `limit` bytes.
    pub fn new(body: B, limit: usize) -> Self {
        Self {
            body,
            limit,
            read: Read::default(),
        }
    }

    /// Takes out what has been read so far: after an error, what came before it.
    #[must_use]
    pub fn take_read(self: Pin<&mut Self>) -> CollectedBody {
        std::mem::take(self.project().read).finish()
    }
}

impl<B> Future for CollectBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// [`BodyTooLarge`], or the body's own error.
    type Output = Result<CollectedBody, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let left = this.limit.saturating_sub(this.read.len());
        // Known before it is read. A HEAD response announces a length that it does not have,
        // but its body is known to have ended.
        if !this.body.is_end_stream() && this.body.size_hint().lower() > left as u64 {
            return Poll::Ready(Err(BodyTooLarge { limit: *this.limit }.into()));
        }
        loop {
            match ready!(this.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        if data.remaining() > this.limit.saturating_sub(this.read.len()) {
                            return Poll::Ready(Err(BodyTooLarge { limit: *this.limit }.into()));
                        }
                        this.read.push(data);
                    }
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            this.read.end(trailers);
                        }
                    }
                },
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Ok(std::mem::take(this.read).finish())),
            }
        }
    }
}

/// What has been read: most bodies are one frame, which is kept without a copy.
#[derive(Debug, Default)]
struct Read {
    first: Bytes,
    more: Option<Box<More>>,
}

/// What few bodies have, and would be moved with each.
#[derive(Debug, Default)]
struct More {
    /// The whole body, once it has more than one frame.
    whole: BytesMut,
    trailers: Option<HeaderMap>,
}

impl Read {
    fn len(&self) -> usize {
        let whole = self.more.as_ref().map_or(0, |more| more.whole.len());
        self.first.len() + whole
    }

    fn push(&mut self, mut data: impl Buf) {
        if self.len() == 0 {
            self.first = data.copy_to_bytes(data.remaining());
            return;
        }
        let whole = &mut self.more.get_or_insert_default().whole;
        if whole.is_empty() {
            whole.reserve(self.first.len() + data.remaining());
            whole.extend_from_slice(&self.first);
            self.first = Bytes::new();
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let length = chunk.len();
            whole.extend_from_slice(chunk);
            data.advance(length);
        }
    }

    fn end(&mut self, trailers: HeaderMap) {
        self.more.get_or_insert_default().trailers = Some(trailers);
    }

    fn finish(self) -> CollectedBody {
        let Some(more) = self.more else {
            return self.first.into();
        };
        CollectedBody {
            bytes: if more.whole.is_empty() {
                self.first
            } else {
                more.whole.freeze()
            },
            trailers: more.trailers.map(Box::new),
        }
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

/// A body that has arrived whole, with its trailers.
#[derive(Clone, Debug, Default)]
pub struct CollectedBody {
    bytes: Bytes,
    // Boxed, as hardly any body has them, and each response is moved through all layers.
    trailers: Option<Box<HeaderMap>>,
}

impl CollectedBody {
    /// The whole body that was not read yet.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The trailers that were not read yet.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// The whole body, without its trailers.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl From<Bytes> for CollectedBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            trailers: None,
        }
    }
}

impl Body for CollectedBody {
    type Data = Bytes;
    /// Never happens; `BoxError`, so that it fits where a streaming body stood.
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if !this.bytes.is_empty() {
            let bytes = std::mem::take(&mut this.bytes);
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(
            this.trailers
                .take()
                .map(|trailers| Ok(Frame::trailers(*trailers))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

/// A response body is larger than the layer's limit; the rest was not read.
#[derive(Debug)]
#[non_exhaustive]
pub struct BodyTooLarge {
    limit: usize,
}

impl BodyTooLarge {
    /// The limit that was exceeded, in bytes.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl fmt::Display for BodyTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the response body exceeds {} bytes; raise the limit of the layer that collects it, or stream it",
            self.limit
        )
    }
}

impl Error for BodyTooLarge {}
