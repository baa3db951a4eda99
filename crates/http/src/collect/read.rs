//! What of a body has been read.

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use super::collected::CollectedBody;

/// What has been read: most bodies are one frame, which is kept without a copy.
#[derive(Debug, Default)]
pub(super) struct Read {
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
    pub(super) fn len(&self) -> usize {
        let whole = self.more.as_ref().map_or(0, |more| more.whole.len());
        self.first.len() + whole
    }

    pub(super) fn push(&mut self, mut data: impl Buf) {
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

    pub(super) fn end(&mut self, trailers: HeaderMap) {
        self.more.get_or_insert_default().trailers = Some(trailers);
    }

    pub(super) fn finish(self) -> CollectedBody {
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
