use std::fmt;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{Entry, HeaderValue};
use http::{Method, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::repeat::{IDEMPOTENCY_KEY, is_idempotent};

/// [`Layer`] that gives each call that is not idempotent a key of its own.
///
/// It stands outside [`RetryLayer`](crate::RetryLayer), so that all attempts of a call have the
/// same key, and makes a POST repeatable for a server that knows such keys
/// (draft-ietf-httpapi-idempotency-key-header). For one that does not it must not be used: a key
/// is a promise of the caller that a repetition does no harm.
///
/// The key is a random UUID (RFC 9562, version 4). A key of the caller's own is kept.
///
/// ```
/// use http::{Method, Request, Response};
/// use http_body_util::Empty;
/// use outbound_retry::{Attempts, IdempotencyKeyLayer, RetryLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ServiceBuilder::new()
///     .layer(IdempotencyKeyLayer::new())
///     .layer(RetryLayer::new().retries(1))
///     .service(service_fn(async |request: Request<String>| {
///         assert_eq!(request.headers()["idempotency-key"].len(), 36);
///         let busy = Response::builder().status(503);
///         busy.body(Empty::<&[u8]>::new()).map_err(std::io::Error::other)
///     }));
///
/// let post = Request::post("https://api.example.com/").body(String::from("once"))?;
/// assert_eq!(Attempts::of(client.oneshot(post).await?.extensions()), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct IdempotencyKeyLayer {
    keys: Arc<Keys>,
}

impl IdempotencyKeyLayer {
    /// For POST, PATCH and every method that is not known to be idempotent.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for IdempotencyKeyLayer {
    type Service = IdempotencyKey<S>;

    fn layer(&self, inner: S) -> IdempotencyKey<S> {
        IdempotencyKey {
            inner,
            keys: Arc::clone(&self.keys),
        }
    }
}

impl fmt::Debug for IdempotencyKeyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyKeyLayer")
            .finish_non_exhaustive()
    }
}

/// Gives each call that is not idempotent a key of its own; see [`IdempotencyKeyLayer`].
#[derive(Clone)]
pub struct IdempotencyKey<S> {
    inner: S,
    keys: Arc<Keys>,
}

impl<S> IdempotencyKey<S> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for IdempotencyKey<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let method = request.method();
        if !is_idempotent(method) && method != Method::CONNECT {
            if let Entry::Vacant(entry) = request.headers_mut().entry(IDEMPOTENCY_KEY) {
                entry.insert(self.keys.next());
            }
        }
        self.inner.call(request)
    }
}

impl<S: fmt::Debug> fmt::Debug for IdempotencyKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyKey")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

/// Makes keys that nobody can foresee: a counter, hashed by SipHash with the operating system's
/// randomness.
#[derive(Default)]
struct Keys {
    random: RandomState,
    count: AtomicU64,
}

impl Keys {
    fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Relaxed);
        let half = |which: u8| {
            let mut hasher = self.random.build_hasher();
            hasher.write_u64(count);
            hasher.write_u8(which);
            hasher.finish()
        };
        let uuid = u128::from(half(0)) << 64 | u128::from(half(1));
        HeaderValue::from_maybe_shared(version_4(uuid)).expect("hexadecimal digits and hyphens")
    }
}

/// The text of a UUID with its version and variant bits set.
fn version_4(random: u128) -> Bytes {
    let uuid = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let mut text = BytesMut::with_capacity(36);
    for (at, shift) in (0..32).rev().enumerate() {
        if [8, 12, 16, 20].contains(&at) {
            let _ = text.write_char('-');
        }
        let digit = (uuid >> (4 * shift)) & 0xf;
        let _ = write!(text, "{digit:x}");
    }
    text.freeze()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_has_the_form_of_a_random_uuid() {
        assert_eq!(version_4(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(version_4(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(
            version_4(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            "01234567-89ab-4def-8123-456789abcdef"
        );
    }

    #[test]
    fn no_key_comes_twice() {
        let (one, two) = (Keys::default(), Keys::default());
        let keys: HashSet<_> = (0..1000).flat_map(|_| [one.next(), two.next()]).collect();
        assert_eq!(keys.len(), 2000);
    }
}
