use std::cell::RefCell;
use std::fmt;
use std::mem;

use http::{Extensions, HeaderMap, HeaderName, Method, Request, Response, Uri, Version};

use crate::saved_headers::SavedHeaders;

/// The head of a request, kept so that it can be sent again.
///
/// It is a pointer into memory that the thread's next requests use again: cheap to move, and free
/// of allocations once there was a first request.
pub struct SavedHead(Option<Box<Memory>>);

#[derive(Default)]
struct Memory {
    head: Option<Head>,
    headers: SavedHeaders,
    /// What the next request's extensions are made in; empty.
    spare: Extensions,
    /// Of the headers, while it is pooled.
    bytes: usize,
}

struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    extensions: Extensions,
}

/// Memory of no request, for the next ones of the thread.
struct Pool {
    // Boxed, as it is handed out by the pointer.
    #[allow(clippy::vec_box)]
    free: Vec<Box<Memory>>,
    bytes: usize,
}

/// So much a thread is kept at most: for requests of the same time, of bytes, and of bytes of one
/// request, that an odd one does not take the place of the others. Proxies and servers refuse heads
/// of 64 KiB, whose memory is less than twice that much, and the fields' own.
const MOST_REQUESTS: usize = 64;
const MOST_BYTES: usize = 1024 * 1024;
const MOST_BYTES_OF_ONE: usize = 256 * 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

impl Pool {
    const fn new() -> Self {
        Self {
            free: Vec::new(),
            bytes: 0,
        }
    }

    fn take(&mut self) -> Option<Box<Memory>> {
        let memory = self.free.pop()?;
        self.bytes -= memory.bytes;
        Some(memory)
    }

    fn give(&mut self, memory: Box<Memory>) {
        let bytes = self.bytes + memory.bytes;
        let is_odd = memory.bytes > MOST_BYTES_OF_ONE;
        if self.free.len() < MOST_REQUESTS && bytes <= MOST_BYTES && !is_odd {
            self.bytes = bytes;
            self.free.push(memory);
        }
    }
}

const HELD: &str = "held until it is dropped";

impl SavedHead {
    /// Copies method, URI, version, headers and extensions.
    #[inline]
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::copy(
            request.method(),
            request.uri(),
            request.version(),
            request.headers(),
            request.extensions(),
        )
    }

    fn copy(
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Self {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().take());
        let mut memory = pooled.ok().flatten().unwrap_or_default();
        memory.head = Some(Head {
            method: method.clone(),
            uri: uri.clone(),
            version,
            extensions: extensions.clone(),
        });
        memory.headers.fill(headers);
        Self(Some(memory))
    }

    /// The method.
    #[inline]
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head().method
    }

    /// The URI.
    #[inline]
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.head().uri
    }

    /// The extensions.
    #[inline]
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.head().extensions
    }

    /// Whether there is a header of this name.
    #[inline]
    #[must_use]
    pub fn has_header(&self, name: &HeaderName) -> bool {
        self.memory().headers.contains(name)
    }

    /// A request with this head. Repeated headers keep their order.
    #[inline]
    pub fn request<B>(&mut self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        let memory = self.memory_mut();
        memory.headers.write(request.headers_mut());
        mem::swap(request.extensions_mut(), &mut memory.spare);
        let head = self.head();
        request.method_mut().clone_from(&head.method);
        request.uri_mut().clone_from(&head.uri);
        *request.version_mut() = head.version;
        if !head.extensions.is_empty() {
            request.extensions_mut().clone_from(&head.extensions);
        }
        request
    }

    /// Makes the next request in the memory of this response, which is discarded: its extensions are
    /// gone, and its headers unless they are very many.
    #[inline]
    pub fn recycle<B>(&mut self, response: &mut Response<B>) {
        let memory = self.memory_mut();
        memory.headers.recycle(response.headers_mut());
        response.extensions_mut().clear();
        mem::swap(response.extensions_mut(), &mut memory.spare);
    }

    #[inline]
    fn head(&self) -> &Head {
        self.memory().head.as_ref().expect(HELD)
    }

    #[inline]
    fn memory(&self) -> &Memory {
        self.0.as_ref().expect(HELD)
    }

    fn memory_mut(&mut self) -> &mut Memory {
        self.0.as_mut().expect(HELD)
    }
}

