use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;

/// One page: a whole response.
#[non_exhaustive]
pub struct Page {
    /// The response's head.
    pub parts: Parts,
    /// The response's body.
    pub body: Bytes,
    /// The response's trailers.
    pub trailers: Option<HeaderMap>,
    /// The page's place in the stream, from 0.
    pub index: u64,
}

// Headers and body may hold secrets.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("index", &self.index)
            .field("status", &self.parts.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
