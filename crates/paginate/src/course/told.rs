//! What the strategy is told of a page, and tells of it.

use http::{Method, StatusCode};

use super::{Arrived, Course};
use crate::cursor::Cursor;
use crate::error::PageError;
use crate::strategy::Strategy;
use crate::view::PageView;

impl<P, B> Course<P, B> {
    /// A whole page as the strategy sees it.
    pub(super) fn view<'a>(&'a self, page: &Arrived<'a>) -> PageView<'a> {
        let (effective, base) = self.answered(page.parts, &self.asked);
        PageView {
            parts: page.parts,
            asked: &self.asked,
            effective,
            base,
            rest: page.rest,
            bodiless: self.config.allow_empty
                || self.template.method() == Method::HEAD
                || matches!(
                    page.parts.status,
                    StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT
                ),
            cursor: self.spot.place.cursor.as_ref(),
            start: self.start.as_ref(),
            index: self.spot.place.page,
            items: page.items,
            seen: self.spot.place.items + page.items.unwrap_or(0),
            last_item: page.last_item,
        }
    }

    /// What the strategy says follows a page.
    pub(super) fn told(&self, page: &PageView<'_>) -> Result<Option<Cursor>, PageError>
    where
        P: Strategy<B>,
    {
        let next = self.strategy.next(page);
        next.map_err(|malformed| PageError::unusable(malformed, self.position()).of(page.parts))
    }

    /// Why the strategy refuses a page that has no items where they should be, if it does: that is
    /// why it has none.
    pub(crate) fn refusal(&self, page: &Arrived<'_>) -> Option<PageError>
    where
        P: Strategy<B>,
    {
        let told = self.told(&self.view(page));
        told.err().filter(PageError::refuses)
    }
}
