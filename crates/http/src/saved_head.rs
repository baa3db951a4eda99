use std::fmt;

use http::{Extensions, Method, Request, Uri, Version};

use crate::saved_headers::Headers;

/// The head of a request, kept so that it can be sent again.
///
/// Usually it costs no allocation: the headers are kept as one flat copy, in memory that the
/// thread's next request uses again.
pub struct SavedHead {
    method: Method,
    uri: Uri,
    version: Version,
    headers: Headers,
    extensions: Extensions,
}

impl SavedHead {
    /// Copies method, URI, version, headers and extensions.
    // Inlined, as what it makes is large and would be copied.
    #[inline(always)]
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: Headers::of(request.headers()),
            extensions: request.extensions().clone(),
        }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The URI.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The extensions.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// A request with this head. Repeated headers keep their order.
    pub fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.to_map();
        request.extensions_mut().clone_from(&self.extensions);
        request
    }
}

/// Without headers and query, which may be secret.
impl fmt::Debug for SavedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedHead")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_the_same_after_its_memory_was_used_by_another() {
        let request = |value: &str| {
            let mut secret = http::HeaderValue::from_static("secret");
            secret.set_sensitive(true);
            Request::builder()
                .method(Method::PUT)
                .uri("https://h/p?q")
                .version(Version::HTTP_2)
                .header("x-first", value)
                .header("accept", "b")
                .header("accept", "a")
                .header("authorization", secret)
                .header("x-empty", "")
                .header("x-opaque", &b"\xff\xfe"[..])
                .extension(7_u8)
                .body(())
                .unwrap()
        };
        drop(SavedHead::of(&request("a longer one")));
        let original = request("own");
        let head = SavedHead::of(&original);

        for _ in 0..2 {
            let again = head.request("body");
            assert_eq!(again.method(), Method::PUT);
            assert_eq!(again.uri(), "https://h/p?q");
            assert_eq!(again.version(), Version::HTTP_2);
            assert_eq!(again.headers(), original.headers());
            assert!(again.headers().iter().eq(original.headers().iter()));
            assert!(again.headers()["authorization"].is_sensitive());
            assert!(!again.headers()["accept"].is_sensitive());
            assert_eq!(again.extensions().get::<u8>(), Some(&7));
        }
    }
}
