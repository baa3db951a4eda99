use http::Request;

use super::page_number::{count, overflow, start_in};
use super::source::Source;
use super::stop::Stop;
use crate::cursor::Cursor;
use crate::strategy::{Malformed, Needs, Strategy, Total};
use crate::uri;
use crate::view::PageView;

/// Counts items in a query parameter, and asks for so many with another.
///
/// The offset advances by what a page returned, not by what was asked for: a server that
/// clamps the limit loses nothing. The list ends with the first page without items, or
/// where a flag or a total says so; never with a short page. It has to be known where the
/// items are: see [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
///
/// ```
/// use outbound_paginate::{Offset, body};
///
/// let jira = Offset::query("startAt", "maxResults").by(50).total(body("/total"));
/// # let _ = jira;
/// ```
#[derive(Clone, Debug)]
pub struct Offset {
    offset: Box<str>,
    limit: Box<str>,
    by: u64,
    start: u64,
    total: Option<Source>,
    stop: Stop,
}

impl Offset {
    /// How many items a page is asked for unless said otherwise.
    pub const DEFAULT_BY: u64 = 100;

    /// Counts in the query parameter `offset` and asks for
    /// [`DEFAULT_BY`](Self::DEFAULT_BY) items with `limit`.
    ///
    /// The first page starts at 0, or at the offset in the request's URL.
    #[must_use]
    pub fn query(offset: impl Into<Box<str>>, limit: impl Into<Box<str>>) -> Self {
        Self {
            offset: offset.into(),
            limit: limit.into(),
            by: Self::DEFAULT_BY,
            start: 0,
            total: None,
            stop: Stop::default(),
        }
    }

    /// Asks for so many items a page, on the first page too.
    #[must_use]
    pub const fn by(mut self, items: u64) -> Self {
        self.by = items;
        self
    }

    /// The offset of the first item (SCIM counts from 1); one in the request's URL wins.
    #[must_use]
    pub const fn starts_at(mut self, start: u64) -> Self {
        self.start = start;
        self
    }

    /// Ends the list where the next offset would be beyond that many items. A page that
    /// does not tell is no error: the list then ends by its other rules.
    #[must_use]
    pub fn total(mut self, total: impl Into<Source>) -> Self {
        self.total = Some(total.into());
        self
    }

    fn items(&self, page: &PageView<'_>) -> Option<Total> {
        self.total.as_ref()?.total(page)
    }
}

super::stop::flags!(Offset);

impl Offset {
    fn offset(&self, page: &PageView<'_>) -> Result<u64, Malformed> {
        match page.cursor() {
            Some(cursor) => cursor.as_number().ok_or_else(Cursor::foreign),
            None => Ok(self.start),
        }
    }

    /// The offset behind the last item, where the page tells.
    fn end(&self, page: &PageView<'_>) -> Option<u64> {
        let total = self.items(page)?;
        Some(self.start.saturating_add(total.n))
    }
}

impl<B> Strategy<B> for Offset {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let count = count(page)?;
        if count == 0 || self.stop.says_more(page)? == Some(false) {
            return Ok(None);
        }
        let next = self.offset(page)?.checked_add(count).ok_or_else(overflow)?;
        let end = self.end(page);
        Ok((end.is_none_or(|end| next < end)).then(|| Cursor::number(next)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let offset = cursor.as_number().ok_or_else(Cursor::foreign)?;
        let uri = uri::set_query(request.uri(), &self.offset, &offset.to_string())?;
        *request.uri_mut() = uri::set_query(&uri, &self.limit, &self.by.to_string())?;
        Ok(())
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let start = start_in(request, &self.offset)?.unwrap_or(self.start);
        Ok(Some(Cursor::number(start)))
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.items(page)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        // A server that clamps the limit is planned with as it answers.
        let count = page.items().filter(|count| *count > 0)?;
        let next = self.offset(page).ok()?.saturating_add(count);
        Some(self.end(page)?.saturating_sub(next).div_ceil(count))
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        let ahead = page.items()?.checked_mul(n)?;
        self.offset(page)
            .ok()?
            .checked_add(ahead)
            .map(Cursor::number)
    }

    fn needs(&self) -> Needs {
        Needs::NONE.by_count()
    }
}
