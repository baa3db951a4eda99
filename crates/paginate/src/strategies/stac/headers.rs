//! The headers that a link object names.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::value::RawValue;

use crate::json::{self, edit};
use crate::malformed::Malformed;

/// What a link may not set.
const RESERVED: [HeaderName; 13] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HOST,
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    CONTENT_LENGTH,
    EXPECT,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Sets the headers of a link's object of them.
pub(super) fn set(headers: &mut HeaderMap, object: &str) -> Result<(), Malformed> {
    if object == "null" {
        return Ok(());
    }
    let members = edit::members(object)
        .ok_or_else(|| Malformed::new("the headers of the next link are no object"))?;
    for (name, values) in members {
        let name = HeaderName::try_from(&*name).ok().filter(|name| {
            let ours = headers.get(name).is_some_and(HeaderValue::is_sensitive);
            !ours && !RESERVED.contains(name)
        });
        let name =
            name.ok_or_else(|| Malformed::new("the next link sets a header that it may not"))?;
        headers.remove(&name);
        let values = match serde_json::from_str::<Vec<&RawValue>>(values.get()) {
            Ok(values) => values,
            Err(_) => vec![values],
        };
        for value in values {
            headers.append(&name, header_value(value)?);
        }
    }
    Ok(())
}

fn header_value(value: &RawValue) -> Result<HeaderValue, Malformed> {
    Some(value.get())
        .filter(|text| text.starts_with(['"', '-']) || text.as_bytes()[0].is_ascii_digit())
        .and_then(|text| HeaderValue::from_str(&json::plain(text)).ok())
        .ok_or_else(|| Malformed::new("the next link has a header whose value is none"))
}
