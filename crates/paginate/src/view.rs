use std::fmt;

use http::header::HeaderMap;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};
use outbound_http::Origin;
use serde_json::value::RawValue;

use crate::cursor::Cursor;
use crate::json;
use crate::link::{self, Link};
use crate::malformed::Malformed;
use crate::pointer::Pointer;
use crate::uri;

/// What a [`Strategy`](crate::Strategy) sees of a page.
#[derive(Clone, Copy)]
pub struct PageView<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) asked: &'a Uri,
    pub(crate) effective: &'a Uri,
    /// What a layer beneath has put before the path that was asked for, if it was a path alone.
    pub(crate) base: Option<&'a str>,
    pub(crate) rest: &'a [u8],
    /// Whether no body has to belong to it, by its status, its request's method or the settings.
    pub(crate) bodiless: bool,
    pub(crate) cursor: Option<&'a Cursor>,
    pub(crate) start: Option<&'a Cursor>,
    pub(crate) index: u64,
    pub(crate) items: Option<u64>,
    pub(crate) seen: u64,
    pub(crate) last_item: Option<&'a [u8]>,
}

impl<'a> PageView<'a> {
    /// The response's status, which is a success.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The response's headers.
    #[must_use]
    pub const fn headers(&self) -> &'a HeaderMap {
        &self.parts.headers
    }

    /// The response's head.
    #[must_use]
    pub const fn parts(&self) -> &'a Parts {
        self.parts
    }

    /// The URL that was asked for.
    #[must_use]
    pub const fn asked(&self) -> &'a Uri {
        self.asked
    }

    /// The URL that answered, after redirects and with what a base-URL layer has added, if an
    /// [`EffectiveUriLayer`](outbound_http::EffectiveUriLayer) beneath has told it.
    #[must_use]
    pub const fn effective(&self) -> &'a Uri {
        self.effective
    }

    /// The cursor that this page was asked for with; `None` for a first page without one.
    #[must_use]
    pub const fn cursor(&self) -> Option<&'a Cursor> {
        self.cursor
    }

    /// The cursor that the stream's first page was asked for with, before it was resumed too: see
    /// [`Strategy::start`](crate::Strategy::start).
    #[must_use]
    pub const fn start(&self) -> Option<&'a Cursor> {
        self.start
    }

    /// The page's place in the stream, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many items the page has, if it is known where they are.
    #[must_use]
    pub const fn items(&self) -> Option<u64> {
        self.items
    }

    /// How many items the stream has seen, with this page's.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// The body; without the content of its array of items, where that is known.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The text of a header, if there is one.
    ///
    /// # Errors
    ///
    /// It is not visible ASCII.
    pub fn header(&self, name: &str) -> Result<Option<&'a str>, Malformed> {
        let Some(value) = self.parts.headers.get(name) else {
            return Ok(None);
        };
        match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Malformed::new(format!("the header {name} is not text"))),
        }
    }

    /// The links of all `Link` field lines that are about this page.
    ///
    /// A link whose `anchor` is another resource is left out, as RFC 8288, section 3.2,
    /// asks for.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + use<'a> {
        let view = *self;
        link::links(&view.parts.headers).filter(move |link| match link.param("anchor") {
            None => true,
            // A fragment is a resource of its own.
            Some(anchor) => {
                !anchor.contains('#')
                    && uri::resolve(view.effective, &anchor)
                        .is_ok_and(|anchor| anchor == *view.effective)
            }
        })
    }

    /// The value at `pointer` outside the items. A page that is empty as it should be, by its
    /// status or as the answer to HEAD, has none.
    ///
    /// # Errors
    ///
    /// The body is not JSON, or not there.
    pub fn value(&self, pointer: &Pointer) -> Result<Option<&'a RawValue>, Malformed> {
        match self.said()? {
            Some(rest) => json::find(rest, pointer).map_err(Malformed::not_json),
            None => Ok(None),
        }
    }

    /// What the body says beside its items; `None` where there is to be none.
    ///
    /// # Errors
    ///
    /// It is empty and should not be: that it says nothing of a next page is no end.
    pub(crate) fn said(&self) -> Result<Option<&'a [u8]>, Malformed> {
        if !self.rest.trim_ascii().is_empty() {
            return Ok(Some(self.rest));
        }
        match json::check(b"") {
            Err(cut_off) if !self.bodiless => Err(Malformed::empty(cut_off)),
            _ => Ok(None),
        }
    }

    /// The value at `pointer` within the last item, if there is an item.
    ///
    /// # Errors
    ///
    /// The item is not JSON.
    pub fn last_item(&self, pointer: &Pointer) -> Result<Option<&'a RawValue>, Malformed> {
        match self.last_item {
            Some(item) => json::find(item, pointer).map_err(Malformed::not_json),
            None => Ok(None),
        }
    }

    /// The cursor for the page at `reference`, relative to the URL that answered.
    ///
    /// Where the request was for a path alone, which a layer beneath completes, so is the next one,
    /// unless it lies elsewhere.
    ///
    /// # Errors
    ///
    /// It is no URL, or holds a user name or password.
    pub fn resolve(&self, reference: &str) -> Result<Cursor, Malformed> {
        let next = uri::resolve(self.effective, reference)?;
        let Some(base) = self.base else {
            return Ok(Cursor::uri(next));
        };
        let home = Origin::of(self.effective).is_some_and(|origin| origin.contains(&next));
        let path = next.path_and_query().map(PathAndQuery::as_str);
        let path = path.and_then(|path| path.strip_prefix(base));
        match path.filter(|path| home && path.starts_with('/')) {
            Some(path) => uri::with_path_and_query(self.asked, path).map(Cursor::uri),
            None => Ok(Cursor::uri(next)),
        }
    }
}

impl fmt::Debug for PageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageView")
            .field("status", &self.parts.status)
            .field("index", &self.index)
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}
