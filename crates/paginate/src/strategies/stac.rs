use bytes::Bytes;
use http::{Method, Request};
use http_body::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

mod headers;

use super::as_get::get;
use super::next_url::linked;
use super::stop::Stop;
use super::template;
use crate::cursor::Cursor;
use crate::json::{self, edit};
use crate::malformed::Malformed;
use crate::pointer::Pointer;
use crate::strategy::{Strategy, Total};
use crate::view::PageView;

/// Follows the `next` link object of a STAC API, which names method, headers and body.
///
/// A GET link is asked for without a body. With `merge` the link's body is merged into
/// the first request's, else it replaces that. The first request's headers are kept in
/// either case, but for those that the link sets itself: each to a string, a number or an array of
/// them, of which an empty one takes the header away. A link that would set a
/// header of the connection, a credential, or a header that is [marked
/// sensitive](http::HeaderValue::is_sensitive) in the first request is malformed.
///
/// Source: [STAC API, pagination](https://api.stacspec.org/v1.0.0/item-search/#tag/Item-Search).
///
/// ```
/// use outbound_paginate::{StacNext, body};
///
/// let strategy = StacNext::new().total(body("/numberMatched"));
/// # let _ = strategy;
/// ```
#[derive(Clone, Debug)]
pub struct StacNext {
    links: Pointer,
    rel: Pointer,
    stop: Stop,
}

impl StacNext {
    /// Follows the link with `"rel": "next"` in the array at `/links`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            links: Pointer::expect("/links"),
            rel: Pointer::expect("/rel"),
            stop: Stop::default(),
        }
    }
}

impl Default for StacNext {
    fn default() -> Self {
        Self::new()
    }
}

super::stop::flags!(StacNext);
super::stop::told_total!(StacNext);

#[derive(Deserialize)]
struct Link<'a> {
    href: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default)]
    headers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    merge: Option<bool>,
}

impl<B> Strategy<B> for StacNext
where
    B: Body + Clone + From<Bytes>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let link = linked(page, &self.links, &self.rel, "next")?;
        if !self.stop.goes_on(page, link.is_some())? {
            return Ok(None);
        }
        let Some(link) = link else {
            return Ok(None);
        };
        let link: Link<'_> = serde_json::from_str(link.get())
            .map_err(|_| Malformed::new("the next link is no STAC link"))?;
        let url = page.resolve(&link.href)?;
        let url = url.as_uri().ok_or_else(Cursor::foreign)?.clone();
        let raw = |value: Option<&RawValue>| value.map_or("null", RawValue::get).to_owned();
        let with = [
            edit::quote(&link.method.unwrap_or_default().to_ascii_uppercase()),
            raw(link.headers),
            raw(link.body),
            link.merge.unwrap_or(false).to_string(),
        ];
        Ok(Some(Cursor::link(url, with)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let Some((url, [method, headers, body, merge])) = cursor.as_link() else {
            return Err(Cursor::foreign());
        };
        *request.uri_mut() = url.clone();
        headers::set(request.headers_mut(), headers)?;
        match &*json::plain(method) {
            "" | "GET" => get(request, B::from(Bytes::new())),
            "POST" => {
                *request.method_mut() = Method::POST;
                match (&**body, &**merge) {
                    ("null", "true") => {}
                    ("null", _) => template::replace(request, String::new()),
                    (body, "true") => {
                        let root = Pointer::expect("");
                        template::rewrite(request, &root, |old| edit::merge(old, &[], body))?;
                    }
                    (body, _) => template::replace(request, body.to_owned()),
                }
            }
            _ => {
                return Err(Malformed::new(
                    "the next link is neither for GET nor for POST",
                ));
            }
        }
        Ok(())
    }

    fn tag(&self) -> String {
        "stac".to_owned()
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }
}
