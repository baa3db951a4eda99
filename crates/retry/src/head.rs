use std::cell::RefCell;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, Method, Request, Uri, Version};

/// The head of a request, kept so that it can be sent again.
///
/// Its headers are a list rather than a [`HeaderMap`], which would cost two allocations; the
/// list's memory is used again by the thread's next request. Only a retry makes a map of it.
pub(crate) struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    headers: List,
    extensions: Extensions,
}

type List = Vec<(HeaderName, HeaderValue)>;

/// Lists of no request, for the next ones: at most this many a thread.
const POOL: usize = 32;

/// A list for more headers is not kept, so that one odd request does not hold memory for good.
const POOLED_HEADERS: usize = 128;

thread_local! {
    static LISTS: RefCell<Vec<List>> = const { RefCell::new(Vec::new()) };
}

impl Head {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: list(request.headers()),
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
        request.extensions_mut().clone_from(&self.extensions);
        let headers = request.headers_mut();
        headers.reserve(self.headers.len());
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        request
    }
}

/// Gives the list back, without what it held.
impl Drop for Head {
    fn drop(&mut self) {
        let mut list = std::mem::take(&mut self.headers);
        list.clear();
        if (1..=POOLED_HEADERS).contains(&list.capacity()) {
            // At the thread's end there is no pool any more.
            let _ = LISTS.try_with(|lists| {
                let mut lists = lists.borrow_mut();
                if lists.len() < POOL {
                    lists.push(list);
                }
            });
        }
    }
}

fn list(headers: &HeaderMap) -> List {
    if headers.is_empty() {
        return List::new();
    }
    let pooled = LISTS.try_with(|lists| lists.borrow_mut().pop());
    let mut list = pooled.ok().flatten().unwrap_or_default();
    list.reserve(headers.len());
    for (name, value) in headers {
        list.push((name.clone(), value.clone()));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled() -> usize {
        LISTS.with_borrow(Vec::len)
    }

    #[test]
    fn a_head_is_the_same_after_its_list_was_used_by_another() {
        let request = |value: &str| {
            Request::builder()
                .method(Method::PUT)
                .uri("https://h/p?q")
                .version(Version::HTTP_2)
                .header("x-first", value)
                .header("accept", "b")
                .header("accept", "a")
                .extension(7_u8)
                .body(())
                .unwrap()
        };
        drop(Head::of(&request("other")));
        assert_eq!(pooled(), 1);
        let original = request("own");
        let head = Head::of(&original);
        assert_eq!(pooled(), 0);

        for _ in 0..2 {
            let again = head.request("body");
            assert_eq!(again.method(), Method::PUT);
            assert_eq!(again.uri(), "https://h/p?q");
            assert_eq!(again.version(), Version::HTTP_2);
            assert_eq!(again.headers(), original.headers());
            assert!(again.headers().iter().eq(original.headers().iter()));
            assert_eq!(again.extensions().get::<u8>(), Some(&7));
        }
    }

    #[test]
    fn what_is_pooled_is_empty_and_bounded() {
        let mut request = Request::new(());
        request
            .headers_mut()
            .insert("authorization", HeaderValue::from_static("secret"));
        let heads: Vec<_> = (0..2 * POOL).map(|_| Head::of(&request)).collect();
        drop(heads);
        assert_eq!(pooled(), POOL);
        assert!(LISTS.with_borrow(|lists| lists.iter().all(Vec::is_empty)));

        LISTS.with_borrow_mut(Vec::clear);
        for number in 0..=POOLED_HEADERS {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("v"));
        }
        drop(Head::of(&request));
        assert_eq!(pooled(), 0);
    }
}
