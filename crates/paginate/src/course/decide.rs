//! What follows a page that has arrived.

use std::mem;

use super::{After, Arrived, Course};
use crate::config::OnRepeat;
use crate::cursor::MAX_CURSOR_BYTES;
use crate::error::{PageError, PageErrorKind};
use crate::place::{ALL, Place};
use crate::position::Position;
use crate::progress::End;
use crate::strategy::Strategy;
use crate::view::PageView;

impl<P, B> Course<P, B> {
    /// Takes note of a whole page and decides what follows it.
    pub(crate) fn arrived(&mut self, page: &Arrived<'_>)
    where
        P: Strategy<B>,
    {
        self.count_page();
        self.after = self.decide(page).unwrap_or_else(After::Fail);
        self.report();
    }

    /// Takes note of a whole page whose items cannot be found.
    pub(crate) fn split_failed(&mut self, error: PageError) {
        self.count_page();
        self.spot.taken = ALL;
        self.after = After::Fail(error);
        self.report();
    }

    fn count_page(&mut self) {
        // One that was handed out before it was asked for again counts for that run.
        self.progress.pages += u64::from(self.spot.taken != ALL);
        self.refetches = self.config.refetch;
    }

    fn decide(&mut self, page: &Arrived<'_>) -> Result<After, PageError>
    where
        P: Strategy<B>,
    {
        self.wanted.clear();
        // Where nothing better is known, the stream goes on behind this page.
        let before = mem::replace(&mut self.spot.taken, ALL);
        let position = Position::page(self.spot.place.page);
        let seen = self.spot.place.items + page.items.unwrap_or(0);
        let (effective, base) = self.answered(page.parts, &self.asked);
        let view = PageView {
            parts: page.parts,
            asked: &self.asked,
            effective,
            base,
            rest: page.rest,
            cursor: self.spot.place.cursor.as_ref(),
            index: position.page,
            items: page.items,
            seen,
            last_item: page.last_item,
        };
        let total = self.strategy.total(&view);
        self.progress.total = total.or(self.progress.total);
        let next = self.strategy.next(&view);
        let limited =
            self.progress.pages >= self.config.max_pages || self.offered >= self.config.max_items;
        let cursor = match next {
            Ok(Some(cursor)) => cursor,
            Ok(None) => return Ok(self.ended(End::Complete)),
            Err(_) if limited => return Ok(After::End(End::Limited)),
            Err(malformed) => return Err(PageError::unusable(malformed, position).of(page.parts)),
        };
        if !cursor.fits() {
            return Err(PageError::new(
                PageErrorKind::TooLarge,
                position,
                format!("the next page's cursor is longer than {MAX_CURSOR_BYTES} bytes"),
                None,
            ));
        }
        let mut wanted = mem::take(&mut self.wanted);
        if !limited {
            self.plan(&view, &mut wanted);
        }
        self.wanted = wanted;
        let next = Place {
            cursor: Some(cursor),
            page: position.page + 1,
            items: seen,
        };
        if limited {
            self.goes_to(next);
            return Ok(After::End(End::Limited));
        }

        if page.items == Some(0) && before != ALL {
            self.empty_pages += 1;
            if self.empty_pages > self.config.max_empty_pages {
                self.goes_to(next);
                return Err(PageError::new(
                    PageErrorKind::EmptyPages,
                    position,
                    format!("{} pages in a row are without items", self.empty_pages),
                    None,
                ));
            }
        } else {
            self.empty_pages = 0;
        }
        let known = self.config.on_repeat != OnRepeat::Allow
            && next
                .cursor
                .as_ref()
                .is_some_and(|cursor| !self.seen.insert(cursor));
        if known {
            if self.config.on_repeat == OnRepeat::End {
                return Ok(self.ended(End::Repeated));
            }
            return Err(PageError::new(
                PageErrorKind::Repeated,
                position,
                "the next page is one that was asked for before",
                None,
            ));
        }
        self.goes_to(next);
        Ok(After::Ask)
    }

    fn goes_to(&mut self, next: Place) {
        self.spot.place = next;
        self.spot.taken = 0;
    }

    pub(super) fn ended(&mut self, end: End) -> After {
        self.spot.done = true;
        After::End(end)
    }
}
