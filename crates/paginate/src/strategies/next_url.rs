use std::fmt;

use http::{HeaderName, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::stop::Stop;
use crate::cursor::Cursor;
use crate::json::{self, edit};
use crate::malformed::Malformed;
use crate::pointer::Pointer;
use crate::strategy::{Needs, Strategy, Total};
use crate::uri;
use crate::view::PageView;

/// Follows the next page's URL in the body or in a header of its own.
///
/// In the body it is a string or an object with an `href`, as in JSON:API and HAL. An
/// absent, null or empty one ends the list; an object with something else in it and no `href` is malformed. It may be
/// relative to the URL that answered.
///
/// ```
/// use outbound_paginate::NextUrl;
///
/// let json_api = NextUrl::at("/links/next");
/// let salesforce = NextUrl::at("/nextRecordsUrl").last("/done");
/// let header = NextUrl::header("x-next-page-url");
/// let fhir = NextUrl::in_links("/link", ("/relation", "next"), "/url");
/// let azure = NextUrl::at("/nextLink").keep_query(["api-version"]);
/// # let _ = (json_api, salesforce, header, fhir, azure);
/// ```
#[derive(Clone, Debug)]
pub struct NextUrl {
    place: Place,
    keep: Vec<Box<str>>,
    stop: Stop,
}

#[derive(Clone, Debug)]
enum Place {
    Body(Pointer),
    Header(HeaderName),
    Links(Box<Links>),
}

/// An array of link objects.
#[derive(Clone, Debug)]
struct Links {
    array: Pointer,
    rel_at: Pointer,
    rel: Box<str>,
    url: Pointer,
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
            keep: Vec::new(),
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
            place: Place::Header(super::target::header_name(name)),
            keep: Vec::new(),
            stop: Stop::default(),
        }
    }

    /// Follows the link in the array at `array` that has the string `rel.1`, or an array with it,
    /// at the pointer `rel.0`; its URL is at `url`, and a link without one is malformed. Both
    /// pointers are relative to the link.
    ///
    /// [`StacNext`](crate::StacNext) follows such links with the method and the body that
    /// they name.
    ///
    /// # Panics
    ///
    /// A pointer is a text that is no JSON Pointer.
    #[must_use]
    pub fn in_links(array: &str, rel: (&str, &str), url: &str) -> Self {
        Self {
            place: Place::Links(Box::new(Links {
                array: Pointer::expect(array),
                rel_at: Pointer::expect(rel.0),
                rel: rel.1.into(),
                url: Pointer::expect(url),
            })),
            keep: Vec::new(),
            stop: Stop::default(),
        }
    }

    /// Adds these parameters of the first request's query, as often and as they are written there,
    /// where the next URL is without them. They go to an
    /// [allowed](crate::OriginPolicy::Allow) other origin too: let no credential be among them there.
    #[must_use]
    pub fn keep_query<N: Into<Box<str>>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.keep.extend(names.into_iter().map(Into::into));
        self
    }
}

super::stop::flags!(NextUrl);
super::stop::told_total!(NextUrl);

/// The link of an array at `array` that has the relation type `rel`.
pub(super) fn linked<'a>(
    page: &PageView<'a>,
    array: &Pointer,
    rel_at: &Pointer,
    rel: &str,
) -> Result<Option<&'a RawValue>, Malformed> {
    let Some(links) = page.value(array)?.filter(|links| links.get() != "null") else {
        return Ok(None);
    };
    let links: Vec<&RawValue> = serde_json::from_str(links.get())
        .map_err(|_| Malformed::new(format!("{array} is no array of links")))?;
    Ok(links.into_iter().find(|link| {
        let found = json::find(link.get().as_bytes(), rel_at).ok().flatten();
        found.is_some_and(|found| says(found, rel))
    }))
}

/// Whether a link is of the type `rel`, of which it may have an array as in Siren.
fn says(found: &RawValue, rel: &str) -> bool {
    match serde_json::from_str::<Vec<&RawValue>>(found.get()) {
        Ok(types) => types.iter().any(|found| json::plain(found.get()) == rel),
        Err(_) => json::plain(found.get()) == rel,
    }
}

#[derive(Deserialize)]
struct LinkObject<'a> {
    #[serde(borrow)]
    href: &'a RawValue,
}

/// The URL that `value` holds; the empty string for none.
fn url(value: &RawValue) -> Option<std::borrow::Cow<'_, str>> {
    let value = match value.get().as_bytes()[0] {
        b'n' => return Some("".into()),
        b'"' => value.get(),
        b'{' => match serde_json::from_str::<LinkObject<'_>>(value.get()) {
            Ok(LinkObject { href }) => href.get(),
            // Nothing is in it, and no URL somewhere else.
            Err(_) if edit::members(value.get())?.is_empty() => return Some("".into()),
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

fn found<'a>(
    value: Option<&'a RawValue>,
    pointer: &Pointer,
) -> Result<std::borrow::Cow<'a, str>, Malformed> {
    match value {
        None => Ok("".into()),
        Some(value) => url(value).ok_or_else(|| {
            Malformed::new(format!(
                "{pointer} is neither a URL, an object with href, nor null"
            ))
        }),
    }
}

impl<B> Strategy<B> for NextUrl {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let next = match &self.place {
            Place::Header(name) => page.header(name.as_str())?.unwrap_or_default().into(),
            Place::Body(pointer) => found(page.value(pointer)?, pointer)?,
            Place::Links(links) => match linked(page, &links.array, &links.rel_at, &links.rel)? {
                None => "".into(),
                Some(link) => {
                    let url = json::find(link.get().as_bytes(), &links.url);
                    let url = url.map_err(Malformed::not_json)?.ok_or_else(|| {
                        Malformed::new(format!("the link to the next page has no {}", links.url))
                    })?;
                    found(Some(url), &links.url)?
                }
            },
        };
        if !self.stop.goes_on(page, !next.trim_ascii().is_empty())? {
            return Ok(None);
        }
        page.resolve(&next).map(Some)
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let first = request.uri().clone();
        cursor.follow(request)?;
        if !self.keep.is_empty() {
            *request.uri_mut() = uri::keep_query(request.uri(), &first, &self.keep)?;
        }
        Ok(())
    }

    fn tag(&self) -> String {
        match &self.place {
            Place::Body(pointer) => format!("url body:{pointer}"),
            Place::Header(name) => format!("url header:{name}"),
            Place::Links(links) => {
                let Links {
                    array,
                    rel_at,
                    rel,
                    url,
                } = &**links;
                format!("url {array} {rel_at}={rel} {url}")
            }
        }
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn needs(&self) -> Needs {
        match self.place {
            Place::Header(_) => self.stop.needs(),
            Place::Body(_) | Place::Links(_) => Needs::NONE,
        }
    }
}
