use http::header::UPGRADE;
use http::{Extensions, HeaderName, Method, Request};
use outbound_http::SavedHead;

use crate::{Idempotent, Verdict};

/// A request that has it may be repeated, whatever its method
/// (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The head of a request, as far as it tells whether the request may be sent again.
pub(crate) trait Head {
    fn method(&self) -> &Method;
    fn extensions(&self) -> &Extensions;
    fn has_header(&self, name: &HeaderName) -> bool;
}

impl Head for SavedHead {
    #[inline]
    fn method(&self) -> &Method {
        self.method()
    }

    #[inline]
    fn extensions(&self) -> &Extensions {
        self.extensions()
    }

    #[inline]
    fn has_header(&self, name: &HeaderName) -> bool {
        self.has_header(name)
    }
}

impl<B> Head for Request<B> {
    #[inline]
    fn method(&self) -> &Method {
        self.method()
    }

    #[inline]
    fn extensions(&self) -> &Extensions {
        self.extensions()
    }

    #[inline]
    fn has_header(&self, name: &HeaderName) -> bool {
        self.headers().contains_key(name)
    }
}

/// Whether another attempt may follow one with this verdict without doing harm.
pub(crate) fn may_follow(head: &impl Head, verdict: Verdict) -> bool {
    let is_harmless = match verdict {
        Verdict::Done => false,
        Verdict::Unprocessed | Verdict::Throttled => true,
        Verdict::Transient => is_repeatable(head),
    };
    is_harmless && !is_upgrade(head)
}

/// What follows an upgrade is no longer HTTP, and cannot be taken back.
pub(crate) fn is_upgrade(head: &impl Head) -> bool {
    head.method() == Method::CONNECT || head.has_header(&UPGRADE)
}

/// Whether a request that may have been processed may be sent again.
fn is_repeatable(head: &impl Head) -> bool {
    match head.extensions().get() {
        Some(Idempotent(repeatable)) => *repeatable,
        None => is_idempotent(head.method()) || head.has_header(&IDEMPOTENCY_KEY),
    }
}

/// As RFC 9110, section 9.2.2, says, and the registration of QUERY, which is safe.
pub(crate) fn is_idempotent(method: &Method) -> bool {
    method.is_idempotent() || method.as_str() == "QUERY"
}
