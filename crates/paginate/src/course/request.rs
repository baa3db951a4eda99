//! The request for each page, made of the first one.

use http::response::Parts;
use http::{Request, Uri};
use outbound_http::EffectiveUri;

use super::Course;
use crate::config::OriginPolicy;
use crate::cursor::Cursor;
use crate::error::{PageError, PageErrorKind};
use crate::guard::Strayed;
use crate::place::Place;
use crate::position::Position;
use crate::strategy::Strategy;

/// Extension of the request for a page whose body broke off and that is asked for again;
/// see [`PaginateLayer::refetch`](crate::PaginateLayer::refetch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refetch {
    /// The how many-th time it is, from 1.
    pub number: u32,
    /// How many times it may be asked for again after that.
    pub left: u32,
}

impl<P, B> Course<P, B> {
    /// The request for the page at the course's place.
    pub(crate) fn request(&mut self) -> Result<Request<B>, PageError>
    where
        P: Strategy<B>,
        B: Clone,
    {
        let mut request = self.request_for(&self.spot.place)?;
        self.asked = request.uri().clone();
        let number = self.config.refetch - self.refetches;
        if number > 0 {
            let left = self.refetches;
            request.extensions_mut().insert(Refetch { number, left });
        }
        Ok(request)
    }

    pub(super) fn request_for(&self, place: &Place) -> Result<Request<B>, PageError>
    where
        P: Strategy<B>,
        B: Clone,
    {
        // It is the page before that said so.
        let position = Position::page(place.page.saturating_sub(1));
        let mut request = self.template.clone();
        if let Some(cursor) = &place.cursor {
            match place.page {
                0 => self.strategy.seek_first(cursor, &mut request),
                _ => self.strategy.seek(cursor, &mut request),
            }
            .map_err(|malformed| PageError::unusable(malformed, position))?;
        }
        if place.page == 0 {
            return Ok(request);
        }
        // One key stands for one call; the next page is another.
        request.headers_mut().remove("idempotency-key");
        self.home
            .confine(&mut request, &self.config.origin)
            .map_err(|strayed| match strayed {
                Strayed::Elsewhere(detail) => {
                    PageError::new(PageErrorKind::CrossOrigin, position, detail, None)
                }
                Strayed::Unusable(malformed) => PageError::unusable(malformed, position),
            })?;
        Ok(request)
    }

    /// The cursor as it will be followed: a URL that leads elsewhere may have to be asked of the
    /// first origin.
    pub(super) fn rebased(&self, cursor: Cursor) -> Cursor {
        match (&self.config.origin, cursor.url()) {
            (OriginPolicy::Rebase, Some(url)) => match self.home.rebase(url) {
                Ok(Some(url)) => cursor.with_url(url),
                // What cannot be asked for there is refused when it is asked for.
                Ok(None) | Err(_) => cursor,
            },
            _ => cursor,
        }
    }

    /// Refuses a page whose head says that it is another one than was asked for.
    pub(crate) fn admits(&self, head: &Parts) -> Result<(), PageError>
    where
        P: Strategy<B>,
    {
        let cursor = self.spot.place.cursor.as_ref();
        self.strategy
            .admits(head, cursor)
            .map_err(|malformed| PageError::unusable(malformed, self.position()))
    }

    /// Whether a refusal means that the list has ended.
    pub(crate) fn is_end(&self, refusal: &Parts) -> bool
    where
        P: Strategy<B>,
    {
        let cursor = self.spot.place.cursor.as_ref();
        self.strategy.is_end(refusal, cursor)
    }

    /// A page that was asked for ahead of time has become the page at hand.
    pub(crate) fn came_to(&mut self, asked: Uri) {
        self.asked = asked;
    }

    /// Where the page at hand was asked for.
    pub(crate) const fn asked(&self) -> &Uri {
        &self.asked
    }

    /// The URL that answered, and what a layer beneath has put before the path that was asked for.
    pub(super) fn answered<'a>(
        &self,
        parts: &'a Parts,
        asked: &'a Uri,
    ) -> (&'a Uri, Option<&'a str>) {
        match parts.extensions.get::<EffectiveUri>() {
            Some(EffectiveUri(uri)) if asked.scheme().is_some() => (uri, None),
            // A request without an origin, which a base-URL layer beneath completes.
            Some(EffectiveUri(uri)) if uri.scheme().is_some() => {
                match uri.path().strip_suffix(asked.path()) {
                    Some(base) => (uri, Some(base)),
                    // A redirect has led elsewhere: where the base ends is not to be seen.
                    None => (asked, None),
                }
            }
            _ => (asked, None),
        }
    }
}
