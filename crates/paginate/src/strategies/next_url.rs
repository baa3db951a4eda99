use std::fmt;

use http::HeaderName;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::stop::Stop;
use crate::cursor::Cursor;
use crate::json;
use crate::pointer::Pointer;
use crate::strategy::{Malformed, Strategy};
use crate::view::PageView;

/// Follows the next page's URL in the body or in a header of its own.
///
/// In the body it is a string or an object with an `href`, as in JSON:API and HAL. An
/// absent, null or empty one ends the list. It may be relative to the URL that answered.
///
/// ```
/// use outbound_paginate::NextUrl;
///
/// let json_api = NextUrl::at("/links/next");
/// let salesforce = NextUrl::at("/nextRecordsUrl").last("/done");
/// let header = NextUrl::header("x-next-page-url");
/// # let _ = (json_api, salesforce, header);
/// ```
#[derive(Clone, Debug)]
pub struct NextUrl {
    place: Place,
    stop: Stop,
}

#[derive(Clone, Debug)]
enum Place {
    Body(Pointer),
    Header(HeaderName),
}

impl NextUrl {
    /// Follows the URL at `pointer` in the body.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    #[must_use]
    pub fn at<T>(pointer: T) -> Self
    where
        T: TryInto<Pointer>,
        T::Error: fmt::Display,
    {
        Self {
            place: Place::Body(Pointer::expect(pointer)),
            stop: Stop::default(),
        }
    }

    /// Follows the URL in the header `name`.
    ///
    /// # Panics
    ///
    /// `name` is no header name.
    #[must_use]
    pub fn header<N>(name: N) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: fmt::Display,
    {
        Self {
            place: Place::Header(super::source::header_name(name)),
            stop: Stop::default(),
        }
    }
}

super::stop::flags!(NextUrl);

#[derive(Deserialize)]
struct LinkObject<'a> {
    #[serde(borrow)]
    href: Option<&'a RawValue>,
}

/// The URL that `value` holds; the empty string for none.
fn url(value: &RawValue) -> Option<std::borrow::Cow<'_, str>> {
    let value = match value.get().as_bytes()[0] {
        b'n' => return Some("".into()),
        b'"' => value.get(),
        b'{' => match serde_json::from_str::<LinkObject<'_>>(value.get()) {
            Ok(LinkObject { href: Some(href) }) => href.get(),
            Ok(LinkObject { href: None }) => return Some("".into()),
            Err(_) => return None,
        },
        _ => return None,
    };
    match value {
        "null" => Some("".into()),
        string if string.starts_with('"') => Some(json::plain(string)),
        _ => None,
    }
}

impl<B> Strategy<B> for NextUrl {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let next = match &self.place {
            Place::Header(name) => page.header(name.as_str())?.unwrap_or_default().into(),
            Place::Body(pointer) => match page.value(pointer)? {
                None => "".into(),
                Some(value) => url(value).ok_or_else(|| {
                    Malformed::new(format!(
                        "{pointer} is neither a URL, an object with href, nor null"
                    ))
                })?,
            },
        };
        if !self.stop.goes_on(page, !next.trim_ascii().is_empty())? {
            return Ok(None);
        }
        page.resolve(&next).map(Some)
    }
}
