use http::Request;

use super::destination::{Destination, IntoDestination};
use super::digits::Digits;
use super::source::Source;
use super::stop::{Stop, exact_pages};
use super::target::{Target, query};
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy, Total};
use crate::view::PageView;

/// Counts pages in a query parameter, in a header or in the request's body.
///
/// The list ends with the first page without items, or where a flag or a total says so;
/// never with a short page, since servers filter and clamp. A page without items that a flag or
/// the number of pages says is not the last one is malformed. It has to be known where the
/// items are: see [`PaginateLayer::items_at`](crate::PaginateLayer::items_at).
///
/// The first request is sent with its number too: that which it has, else
/// [`starts_at`](Self::starts_at).
///
/// ```
/// use outbound_paginate::{PageNumber, body, json, link_query, query};
///
/// let laravel = PageNumber::query("page").total_pages(body("/meta/last_page"));
/// let github = PageNumber::query("page")
///     .page_size(query("per_page"), 100)
///     .total_pages(link_query("last", "page"));
/// let search = PageNumber::sent_to(json("/page")).starts_at(0);
/// # let _ = (laravel, github, search);
/// ```
#[derive(Clone, Debug)]
pub struct PageNumber<T = Target> {
    target: T,
    start: u64,
    size: Option<(T, u64)>,
    total_pages: Option<Source>,
    stop: Stop,
}

impl PageNumber {
    /// The number of the first page unless said otherwise.
    pub const DEFAULT_START: u64 = 1;

    /// Counts in the query parameter `name`, from [`DEFAULT_START`](Self::DEFAULT_START).
    #[must_use]
    pub fn query(name: impl Into<Box<str>>) -> Self {
        Self::sent_to(query(name))
    }

    /// Counts in `target`, from [`DEFAULT_START`](Self::DEFAULT_START).
    #[must_use]
    pub fn sent_to<T: IntoDestination>(target: T) -> PageNumber<T::Destination> {
        PageNumber {
            target: target.into_destination(),
            start: Self::DEFAULT_START,
            size: None,
            total_pages: None,
            stop: Stop::default(),
        }
    }
}

impl<T> PageNumber<T> {
    /// The number of the page to begin with; one in the request wins.
    ///
    /// A list is numbered from 0 if it begins with 0, here or in the request, and else from 1, so that any other number
    /// enters it further on.
    #[must_use]
    pub fn starts_at(self, start: u64) -> Self {
        Self { start, ..self }
    }

    /// Asks for so many items a page, on the first page too.
    #[must_use]
    pub fn page_size(self, target: impl Into<T>, items: u64) -> Self {
        Self {
            size: Some((target.into(), items)),
            ..self
        }
    }

    /// Ends the list once that many items were seen, unless it is an
    /// [estimate](Source::estimated). A page that does not tell, or tells fewer than it has, is no
    /// error: the list then ends by its other rules.
    ///
    /// Of a list that was entered further on it ends the page where it comes out exactly, if the
    /// pages before were as long as those that were seen. Where they cannot have been, the list ends
    /// by its other rules.
    #[must_use]
    pub fn total(mut self, total: impl Into<Source>) -> Self {
        self.stop.set_total(total.into());
        self
    }

    /// Ends the list after that many pages, counted from its first one, wherever the stream
    /// [started](Self::starts_at). A page that does not tell, or has items and tells 0, is no error.
    #[must_use]
    pub fn total_pages(mut self, total: impl Into<Source>) -> Self {
        self.total_pages = Some(total.into());
        self
    }

    fn number(&self, page: &PageView<'_>) -> Result<u64, Malformed> {
        match page.cursor() {
            Some(cursor) => cursor.as_number().ok_or_else(Cursor::foreign),
            None => Ok(self.start),
        }
    }

    /// The number of the list's first page, whichever the stream begins with.
    fn first(&self, page: &PageView<'_>) -> u64 {
        let began = page.start().and_then(Cursor::as_number);
        let start = self.start.min(PageNumber::DEFAULT_START);
        began.map_or(start, |began| began.min(start))
    }

