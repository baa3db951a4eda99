//! Pages behind the one at hand, as far as they can be asked for before it has arrived.

use http::response::Parts;
use http::{Request, Uri};

use super::Course;
use crate::config::OnRepeat;
use crate::cursor::Cursor;
use crate::place::{ALL, Place};
use crate::strategy::Strategy;
use crate::view::PageView;

impl<P, B> Course<P, B> {
    /// The request for a page that lies `n` behind the course's place, if it can be made.
    pub(crate) fn request_ahead(&self, cursor: &Cursor, n: u64) -> Option<Request<B>>
    where
        P: Strategy<B>,
        B: Clone,
    {
        let place = Place {
            cursor: Some(cursor.clone()),
            page: self.spot.place.page.saturating_add(n),
            items: 0,
            mark: None,
        };
        self.request_for(&place).ok()
    }

    /// The cursor behind the page whose head is `parts`, as far as that alone tells.
    ///
    /// It is a guess: nothing is remembered, and the page may say otherwise once it has
    /// arrived. `n` is how far the page lies behind the course's place.
    pub(crate) fn foresee(
        &self,
        parts: &Parts,
        asked: &Uri,
        cursor: Option<&Cursor>,
        n: u64,
    ) -> Option<Cursor>
    where
        P: Strategy<B>,
    {
        let last = self.progress.pages.saturating_add(n + 1) >= self.config.max_pages;
        // Whether the page holds the last item that is wanted is known when it is counted.
        let counted = self.config.max_items != u64::MAX;
        if !self.needs.head_only || last || counted || !parts.status.is_success() {
            return None;
        }
        let (effective, base) = self.answered(parts, asked);
        let view = PageView {
            parts,
            asked,
            effective,
            base,
            rest: b"",
            bodiless: true,
            cursor,
            start: self.start.as_ref(),
            index: self.spot.place.page.saturating_add(n),
            items: None,
            seen: self.spot.place.items,
            last_item: None,
        };
        let next = self.rebased(self.strategy.next(&view).ok()??);
        let known = self.config.on_repeat != OnRepeat::Allow && self.seen.contains(&next);
        (!known).then_some(next)
    }

    /// Plans the pages that can be asked for beside the next one, behind a page that `counts` for
    /// so many items.
    pub(super) fn plan(&self, page: &PageView<'_>, counts: u64, wanted: &mut Vec<Cursor>)
    where
        P: Strategy<B>,
    {
        if self.config.concurrency < 2 {
            return;
        }
        let Some(remaining) = self.strategy.remaining(page) else {
            return;
        };
        let (new, counts) = match self.spot.taken {
            ALL => (0, 0),
            _ => (1, counts),
        };
        let pages = self
            .config
            .max_pages
            .saturating_sub(self.progress.pages + new);
        // As many as the items that are still wanted fill, if pages stay as full.
        let items = self.config.max_items.saturating_sub(self.offered + counts);
        let full = match page.items {
            Some(each) if each > 0 => items.div_ceil(each),
            _ if items == 0 => 0,
            _ => u64::MAX,
        };
        let window = (self.config.concurrency as u64)
            .min(remaining)
            .min(pages)
            .min(full);
        let cursors = (2..=window).map_while(|n| self.strategy.ahead(page, n));
        wanted.extend(cursors);
    }
}
