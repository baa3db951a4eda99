//! Reads one body to its end.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::Body;
use pin_project_lite::pin_project;

use super::collected::CollectedBody;
use super::read::Read;
use crate::BoxError;

pin_project! {
    /// Reads a body to its end, up to a limit.
    ///
    /// What [`CollectLayer`](crate::CollectLayer) does to each response, for a layer that decides by itself which
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

/// How many frames are read before other tasks have their turn: empty ones are bounded by nothing
/// else.
const FRAMES_A_POLL: usize = 256;

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
        mem::take(self.project().read).finish()
    }
}

impl<B> Future for CollectBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// [`BodyTooLarge`], or [`BrokenBody`] with the body's own error.
    type Output = Result<CollectedBody, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let left = this.limit.saturating_sub(this.read.len());
        // Known before it is read. A HEAD response announces a length that it does not have,
        // but its body is known to have ended.
        if !this.body.is_end_stream() && this.body.size_hint().lower() > left as u64 {
            return Poll::Ready(Err(BodyTooLarge { limit: *this.limit }.into()));
        }
        for _ in 0..FRAMES_A_POLL {
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
                Some(Err(error)) => return Poll::Ready(Err(BrokenBody(error.into()).into())),
                None => return Poll::Ready(Ok(mem::take(this.read).finish())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
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

/// A body failed before its end.
///
/// The body's own error is its [source](Error::source). This one says where it came from: whoever
/// judges it further out, as a retry layer does, could take it for one of a request that was
/// refused, while the server has answered.
#[derive(Debug)]
pub struct BrokenBody(BoxError);

impl BrokenBody {
    /// The body's own error.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The body's own error.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl fmt::Display for BrokenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke off")
    }
}

impl Error for BrokenBody {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
