use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Method, Response, StatusCode, Version};
use http_body::Body;
use pin_project_lite::pin_project;

pin_project! {
    /// Reads what is left of a response that is discarded, so that its connection can be used
    /// again.
    ///
    /// Only HTTP/1 needs that: a stream of HTTP/2 is reset at no cost. The body is dropped at
    /// its end, at an error, and at the limit.
    pub struct Drain<RB> {
        #[pin]
        body: Option<RB>,
        left: usize,
    }
}

impl<RB> Drain<RB> {
    /// Has nothing to read.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            body: None,
            left: 0,
        }
    }
}

impl<RB: Body> Drain<RB> {
    /// Reads at most `limit` bytes of the response to a request of `method`; of a body that is
    /// known to be larger nothing is read at all.
    pub fn new(response: Response<RB>, method: &Method, limit: usize) -> Self {
        let has_body = !matches!(
            response.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) && method != Method::HEAD;
        let is_http_1 = matches!(response.version(), Version::HTTP_10 | Version::HTTP_11);
        let body = response.into_body();
        let fits = body.size_hint().lower() <= limit as u64;
        if has_body && is_http_1 && limit > 0 && fits && !body.is_end_stream() {
            Self {
                body: Some(body),
                left: limit,
            }
        } else {
            Self::nothing()
        }
    }

    /// Reads what has come. Ready once nothing is left to be read.
    pub fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        while let Some(body) = this.body.as_mut().as_pin_mut() {
            let Some(Ok(frame)) = ready!(body.poll_frame(cx)) else {
                this.body.set(None);
                break;
            };
            // An empty frame counts too: there may be endlessly many.
            let bytes = frame.data_ref().map_or(1, Buf::remaining).max(1);
            match this.left.checked_sub(bytes) {
                Some(left) => *this.left = left,
                None => this.body.set(None),
            }
        }
        Poll::Ready(())
    }
}

impl<RB> fmt::Debug for Drain<RB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
