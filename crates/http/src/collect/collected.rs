//! A body that was read.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::BoxError;

/// A body that has arrived whole, with its trailers.
#[derive(Clone, Debug, Default)]
pub struct CollectedBody {
    pub(super) bytes: Bytes,
    // Boxed, as hardly any body has them, and each response is moved through all layers.
    pub(super) trailers: Option<Box<HeaderMap>>,
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
            let bytes = mem::take(&mut this.bytes);
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
