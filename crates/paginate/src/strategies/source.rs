use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use super::target::{Header, header_name};
use crate::json::{self, edit::quote};
use crate::malformed::Malformed;
use crate::pointer::Pointer;
use crate::strategy::Total;
use crate::uri;
use crate::view::PageView;

/// Where a page holds a value; made by [`body`], [`header`], [`last_item`],
/// [`link_query`] and [`source_fn`].
#[derive(Clone, Debug)]
pub struct Source {
    from: From,
    estimated: bool,
}

#[derive(Clone, Debug)]
enum From {
    Body(Pointer),
    Header(HeaderName),
    LastItem(Pointer),
    LinkQuery { rel: Box<str>, name: Box<str> },
    Function(Function),
}

#[derive(Clone)]
#[allow(clippy::type_complexity)]
struct Function(Arc<dyn Fn(&PageView<'_>) -> Result<Option<String>, Malformed> + Send + Sync>);

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
    Source::new(From::Body(Pointer::expect(pointer)))
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
    Source::new(From::LastItem(Pointer::expect(pointer)))
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

/// The query parameter `name` in the target of the `Link` header's first link with the
/// relation type `rel`.
///
/// With it a list of numbered pages knows its end from a link to the last page:
/// `PageNumber::query("page").total_pages(link_query("last", "page"))`.
#[must_use]
pub fn link_query(rel: impl Into<Box<str>>, name: impl Into<Box<str>>) -> Source {
    Source::new(From::LinkQuery {
        rel: rel.into(),
        name: name.into(),
    })
}

/// What a function finds: for XML, and for whatever else no other source reads.
///
/// ```
/// use outbound_paginate::{PageView, Token, query, source_fn};
///
/// let s3 = Token::from(source_fn(|page: &PageView<'_>| {
///     let xml = String::from_utf8_lossy(page.rest());
///     let token = xml.split_once("<NextContinuationToken>");
///     Ok(token.and_then(|(_, rest)| Some(rest.split_once('<')?.0.to_owned())))
/// }))
/// .to(query("continuation-token"));
/// # let _ = s3;
/// ```
#[must_use]
pub fn source_fn<F>(find: F) -> Source
where
    F: Fn(&PageView<'_>) -> Result<Option<String>, Malformed> + Send + Sync + 'static,
{
    Source::new(From::Function(Function(Arc::new(find))))
}

impl std::convert::From<Header> for Source {
    fn from(Header(name): Header) -> Self {
        Self::new(From::Header(name))
    }
}

impl Source {
    const fn new(from: From) -> Self {
        Self {
            from,
            estimated: false,
        }
    }

    /// Takes a total for an estimate: it is shown as progress, and ends no list.
    #[must_use]
    pub fn estimated(self) -> Self {
        Self {
            estimated: true,
            ..self
        }
    }

    /// See [`Strategy::tag`](crate::Strategy::tag).
    pub(super) fn tag(&self) -> String {
        match &self.from {
            From::Body(pointer) => format!("body:{pointer}"),
            From::Header(name) => format!("header:{name}"),
            From::LastItem(pointer) => format!("last:{pointer}"),
            From::LinkQuery { rel, name } => format!("link:{rel} {name}"),
            From::Function(_) => "fn".to_owned(),
        }
    }

    pub(super) const fn is_header(&self) -> bool {
        matches!(self.from, From::Header(_))
    }

    pub(super) const fn is_last_item(&self) -> bool {
        matches!(self.from, From::LastItem(_))
    }

    /// The JSON text of the value; `null` counts as none.
    pub(super) fn read<'a>(&self, page: &PageView<'a>) -> Result<Option<Cow<'a, str>>, Malformed> {
        let string = |text: String| Cow::Owned(quote(&text));
        let value = match &self.from {
            From::Body(pointer) => page.value(pointer)?,
            From::LastItem(pointer) => page.last_item(pointer)?,
            From::Header(name) => {
                let text = page.header(name.as_str())?;
                return Ok(text.map(|text| string(text.to_owned())));
            }
            From::LinkQuery { rel, name } => {
                let Some(link) = page.links().find(|link| link.has_rel(rel)) else {
                    return Ok(None);
                };
                let target = uri::resolve(page.effective(), link.target())?;
                return Ok(uri::query_value(&target, name).map(string));
            }
            From::Function(Function(find)) => return Ok(find(page)?.map(string)),
        };
        Ok(value
            .map(|value| value.get().into())
            .filter(|text| text != "null"))
    }

    /// A total is a hint: one that is missing, or no number, is none.
    pub(super) fn total(&self, page: &PageView<'_>) -> Option<Total> {
        let number = self.number(page).ok()??;
        Some(if self.estimated {
            Total::estimate(number)
        } else {
            Total::exact(number)
        })
    }

    /// The value as a number, if there is one.
    pub(super) fn number(&self, page: &PageView<'_>) -> Result<Option<u64>, Malformed> {
        let Some(text) = self.read(page)? else {
            return Ok(None);
        };
        let number = json::plain(&text).trim_ascii().parse();
        number
            .map(Some)
            .map_err(|_| Malformed::new("what should be a number of items or pages is none"))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}
