use http::Request;

/// Copies a request's method, URI, version, headers and extensions, without its body.
///
/// A layer that may send a request again keeps this beside the saved body: what the inner
/// service does to the head (hyper-util rewrites the URI, for one) does not reach the copy.
#[must_use]
pub fn clone_head<B>(request: &Request<B>) -> Request<()> {
    let mut head = Request::new(());
    head.method_mut().clone_from(request.method());
    head.uri_mut().clone_from(request.uri());
    *head.version_mut() = request.version();
    head.headers_mut().clone_from(request.headers());
    head.extensions_mut().clone_from(request.extensions());
    head
}

#[cfg(test)]
mod tests {
    use http::{Method, Version};

    use super::*;

    #[test]
    fn a_copied_head_keeps_the_order_of_repeated_headers_and_the_extensions() {
        let request = Request::builder()
            .method(Method::PUT)
            .uri("https://h/p?q")
            .version(Version::HTTP_2)
            .header("a", "2")
            .header("a", "1")
            .extension(7_u8)
            .body("body")
            .unwrap();

        let head = clone_head(&request);

        assert_eq!(head.method(), Method::PUT);
        assert_eq!(head.uri(), "https://h/p?q");
        assert_eq!(head.version(), Version::HTTP_2);
        assert!(head.headers().get_all("a").iter().eq(["2", "1"]));
        assert_eq!(head.extensions().get::<u8>(), Some(&7));
    }
}
