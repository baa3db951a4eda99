use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, PROXY_AUTHORIZATION};
use http::{HeaderMap, Request};

use crate::{CrossOrigin, DeadlineAt, Idempotent, NoAuth, ResendCount};

/// What is meant for one origin, whether it is marked or not.
const ALWAYS: [HeaderName; 4] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, HOST];

/// Takes from a request that leaves its origin what is meant for that alone, and marks it
/// [`CrossOrigin`].
///
/// It loses
///
/// - every header one of whose values is marked [sensitive](http::HeaderValue::is_sensitive);
/// - `Authorization`, `Proxy-Authorization` and `Cookie`, marked or not, and `Host`, which names
///   the other origin;
/// - all extensions but [`NoAuth`], [`Idempotent`], [`ResendCount`] and [`DeadlineAt`].
///
/// ```
/// use http::{HeaderValue, Request};
/// use outbound_http::{CrossOrigin, leave_origin};
///
/// let mut key = HeaderValue::from_static("secret");
/// key.set_sensitive(true);
/// let request = Request::get("https://elsewhere.example/");
/// let mut request = request.header("x-api-key", key).header("accept", "*/*").body(())?;
/// leave_origin(&mut request);
/// assert!(request.headers().keys().eq(["accept"]));
/// assert_eq!(request.extensions().get(), Some(&CrossOrigin));
/// # Ok::<_, http::Error>(())
/// ```
pub fn leave_origin<B>(request: &mut Request<B>) {
    remove_sensitive(request.headers_mut());
    let extensions = request.extensions_mut();
    let no_auth = extensions.remove::<NoAuth>();
    let idempotent = extensions.remove::<Idempotent>();
    let count = ResendCount::of(extensions);
    let deadline = extensions.remove::<DeadlineAt>();
    extensions.clear();
    extensions.insert(CrossOrigin);
    if let Some(no_auth) = no_auth {
        extensions.insert(no_auth);
    }
    if let Some(idempotent) = idempotent {
        extensions.insert(idempotent);
    }
    count.mark(extensions);
    if let Some(deadline) = deadline {
        extensions.insert(deadline);
    }
}

fn remove_sensitive(headers: &mut HeaderMap) {
    let sensitive: Vec<_> = headers
        .iter()
        .filter(|(name, value)| value.is_sensitive() || ALWAYS.contains(name))
        .map(|(name, _)| name.clone())
        .collect();
    for name in sensitive {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn what_is_meant_for_one_origin_stays_there_and_the_rest_goes_along() {
        let mut secret = HeaderValue::from_static("canary");
        secret.set_sensitive(true);
        let deadline = DeadlineAt(Instant::now());
        let mut request = Request::get("https://elsewhere.example/")
            .header("x-key", "of several")
            .header("x-key", secret)
            .header("authorization", "canary")
            .header("proxy-authorization", "canary")
            .header("cookie", "canary")
            .header("host", "home.example")
            .header("accept", "*/*")
            .header("accept", "text/plain")
            .extension(NoAuth)
            .extension(Idempotent(true))
            .extension(ResendCount(2))
            .extension(deadline)
            .extension("canary")
            .body(())
            .unwrap();

        leave_origin(&mut request);

        let names = request.headers().keys();
        assert!(names.eq(["accept"]), "{:?}", request.headers());
        assert_eq!(request.headers().get_all("accept").iter().count(), 2);
        let extensions = request.extensions();
        assert_eq!(extensions.len(), 5);
        assert_eq!(extensions.get(), Some(&Idempotent(true)));
        assert_eq!(extensions.get(), Some(&deadline));
        assert_eq!(extensions.get(), Some(&NoAuth));
        assert_eq!(ResendCount::of(extensions), ResendCount(2));
        assert_eq!(extensions.get(), Some(&CrossOrigin));
    }

    #[test]
    fn a_request_without_marks_gets_the_one_mark() {
        let mut request = Request::new(());
        leave_origin(&mut request);
        assert_eq!(request.extensions().len(), 1);
    }
}
