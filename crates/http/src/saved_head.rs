use std::cell::RefCell;
use std::fmt;

use http::{Extensions, HeaderMap, HeaderName, Method, Request, Uri, Version};

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
}

struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    extensions: Extensions,
}

/// How much memory of no request there is for the next ones: of so many a thread.
const POOL: usize = 64;

thread_local! {
    // Boxed, as it is handed out by the pointer.
    #[allow(clippy::vec_box)]
    static FREE: RefCell<Vec<Box<Memory>>> = const { RefCell::new(Vec::new()) };
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
        let pooled = FREE.try_with(|free| free.borrow_mut().pop());
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
        self.memory_mut().headers.write(request.headers_mut());
        let head = self.head();
        request.method_mut().clone_from(&head.method);
        request.uri_mut().clone_from(&head.uri);
        *request.version_mut() = head.version;
        if !head.extensions.is_empty() {
            request.extensions_mut().clone_from(&head.extensions);
        }
        request
    }

    /// Makes the next request's headers in the memory of these, which are discarded.
    #[inline]
    pub fn recycle(&mut self, headers: &mut HeaderMap) {
        self.memory_mut().headers.recycle(headers);
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
        memory.headers.clear();
        // At the thread's end there is no pool any more.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < POOL {
                free.push(memory);
            }
        });
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
    use super::*;

    fn pooled() -> usize {
        FREE.with_borrow(Vec::len)
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
        let heads: Vec<_> = (0..2 * POOL)
            .map(|_| SavedHead::of(&request("secret")))
            .collect();
        assert_eq!(pooled(), 0);
        drop(heads);
        assert_eq!(pooled(), POOL);
        FREE.with_borrow_mut(|free| {
            for memory in free {
                assert!(
                    memory.head.is_none()
                        && !memory.headers.contains(&HeaderName::from_static("x-first"))
                );
            }
        });
        drop(SavedHead::of(&request("secret")));
        assert_eq!(pooled(), POOL, "it was taken and given back");
    }
}
