//! What follows a page that has arrived.

use std::mem;

use super::count::Received;
use super::{After, Arrived, Course};
use crate::checkpoint::public;
use crate::config::OnRepeat;
use crate::cursor::Cursor;
use crate::cursor::text::MAX_CURSOR_BYTES;
use crate::error::{PageError, PageErrorKind};
use crate::place::{ALL, Place};
use crate::position::Position;
use crate::progress::End;
use crate::repeat::is_mark;
use crate::strategy::Strategy;

impl<P, B> Course<P, B> {
    /// Takes note of a whole page and decides what follows it.
    ///
    /// # Errors
    ///
    /// It is no page, since what should be JSON is none or the strategy refuses it: nothing is noted.
    pub(crate) fn arrived(&mut self, page: &Arrived<'_>) -> Result<(), PageError>
    where
        P: Strategy<B>,
    {
        let mut wanted = mem::take(&mut self.wanted);
        wanted.clear();
        let view = self.view(page);
        let counts = page.counts.unwrap_or(0);
        let next = match self.told(&view) {
            Err(error) if error.kind() != PageErrorKind::Malformed || error.refuses() => {
                return Err(error);
            }
            next => next,
        };
        let total = self.strategy.total(&view);
        if let Ok(Some(_)) = next {
            self.plan(&view, counts, &mut wanted);
        }
        let (index, seen) = (view.index, view.seen);
        self.wanted = wanted;
        self.progress.total = total.or(self.progress.total);
        let new = self.count_page(counts);
        let next = next.map(|cursor| {
            cursor.map(|cursor| Place {
                cursor: Some(self.rebased(cursor)),
                page: index + 1,
                items: seen,
                mark: self.spot.place.mark,
            })
        });
        let empty = new && page.items == Some(0);
        let had = page.counts.is_some() || !empty;
        self.after = self.decide(next, empty, had).unwrap_or_else(After::Fail);
        self.report();
        Ok(())
    }

    /// Takes note of a whole page that cannot be split as it should.
    pub(crate) fn split_failed(&mut self, error: PageError) {
        self.count_page(0);
        self.after = self
            .decide(Err(error), false, true)
            .unwrap_or_else(After::Fail);
        self.report();
    }

    /// Counts a page that is handed out, unless it was before it was asked for again: whether it
    /// is new.
    fn count_page(&mut self, items: u64) -> bool {
        self.refetches = self.config.refetch;
        // Where nothing better is known, the stream goes on behind this page.
        let new = mem::replace(&mut self.spot.taken, ALL) != ALL;
        if new {
            self.progress.pages += 1;
            self.progress.items += items;
            self.offered += items;
        }
        new
    }

    /// What to do behind a page that was `empty`, and of which the consumer has `had` something.
    fn decide(
        &mut self,
        next: Result<Option<Place>, PageError>,
        empty: bool,
        had: bool,
    ) -> Result<After, PageError> {
        let position = Position::page(self.spot.place.page);
        let limited =
            self.progress.pages >= self.config.max_pages || self.offered >= self.config.max_items;
        let mut next = match next {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(self.ended(End::Complete)),
            // Nobody has asked for what is behind it.
            Err(error) if limited && had && error.kind() == PageErrorKind::Malformed => {
                return Ok(After::End(End::Limited));
            }
            Err(error) => return Err(error),
        };
        let fits = next.cursor.as_ref().is_none_or(Cursor::fits);
        let known = self.config.on_repeat != OnRepeat::Allow && self.is_known(&mut next);
        if limited {
            // Where there is no next page the stream learns it when it goes on: it asks for this
            // page again and hands out nothing of it.
            if fits && !known {
                self.goes_to(next);
            }
            return Ok(After::End(End::Limited));
        }
        if !fits {
            return Err(PageError::new(
                PageErrorKind::TooLarge,
                position,
                format!("the next page's cursor is longer than {MAX_CURSOR_BYTES} bytes"),
                None,
            ));
        }

        if empty {
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
        if let Some(cursor) = &next.cursor {
            self.seen.insert(cursor);
        }
        self.goes_to(next);
        Ok(After::Ask)
    }

    /// Whether `next` is a page that was asked for before, in this run or in one that it goes on
    /// from.
    fn is_known(&self, next: &mut Place) -> bool {
        let Some(cursor) = &next.cursor else {
            return false;
        };
        let print = public(cursor, &self.config.secret_query).print();
        let known = next.mark == Some(print) || self.seen.contains(cursor);
        if is_mark(next.page) {
            next.mark = Some(print);
        }
        known
    }

    fn goes_to(&mut self, next: Place) {
        self.spot.place = next;
        self.spot.taken = 0;
        self.received = Received::default();
    }

    pub(super) fn ended(&mut self, end: End) -> After {
        self.spot.done = true;
        After::End(end)
    }
}
