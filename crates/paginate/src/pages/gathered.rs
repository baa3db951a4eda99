//! What has arrived of a page.

use std::mem;

use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;

use crate::page::Page;

/// How much is set aside for a body because its head says that so much will come: 1 MiB.
const TRUSTED_LENGTH: u64 = 1024 * 1024;

#[derive(Default)]
pub(super) struct Gathered {
    parts: Option<Parts>,
    trailers: Option<HeaderMap>,
    first: Bytes,
    more: Vec<u8>,
    /// How many bytes the body is said to have at least.
    least: usize,
}

impl Gathered {
    /// A page begins, whose body has at least so many bytes.
    pub(super) fn begin(&mut self, parts: Parts, least: u64) {
        self.parts = Some(parts);
        self.least = usize::try_from(least.min(TRUSTED_LENGTH)).unwrap_or(0);
    }

    /// Takes the next bytes of the body, unless there are more than `limit` with them.
    pub(super) fn push(&mut self, data: Bytes, limit: usize) -> bool {
        let len = self.first.len() + self.more.len() + data.len();
        if len > limit {
            return false;
        }
        // A body of one piece, as collected ones are, is not copied.
        if len == data.len() {
            self.first = data;
        } else {
            if self.more.is_empty() {
                self.more.reserve_exact(len.max(self.least.min(limit)));
                self.more.extend_from_slice(&mem::take(&mut self.first));
            }
            self.more.extend_from_slice(&data);
        }
        true
    }

    pub(super) fn trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }

    /// The whole page, if one has begun.
    pub(super) fn page(&mut self, index: u64) -> Option<Page> {
        let body = if self.more.is_empty() {
            mem::take(&mut self.first)
        } else {
            mem::take(&mut self.more).into()
        };
        Some(Page {
            parts: self.parts.take()?,
            body,
            trailers: self.trailers.take(),
            index,
        })
    }

    /// Forgets the page.
    pub(super) fn clear(&mut self) {
        self.first.clear();
        self.more.clear();
        self.parts = None;
        self.trailers = None;
    }

    /// The head and the pieces of the body.
    pub(super) fn into_parts(self) -> (Option<Parts>, Vec<Bytes>) {
        let chunks = [self.first, self.more.into()];
        let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
        (self.parts, chunks.collect())
    }
}
