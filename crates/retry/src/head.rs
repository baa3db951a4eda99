use http::{Extensions, Method, Request, Uri, Version};

use crate::headers::Headers;

/// The head of a request, kept so that it can be sent again.
pub(crate) struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    headers: Headers,
    extensions: Extensions,
}

impl Head {
    // Inlined, as what it makes is large and would be copied.
    #[inline(always)]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: Headers::of(request.headers()),
            extensions: request.extensions().clone(),
        }
    }

    pub(crate) const fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// A request with this head. Repeated headers keep their order.
    pub(crate) fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.to_map();
        request.extensions_mut().clone_from(&self.extensions);
        request
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
        drop(Head::of(&request("a longer one")));
        let original = request("own");
        let head = Head::of(&original);

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