/// Gives the memory back. Of what it held only the names of headers stay, as they are mostly those
/// of the next request.
impl Drop for SavedHead {
    fn drop(&mut self) {
        let Some(mut memory) = self.0.take() else {
            return;
        };
        memory.head = None;
        memory.spare = Extensions::new();
        memory.bytes = memory.headers.clear();
        // At the thread's end there is no pool any more.
        let _ = POOL.try_with(|pool| pool.borrow_mut().give(memory));
    }
}

/// Without headers and query, which may be secret.
impl fmt::Debug for SavedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedHead")
            .field("method", self.method())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn pooled() -> usize {
        POOL.with_borrow(|pool| {
            let bytes = pool.free.iter().map(|memory| memory.bytes).sum();
            assert_eq!(pool.bytes, bytes);
            pool.free.len()
        })
    }

    fn request(value: &str) -> Request<()> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri("https://h/p?q")
            .version(Version::HTTP_2)
            .header("x-first", value)
            .extension(7_u8);
        request.body(()).unwrap()
    }

    #[test]
    fn a_head_is_the_same_after_its_memory_was_used_by_another() {
        drop(SavedHead::of(&request("a longer one")));
        let original = request("own");
        let mut head = SavedHead::of(&original);
        assert_eq!(pooled(), 0, "it is the other's memory");

        for _ in 0..2 {
            let again = head.request("body");
            assert_eq!(again.method(), Method::PUT);
            assert_eq!(again.uri(), "https://h/p?q");
            assert_eq!(again.version(), Version::HTTP_2);
            assert_eq!(*again.headers(), *original.headers());
            assert_eq!(again.extensions().get::<u8>(), Some(&7));
            assert!(head.has_header(&HeaderName::from_static("x-first")));
            assert!(!head.has_header(&HeaderName::from_static("x-second")));
        }
    }

    #[test]
    fn what_is_pooled_is_empty_and_bounded() {
        let heads: Vec<_> = (0..2 * MOST_REQUESTS)
            .map(|_| SavedHead::of(&request("secret")))
            .collect();
        assert_eq!(pooled(), 0);
        drop(heads);
        assert_eq!(pooled(), MOST_REQUESTS);
        POOL.with_borrow(|pool| {
            for memory in &pool.free {
                assert!(
                    memory.head.is_none()
                        && !memory.headers.contains(&HeaderName::from_static("x-first"))
                );
            }
        });
        drop(SavedHead::of(&request("secret")));
        assert_eq!(pooled(), MOST_REQUESTS, "it was taken and given back");
    }

    /// Of this many headers, and of about so many bytes.
    fn large(fields: usize, bytes: usize) -> Request<()> {
        let mut request = request(&"v".repeat(bytes - 100 * fields));
        for number in 1..fields {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            let value = HeaderValue::try_from("v".repeat(90)).unwrap();
            request.headers_mut().insert(name, value);
        }
        request
    }

    #[test]
    fn what_a_proxy_lets_pass_is_pooled_and_what_is_larger_is_not() {
        for (fields, bytes, count) in [
            (1, 64 * 1024, 1),
            (600, 64 * 1024, 1),
            (1, 512 * 1024, 0),
            (2000, 256 * 1024, 0),
        ] {
            POOL.set(Pool::new());
            for _ in 0..3 {
                drop(SavedHead::of(&large(fields, bytes)));
                assert_eq!(pooled(), count, "{fields}, {bytes}");
            }
        }
    }

    #[test]
    fn the_bytes_of_all_that_is_pooled_are_bounded() {
        let heads: Vec<_> = (0..MOST_REQUESTS)
            .map(|_| SavedHead::of(&large(600, 64 * 1024)))
            .collect();
        drop(heads);
        let count = pooled();
        assert!((5..20).contains(&count), "{count}");
        POOL.with_borrow(|pool| assert!(pool.bytes <= MOST_BYTES));
    }
}
