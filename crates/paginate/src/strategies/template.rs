//! Reads and rewrites the body of a request that is made of the first one.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::Request;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http_body::Body;

use crate::json::edit::EditError;
use crate::malformed::Malformed;
use crate::pointer::Pointer;

/// The headers that a request loses where its body is rewritten, since they speak of the
/// old one: its length, its encoding and its digests.
///
/// `Content-Type` stays, and is `application/json` where there was none.
pub const REWRITTEN_HEADERS: [HeaderName; 7] = [
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// The whole of a body that is in memory.
pub(super) fn read<B: Body>(body: B) -> Result<Bytes, Malformed> {
    let mut body = pin!(body);
    // A body in memory never waits, so that nobody has to be woken.
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = BytesMut::new();
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(None) => return Ok(read.freeze()),
            Poll::Ready(Some(Ok(frame))) => {
                if let Ok(mut data) = frame.into_data() {
                    let whole = read.is_empty() && body.is_end_stream();
                    if whole {
                        return Ok(data.copy_to_bytes(data.remaining()));
                    }
                    read.put(data);
                }
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {
                return Err(Malformed::new(
                    "the request's body is not at hand, so that no cursor can be put into it; \
                     send one that is in memory",
                ));
            }
        }
    }
}

pub(super) fn not_json() -> Malformed {
    Malformed::new("the request's body is not JSON, so that no cursor can be put into it")
}

/// Replaces the body by what `edit` makes of it.
pub(super) fn rewrite<B>(
    request: &mut Request<B>,
    pointer: &Pointer,
    edit: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<(), Malformed>
where
    B: Body + Clone + From<Bytes>,
{
    let body = read(request.body().clone())?;
    let body = std::str::from_utf8(&body).map_err(|_| not_json())?;
    let body = edit(body).map_err(|error| match error {
        EditError::NotJson => not_json(),
        EditError::NoPlace => Malformed::new(format!(
            "the request's body has no place for a cursor at {pointer}"
        )),
    })?;
    replace(request, body);
    Ok(())
}

/// Gives a request another JSON body.
pub(super) fn replace<B: From<Bytes>>(request: &mut Request<B>, body: String) {
    *request.body_mut() = B::from(Bytes::from(body));
    forget_body(request);
    let headers = request.headers_mut();
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

/// Takes away what the headers say of a body that is no longer there.
pub(super) fn forget_body<B>(request: &mut Request<B>) {
    for name in &REWRITTEN_HEADERS {
        request.headers_mut().remove(name);
    }
}
