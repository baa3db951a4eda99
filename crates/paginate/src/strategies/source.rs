use std::borrow::Cow;
use std::fmt;

use http::{HeaderName, HeaderValue, Request};

use crate::json;
use crate::pointer::Pointer;
use crate::strategy::{Malformed, Total};
use crate::uri;
use crate::view::PageView;

/// Where a page holds a value; made by [`body`], [`header`] and [`last_item`].
#[derive(Clone, Debug)]
pub struct Source(From);

#[derive(Clone, Debug)]
enum From {
    Body(Pointer),
    Header(HeaderName),
    LastItem(Pointer),
}

/// Where a request takes a value; made by [`query`] and [`header`].
#[derive(Clone, Debug)]
pub struct Target(To);

#[derive(Clone, Debug)]
enum To {
    Query(Box<str>),
    Header(HeaderName),
}

/// A header, which is both a [`Source`] and a [`Target`]; made by [`header`].
#[derive(Clone, Debug)]
pub struct Header(HeaderName);

/// The value at `pointer` in the body, outside the items.
///
/// # Panics
///
/// `pointer` is a text that is no JSON Pointer.
#[must_use]
pub fn body<T>(pointer: T) -> Source
where
    T: TryInto<Pointer>,
    T::Error: fmt::Display,
{
    Source(From::Body(Pointer::expect(pointer)))
}

/// The value at `pointer` within the page's last item.
///
/// # Panics
///
/// `pointer` is a text that is no JSON Pointer.
#[must_use]
pub fn last_item<T>(pointer: T) -> Source
where
    T: TryInto<Pointer>,
    T::Error: fmt::Display,
{
    Source(From::LastItem(Pointer::expect(pointer)))
}

/// The header `name`, of the response as a source and of the request as a target.
///
/// # Panics
///
/// `name` is no header name.
#[must_use]
pub fn header<N>(name: N) -> Header
where
    N: TryInto<HeaderName>,
    N::Error: fmt::Display,
{
    Header(header_name(name))
}

/// The query parameter `name`; the request's other parameters keep order and bytes.
#[must_use]
pub fn query(name: impl Into<Box<str>>) -> Target {
    Target(To::Query(name.into()))
}

#[track_caller]
pub(super) fn header_name<N>(name: N) -> HeaderName
where
    N: TryInto<HeaderName>,
    N::Error: fmt::Display,
{
    match name.try_into() {
        Ok(name) => name,
        Err(error) => panic!("no header name: {error}"),
    }
}

impl std::convert::From<Header> for Source {
    fn from(Header(name): Header) -> Self {
        Self(From::Header(name))
    }
}

impl std::convert::From<Header> for Target {
    fn from(Header(name): Header) -> Self {
        Self(To::Header(name))
    }
}

impl Source {
    pub(super) const fn is_last_item(&self) -> bool {
        matches!(self.0, From::LastItem(_))
    }

    /// The JSON text of the value; `null` counts as none.
    pub(super) fn read<'a>(&self, page: &PageView<'a>) -> Result<Option<Cow<'a, str>>, Malformed> {
        let value = match &self.0 {
            From::Body(pointer) => page.value(pointer)?,
            From::LastItem(pointer) => page.last_item(pointer)?,
            From::Header(name) => {
                let text = page.header(name.as_str())?;
                return Ok(text.map(|text| quote(text).into()));
            }
        };
        Ok(value
            .map(|value| value.get().into())
            .filter(|text| text != "null"))
    }

    /// A total is a hint: one that is missing, or no number, is none.
    pub(super) fn total(&self, page: &PageView<'_>) -> Option<Total> {
        let text = self.read(page).ok()??;
        json::plain(&text)
            .trim_ascii()
            .parse()
            .ok()
            .map(Total::exact)
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Target {
    /// Sets the value, given as JSON text: strings travel without their quotes.
    pub(super) fn write<B>(&self, text: &str, request: &mut Request<B>) -> Result<(), Malformed> {
        let text = json::plain(text);
        match &self.0 {
            To::Query(name) => *request.uri_mut() = uri::set_query(request.uri(), name, &text)?,
            To::Header(name) => {
                let mut value = HeaderValue::from_str(&text).map_err(|_| {
                    Malformed::new(format!("the cursor does not fit the header {name}"))
                })?;
                value.set_sensitive(true);
                request.headers_mut().insert(name, value);
            }
        }
        Ok(())
    }
}