    /// The number of the last page, as far as this page tells it.
    fn last_number(&self, page: &PageView<'_>) -> Option<u64> {
        let pages = exact_pages(self.total_pages.as_ref()?, page)?;
        Some(self.first(page).saturating_add(pages).saturating_sub(1))
    }

    /// How many items there are up to the end of `page`, if the pages that the stream has not
    /// seen, where it began further on, are as long as those that it has.
    fn position(&self, page: &PageView<'_>, number: u64, count: u64) -> Position {
        let unseen = number
            .saturating_sub(self.first(page))
            .saturating_sub(page.index());
        let before = page.seen().saturating_sub(count);
        let (size, rest) = match page.index() {
            0 => (count, 0),
            pages => (before / pages, before % pages),
        };
        Position {
            items: unseen.saturating_mul(size).saturating_add(page.seen()),
            seen: page.seen(),
            even: rest == 0 && count <= size,
        }
    }
}

/// How far into the list a page reaches.
struct Position {
    items: u64,
    seen: u64,
    /// Whether the pages that were seen are equal, but for a shorter one at the end.
    even: bool,
}

impl Position {
    /// Whether it is the end of a list of `total` items.
    ///
    /// What was not seen has to fit exactly: a total that is exceeded says that those pages were
    /// shorter, and the list then ends by its other rules.
    const fn ends(&self, total: u64) -> bool {
        self.seen >= total || self.even && self.items == total
    }
}

super::stop::flags!(PageNumber<T>);

/// The item count without which a computed cursor cannot know its end.
pub(super) fn count(page: &PageView<'_>) -> Result<u64, Malformed> {
    page.items().ok_or_else(|| {
        Malformed::new("it is not known where the items are: set PaginateLayer::items_at")
    })
}

/// The number that the request has already, if there is one.
pub(super) fn number_in<B>(
    request: &Request<B>,
    target: &impl Destination<B>,
) -> Result<Option<u64>, Malformed> {
    target
        .read(request)?
        .map(|value| {
            value.parse().map_err(|_| {
                Malformed::new("the request says where to begin, and what it says is no number")
            })
        })
        .transpose()
}

pub(super) fn before_the_last() -> Malformed {
    Malformed::new("the page has no items, and by the number of pages that it tells others follow")
}

pub(super) fn overflow() -> Malformed {
    Malformed::new("the next number would not fit into 64 bits")
}

impl<B, T> Strategy<B> for PageNumber<T>
where
    T: Destination<B>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        let count = count(page)?;
        let empty = count == 0;
        if self.stop.counted(page, empty)? == Some(false) {
            return Ok(None);
        }
        let number = self.number(page)?;
        if empty {
            return match self.last_number(page) {
                Some(last) if number < last => Err(before_the_last()),
                _ => Ok(None),
            };
        }
        let next = number.checked_add(1).ok_or_else(overflow)?;
        let total = self.stop.exact_total(page);
        let known = total.is_some_and(|total| self.position(page, number, count).ends(total))
            || self.last_number(page).is_some_and(|last| next > last);
        Ok((!known).then(|| Cursor::number(next)))
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        let number = cursor.as_number().ok_or_else(Cursor::foreign)?;
        let (mut digits, mut size_digits) = (Digits::new(), Digits::new());
        let number = digits.of(number);
        match &self.size {
            Some((target, size)) => {
                let size = (target, size_digits.of(*size));
                self.target.write_both(number, size, request)
            }
            None => self.target.write(number, request),
        }
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let start = number_in(request, &self.target)?.unwrap_or(self.start);
        Ok(Some(Cursor::number(start)))
    }

    fn tag(&self) -> String {
        match &self.size {
            Some((target, size)) => format!("page {} {}={size}", self.target.tag(), target.tag()),
            None => format!("page {}", self.target.tag()),
        }
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.stop.total(page)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        let number = self.number(page).ok()?;
        let count = page.items().filter(|count| *count > 0)?;
        if let Some(last) = self.last_number(page) {
            return Some(last.saturating_sub(number));
        }
        let total = self.stop.exact_total(page)?;
        let left = total.saturating_sub(self.position(page, number, count).items);
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
