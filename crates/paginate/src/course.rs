//! What a stream knows beside its service and the response in flight.

use http::response::Parts;
use http::{Request, Uri};
use outbound_http::EffectiveUri;

use crate::config::{Config, OnRepeat};
use crate::cursor::{Cursor, MAX_CURSOR_BYTES};
use crate::error::{PageError, PageErrorKind, Position};
use crate::guard::{Home, Strayed};
use crate::progress::{End, Progress};
use crate::repeat::Seen;
use crate::strategy::{Malformed, Needs, Strategy};
use crate::view::PageView;

/// From page to page: the strategy, the first request, the guards and the limits.
pub(crate) struct Course<P, B> {
    pub(crate) strategy: P,
    pub(crate) config: Config,
    pub(crate) needs: Needs,
    pub(crate) progress: Progress,
    pub(crate) after: After<B>,
    /// The caller's request, of which each page's is made.
    template: Request<B>,
    home: Home,
    /// Of the page at hand.
    asked: Uri,
    cursor: Option<Cursor>,
    seen: Seen,
    empty_pages: u64,
    items: u64,
}

/// What follows the page at hand.
#[allow(clippy::large_enum_variant, reason = "there is one of it in a stream")]
pub(crate) enum After<B> {
    /// It has to arrive first.
    Unknown,
    Ask(Request<B>),
    Fail(PageError),
    End(End),
}

/// A page that has arrived.
pub(crate) struct Arrived<'a> {
    pub(crate) parts: &'a Parts,
    /// The body, without its items if they were parted from it.
    pub(crate) rest: &'a [u8],
    /// The number of items, if it is known.
    pub(crate) items: Option<u64>,
    pub(crate) last_item: Option<&'a [u8]>,
}

impl<P, B> Course<P, B> {
    /// The course that begins with `request`, and what to send for the first page, unless
    /// there is nothing to send.
    pub(crate) fn begin(
        strategy: P,
        config: Config,
        request: Request<B>,
    ) -> (Self, Option<Request<B>>)
    where
        P: Strategy<B>,
        B: Clone,
    {
        let mut course = Self {
            needs: strategy.needs(),
            strategy,
            config,
            progress: Progress::default(),
            after: After::Unknown,
            home: Home::of(request.uri()),
            asked: request.uri().clone(),
            template: request.clone(),
            cursor: None,
            seen: Seen::default(),
            empty_pages: 0,
            items: 0,
        };
        if course.config.max_pages == 0 || course.config.max_items == 0 {
            course.after = After::End(End::Limited);
            return (course, None);
        }
        let first = match course.first(request) {
            Ok(first) => first,
            Err(malformed) => {
                course.after = After::Fail(unusable(malformed, Position::page(0)));
                return (course, None);
            }
        };
        course.asked = first.uri().clone();
        // A link to the page that it stands on is a circle too.
        let start = Cursor::uri(course.asked.clone());
        course.seen.insert(course.cursor.as_ref().unwrap_or(&start));
        (course, Some(first))
    }

    fn first(&mut self, mut request: Request<B>) -> Result<Request<B>, Malformed>
    where
        P: Strategy<B>,
    {
        self.cursor = self.strategy.start(&request)?;
        if let Some(cursor) = &self.cursor {
            self.strategy.seek(cursor, &mut request)?;
        }
        Ok(request)
    }

    /// Takes note of a whole page and decides what follows it.
    pub(crate) fn arrived(&mut self, page: &Arrived<'_>)
    where
        P: Strategy<B>,
        B: Clone,
    {
        self.progress.pages += 1;
        self.items += page.items.unwrap_or(0);
        self.after = self.decide(page).unwrap_or_else(After::Fail);
    }

    /// Takes note of a whole page whose items cannot be found.
    pub(crate) fn split_failed(&mut self, error: PageError) {
        self.progress.pages += 1;
        self.after = After::Fail(error);
    }

    fn decide(&mut self, page: &Arrived<'_>) -> Result<After<B>, PageError>
    where
        P: Strategy<B>,
        B: Clone,
    {
        let position = Position::page(self.progress.pages - 1);
        let effective = match page.parts.extensions.get::<EffectiveUri>() {
            // A request without an origin keeps its links without one.
            Some(EffectiveUri(uri)) if self.asked.scheme().is_some() => uri,
            _ => &self.asked,
        };
        let view = PageView {
            parts: page.parts,
            asked: &self.asked,
            effective,
            rest: page.rest,
            cursor: self.cursor.as_ref(),
            index: position.page,
            items: page.items,
            seen: self.items,
            last_item: page.last_item,
        };
        let total = self.strategy.total(&view);
        self.progress.total = total.or(self.progress.total);
        let next = self.strategy.next(&view);
        if matches!(next, Ok(None)) {
            return Ok(After::End(End::Complete));
        }
        if self.progress.pages >= self.config.max_pages
            || self.progress.items >= self.config.max_items
        {
            return Ok(After::End(End::Limited));
        }
        let unreadable = |malformed| unusable(malformed, position).of(page.parts);
        let Some(cursor) = next.map_err(unreadable)? else {
            return Ok(After::End(End::Complete));
        };
        if cursor.len() > MAX_CURSOR_BYTES {
            return Err(PageError::new(
                PageErrorKind::TooLarge,
                position,
                format!("the next page's cursor is longer than {MAX_CURSOR_BYTES} bytes"),
                None,
            ));
        }

        if page.items == Some(0) {
            self.empty_pages += 1;
            if self.empty_pages > self.config.max_empty_pages {
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
        if self.config.on_repeat != OnRepeat::Allow && !self.seen.insert(&cursor) {
            if self.config.on_repeat == OnRepeat::End {
                return Ok(After::End(End::Repeated));
            }
            return Err(PageError::new(
                PageErrorKind::Repeated,
                position,
                "the next page is one that was asked for before",
                None,
            ));
        }

        let mut request = self.template.clone();
        self.strategy
            .seek(&cursor, &mut request)
            .map_err(|malformed| unusable(malformed, position))?;
        // One key stands for one call; the next page is another.
        request.headers_mut().remove("idempotency-key");
        self.home
            .confine(&mut request, &self.config.origin)
            .map_err(|strayed| match strayed {
                Strayed::Elsewhere(detail) => {
                    PageError::new(PageErrorKind::CrossOrigin, position, detail, None)
                }
                Strayed::Unusable(malformed) => unusable(malformed, position),
            })?;
        self.asked = request.uri().clone();
        self.cursor = Some(cursor);
        Ok(After::Ask(request))
    }
}

/// A page, or a cursor, that a strategy can do nothing with.
fn unusable(malformed: Malformed, position: Position) -> PageError {
    let kind = match malformed.json() {
        Some(error) if error.is_eof() => PageErrorKind::Truncated,
        Some(_) => PageErrorKind::NotJson,
        None => PageErrorKind::Malformed,
    };
    let detail = malformed.to_string();
    // Without a source of its own it has nothing to add.
    let source = malformed.json().is_some().then(|| malformed.into());
    PageError::new(kind, position, detail, source)
}
