use http::Request;

use super::source::Source;
use super::stop::Stop;
use crate::cursor::Cursor;
use crate::strategy::{Malformed, Needs, Strategy, Total};
use crate::uri;
use crate::view::PageView;

/// Counts pages in a query parameter.
///
/// The list ends with the first page without items, or where a flag or a total says so;
/// never with a short page, since servers filter and clamp. It has to be known where the
/// items are: see [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
///
/// The first request is sent with its number too: that in its URL, else
/// [`starts_at`](Self::starts_at).
///
/// ```
/// use outbound_paginate::{PageNumber, body};
///
/// let strategy = PageNumber::query("page").total_pages(body("/meta/pages"));
/// # let _ = strategy;
/// ```
#[derive(Clone, Debug)]
pub struct PageNumber {
    name: Box<str>,
    start: u64,
    total: Option<Source>,
    total_pages: Option<Source>,
    stop: Stop,
}

impl PageNumber {
    /// Counts in the query parameter `name`, from [`DEFAULT_START`](Self::DEFAULT_START).
    #[must_use]
    pub fn query(name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            start: Self::DEFAULT_START,
            total: None,
            total_pages: None,
            stop: Stop::default(),
        }
    }

    /// The number of the first page unless said otherwise.
    pub const DEFAULT_START: u64 = 1;

    /// The number of the first page; one in the request's URL wins.
    #[must_use]
    pub const fn starts_at(mut self, start: u64) -> Self {
        self.start = start;
        self
    }

    /// Ends the list once that many items were seen. A page that does not tell is no
    /// error: the list then ends by its other rules.
    #[must_use]
    pub fn total(mut self, total: impl Into<Source>) -> Self {
        self.total = Some(total.into());
        self
    }

    /// Ends the list after that many pages, counted from
    /// [`starts_at`](Self::starts_at). A page that does not tell is no error.
    #[must_use]
    pub fn total_pages(mut self, total: impl Into<Source>) -> Self {
        self.total_pages = Some(total.into());
        self
    }

    fn items(&self, page: &PageView<'_>) -> Option<Total> {
        self.total.as_ref()?.total(page)
    }
}

super::stop::flags!(PageNumber);

impl PageNumber {
    fn number(&self, page: &PageView<'_>) -> Result<u64, Malformed> {
        match page.cursor() {
            Some(cursor) => cursor.as_number().ok_or_else(Cursor::foreign),
            None => Ok(self.start),
        }
    }

    /// The number of the last page, as far as this page tells it.
    fn last_number(&self, page: &PageView<'_>) -> Option<u64> {
        let pages = self.total_pages.as_ref()?.total(page)?;
        Some(self.start.saturating_add(pages.n).saturating_sub(1))
    }

    /// How many items there are up to the end of `page`, at least.
    ///
    /// Where the stream began further on, the pages that it has not seen count as those
    /// that it has.
    fn position(&self, page: &PageView<'_>, number: u64, count: u64) -> u64 {
        let size = match page.index() {
            0 => count,
            before => page.seen().saturating_sub(count) / before,
        };
        let unseen = number
            .saturating_sub(self.start)
            .saturating_sub(page.index());
        unseen.saturating_mul(size).saturating_add(page.seen())
    }
}

/// The item count without which a computed cursor cannot know its end.
pub(super) fn count(page: &PageView<'_>) -> Result<u64, Malformed> {
    page.items().ok_or_else(|| {
        Malformed::new("it is not known where the items are: set PaginateLayer::items_at")
    })
}

/// The number in the request's URL, if there is one.
pub(super) fn start_in<B>(request: &Request<B>, name: &str) -> Result<Option<u64>, Malformed> {
    uri::query_value(request.uri(), name)
        .map(|value| {
            value
                .parse()
                .map_err(|_| Malformed::new(format!("the query parameter {name} is no number")))
        })
        .transpose()
}

pub(super) fn overflow() -> Malformed {
    Malformed::new("the next number would not fit into 64 bits")
}

impl<B> Strategy<B> for PageNumber {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let count = count(page)?;
        if count == 0 || self.stop.says_more(page)? == Some(false) {
            return Ok(None);
        }
        let number = self.number(page)?;
        let next = number.checked_add(1).ok_or_else(overflow)?;
        let known = self
            .items(page)
            .is_some_and(|total| self.position(page, number, count) >= total.n)
            || self.last_number(page).is_some_and(|last| next > last);
        Ok((!known).then(|| Cursor::number(next)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let number = cursor.as_number().ok_or_else(Cursor::foreign)?;
        *request.uri_mut() = uri::set_query(request.uri(), &self.name, &number.to_string())?;
        Ok(())
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let start = start_in(request, &self.name)?.unwrap_or(self.start);
        Ok(Some(Cursor::number(start)))
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.items(page)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        let number = self.number(page).ok()?;
        let count = page.items().filter(|count| *count > 0)?;
        if let Some(last) = self.last_number(page) {
            return Some(last.saturating_sub(number));
        }
        let total = self.items(page)?.n;
        let left = total.saturating_sub(self.position(page, number, count));
        Some(left.div_ceil(count))
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        let number = self.number(page).ok()?;
        number.checked_add(n).map(Cursor::number)
    }

    fn needs(&self) -> Needs {
        Needs::NONE.by_count()
    }
}
