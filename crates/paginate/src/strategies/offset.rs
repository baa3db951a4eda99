use http::Request;

use super::destination::{Destination, IntoDestination};
use super::digits::Digits;
use super::page_number::{before_the_last, count, number_in, overflow};
use super::source::Source;
use super::stop::{Stop, exact_pages};
use super::target::{Target, query};
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy, Total};
use crate::view::PageView;

/// Counts items in a query parameter, in a header or in the request's body, and asks for
/// so many with another.
///
/// The offset advances by what a page returned, not by what was asked for: a server that
/// clamps the limit loses nothing. The list ends with the first page without items, or
/// where a flag or a total says so; never with a short page. A page without items that a flag or
/// the number of pages says is not the last one is malformed. It has to be known where the
/// items are: see [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
///
/// ```
/// use outbound_paginate::{Offset, body, header, json};
///
/// let jira = Offset::query("startAt", "maxResults").by(50).total(body("/total"));
/// let elastic = Offset::sent_to(json("/from"), json("/size"));
/// // Counts what it looked at, of which it returns what passed a filter.
/// let apify = Offset::query("offset", "limit")
///     .step(header("x-apify-pagination-count"))
///     .total(header("x-apify-pagination-total"));
/// # let _ = (jira, elastic, apify);
/// ```
#[derive(Clone, Debug)]
pub struct Offset<T = Target> {
    offset: T,
    limit: T,
    by: u64,
    start: u64,
    step: Option<Source>,
    total_pages: Option<Source>,
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
        Self::sent_to(query(offset), query(limit))
    }

    /// Counts in `offset` and asks for [`DEFAULT_BY`](Self::DEFAULT_BY) items with
    /// `limit`.
    ///
    /// The first page starts at 0, or at the offset that the request has already.
    #[must_use]
    pub fn sent_to<T: IntoDestination>(
        offset: T,
        limit: impl Into<T::Destination>,
    ) -> Offset<T::Destination> {
        Offset {
            offset: offset.into_destination(),
            limit: limit.into(),
            by: Self::DEFAULT_BY,
            start: 0,
            step: None,
            total_pages: None,
            stop: Stop::default(),
        }
    }
}

impl<T> Offset<T> {
    /// Asks for so many items a page, on the first page too.
    #[must_use]
    pub fn by(self, items: u64) -> Self {
        Self { by: items, ..self }
    }

    /// The offset of the first item (SCIM counts from 1); one in the request wins.
    ///
    /// A request that begins with 1 says by itself that the list counts from 1. One that enters
    /// such a list further on does not: say it here, or a [total](Self::total) ends the list before
    /// its last item.
    #[must_use]
    pub fn starts_at(self, start: u64) -> Self {
        Self { start, ..self }
    }

    /// Advances by what a page tells there instead of by what it returned, for servers
    /// that filter what they count. A page that does not tell it is malformed; one that
    /// tells 0 is the end.
    #[must_use]
    pub fn step(self, step: impl Into<Source>) -> Self {
        Self {
            step: Some(step.into()),
            ..self
        }
    }

    /// Ends the list where the next offset would be beyond that many items, unless it is
    /// an [estimate](Source::estimated). A page that does not tell, or tells fewer than it has, is
    /// no error: the list then ends by its other rules.
    #[must_use]
    pub fn total(mut self, total: impl Into<Source>) -> Self {
        self.stop.set_total(total.into());
        self
    }

    /// Ends the list after that many pages, counted from the stream's first one; or where so many
    /// pages of the size that was asked for would end, or of the page's own if it is larger, since
    /// the stream may have begun further on. A page that does not tell, or has items and tells 0, is
    /// no error.
    #[must_use]
    pub fn total_pages(self, total: impl Into<Source>) -> Self {
        Self {
            total_pages: Some(total.into()),
            ..self
        }
    }

    fn offset(&self, page: &PageView<'_>) -> Result<u64, Malformed> {
        match page.cursor() {
            Some(cursor) => cursor.as_number().ok_or_else(Cursor::foreign),
            None => Ok(self.start),
        }
    }

    fn advance(&self, page: &PageView<'_>) -> Result<u64, Malformed> {
        match &self.step {
            None => count(page),
            Some(step) => step.number(page)?.ok_or_else(|| {
                Malformed::new("the page does not tell how far the next one is from it")
            }),
        }
    }

    /// The offset of the list's first item.
    fn base(&self, page: &PageView<'_>) -> u64 {
        match page.start().and_then(Cursor::as_number) {
            // Nobody skips a single item, and SCIM counts from 1.
            Some(1) => self.start.max(1),
            _ => self.start,
        }
    }

    /// The offset behind the last item, where the page tells.
    fn end(&self, page: &PageView<'_>) -> Option<u64> {
        let total = self.stop.exact_total(page)?;
        Some(self.base(page).saturating_add(total))
    }

    /// The offset behind so many pages, of which this one has `step` items.
    fn behind(&self, page: &PageView<'_>, pages: u64, step: u64) -> u64 {
        let items = pages.saturating_mul(self.by.max(step));
        self.base(page).saturating_add(items)
    }

    fn pages(&self, page: &PageView<'_>) -> Option<u64> {
        exact_pages(self.total_pages.as_ref()?, page)
    }
}

super::stop::flags!(Offset<T>);

impl<B, T> Strategy<B> for Offset<T>
where
    T: Destination<B>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let step = self.advance(page)?;
        let empty = step == 0;
        if self.stop.counted(page, empty)? == Some(false) {
            return Ok(None);
        }
        let offset = self.offset(page)?;
        let pages = self.pages(page);
        if empty {
            return match pages {
                Some(pages)
                    if page.index() + 1 < pages && offset < self.behind(page, pages - 1, 0) =>
                {
                    Err(before_the_last())
                }
                _ => Ok(None),
            };
        }
        let next = offset.checked_add(step).ok_or_else(overflow)?;
        let known = self.end(page).is_some_and(|end| next >= end)
            || pages.is_some_and(|pages| {
                page.index() + 1 >= pages || next >= self.behind(page, pages, step)
            });
        Ok((!known).then(|| Cursor::number(next)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let offset = cursor.as_number().ok_or_else(Cursor::foreign)?;
        let (mut digits, mut limit_digits) = (Digits::new(), Digits::new());
        let limit = (&self.limit, limit_digits.of(self.by));
        self.offset.write_both(digits.of(offset), limit, request)
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let start = number_in(request, &self.offset)?.unwrap_or(self.start);
        Ok(Some(Cursor::number(start)))
    }

    fn tag(&self) -> String {
        format!("offset {}", self.offset.tag())
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        // A server that clamps the limit is planned with as it answers.
        let step = self.advance(page).ok().filter(|step| *step > 0)?;
        if let Some(pages) = self.pages(page) {
            return Some(pages.saturating_sub(page.index() + 1));
        }
        let next = self.offset(page).ok()?.saturating_add(step);
        Some(self.end(page)?.saturating_sub(next).div_ceil(step))
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        let ahead = self.advance(page).ok()?.checked_mul(n)?;
        self.offset(page)
            .ok()?
            .checked_add(ahead)
            .map(Cursor::number)
    }

    fn needs(&self) -> Needs {
        Needs::NONE.by_count()
    }
}
