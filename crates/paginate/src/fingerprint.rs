//! What a checkpoint knows its request by, its strategy, and a cursor.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http::Request;
use http_body::Body;

/// FNV-1a, 64 bits: the same in every process and every version of this crate, which the
/// standard library's hash does not promise. It tells mistakes apart, not attacks.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// A part that does not run into the next.
    pub(crate) fn part(&mut self, bytes: &[u8]) {
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
    }

    pub(crate) const fn end(self) -> u64 {
        self.0
    }
}

/// A strategy's [tag](crate::Strategy::tag), if it has one.
pub(crate) fn of_tag(tag: &str) -> Option<u64> {
    let mut hash = Fnv::new();
    hash.part(tag.as_bytes());
    (!tag.is_empty()).then_some(hash.end())
}

/// Method, path, query and body; not the origin, which a list may move from, and not the
/// headers, of which many differ from run to run.
pub(crate) fn of_request<B>(request: &Request<B>) -> u64
where
    B: Body + Clone,
{
    let mut hash = Fnv::new();
    hash.part(request.method().as_str().as_bytes());
    hash.part(request.uri().path().as_bytes());
    hash.part(request.uri().query().unwrap_or_default().as_bytes());
    // A body in memory is there at once; of one that is not, nothing can be said.
    let mut body = pin!(request.body().clone());
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
        if let Ok(mut data) = frame.into_data() {
            while data.has_remaining() {
                let chunk = data.chunk();
                hash.bytes(chunk);
                let len = chunk.len();
                data.advance(len);
            }
        }
    }
    hash.end()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    fn print(method: &str, uri: &str, body: &'static str) -> u64 {
        let request = Request::builder().method(method).uri(uri);
        of_request(&request.body(Full::new(Bytes::from(body))).unwrap())
    }

    #[test]
    fn it_tells_requests_apart_by_what_they_ask_for() {
        let base = print("GET", "https://h/a?b=1", "");
        // Written into checkpoints that others keep: this figure must not change.
        assert_eq!(format!("{base:016x}"), "05837ed7d4619a25");
        assert_eq!(base, print("GET", "http://other:1/a?b=1", ""));
        for other in [
            print("POST", "https://h/a?b=1", ""),
            print("GET", "https://h/b?b=1", ""),
            print("GET", "https://h/a?b=2", ""),
            print("GET", "https://h/a", "b=1"),
            print("GET", "https://h/a?b=1", "x"),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn it_tells_strategies_apart_and_knows_none_that_has_no_name() {
        let tag = of_tag("page query:page").map(|tag| format!("{tag:016x}"));
        // In checkpoints too.
        assert_eq!(tag.as_deref(), Some("52e3e3cc936e1972"));
        assert_ne!(of_tag("page query:page"), of_tag("page query:p"));
        assert_eq!(of_tag(""), None);
    }
}
