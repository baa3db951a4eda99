//! What a stream knows beside its service and the response in flight.

use std::mem;
use std::sync::OnceLock;

use http::response::Parts;
use http::{Request, Uri};
use http_body::Body;
use outbound_http::EffectiveUri;

mod count;
mod foresight;
mod place;

pub(crate) use self::place::{Place, Spot};
use crate::checkpoint::Checkpoint;
use crate::config::{Config, OnRepeat};
use crate::cursor::{Cursor, MAX_CURSOR_BYTES};
use crate::error::{PageError, PageErrorKind, Position};
use crate::fingerprint;
use crate::guard::{Home, Strayed};
use crate::progress::{End, Progress, ProgressHandle};
use crate::repeat::Seen;
use crate::strategy::{Malformed, Needs, Strategy};
use crate::view::PageView;

/// Stands for all items of a page, however many.
pub(crate) const ALL: u64 = u64::MAX;

/// From page to page: the strategy, the first request, the guards and the limits.
pub(crate) struct Course<P, B> {
    pub(crate) strategy: P,
    pub(crate) config: Config,
    pub(crate) needs: Needs,
    pub(crate) after: After,
    pub(crate) spot: Spot,
    /// The cursors behind the next one that may be asked for ahead of time.
    pub(crate) wanted: Vec<Cursor>,
    /// How often the page at hand may still be asked for again.
    pub(crate) refetches: u32,
    /// Whether it came as far as the first page's request.
    pub(crate) begun: bool,
    /// Items that were read to be handed out, in this run.
    offered: u64,
    progress: Progress,
    handle: Option<ProgressHandle>,
    /// The caller's request, of which each page's is made.
    template: Request<B>,
    print: OnceLock<u64>,
    home: Home,
    /// Of the page at hand.
    asked: Uri,
    seen: Seen,
    empty_pages: u64,
}

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

/// What follows the page at hand.
pub(crate) enum After {
    /// It has to arrive first.
    Unknown,
    /// The page at the course's place.
    Ask,
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
        mut config: Config,
        request: Request<B>,
    ) -> (Self, Option<Request<B>>)
    where
        P: Strategy<B>,
        B: Body + Clone,
    {
        let resume = config.resume.take();
        let mut course = Self {
            needs: strategy.needs(),
            strategy,
            refetches: config.refetch,
            config,
            after: After::Unknown,
            spot: Spot::default(),
            wanted: Vec::new(),
            begun: false,
            offered: 0,
            progress: Progress::default(),
            handle: None,
            print: OnceLock::new(),
            home: Home::of(request.uri()),
            asked: request.uri().clone(),
            template: request,
            seen: Seen::default(),
            empty_pages: 0,
        };
        match course.open(resume.as_ref()) {
            Ok(first) => (course, first),
            Err(error) => {
                course.after = After::Fail(error);
                (course, None)
            }
        }
    }

    fn open(&mut self, resume: Option<&Checkpoint>) -> Result<Option<Request<B>>, PageError>
    where
        P: Strategy<B>,
        B: Body + Clone,
    {
        if let Some(checkpoint) = resume {
            self.spot = checkpoint.spot(&self.template).map_err(|detail| {
                let kind = PageErrorKind::ForeignCheckpoint;
                PageError::new(kind, checkpoint.position(), detail, None)
            })?;
        }
        if self.spot.done {
            self.after = After::End(End::Complete);
            return Ok(None);
        }
        if self.config.max_pages == 0 || self.config.max_items == 0 {
            self.after = After::End(End::Limited);
            return Ok(None);
        }
        if self.spot.place.page == 0 {
            let malformed = |malformed| unusable(malformed, Position::page(0));
            self.spot.place.cursor = self.strategy.start(&self.template).map_err(malformed)?;
        }
        let first = self.request()?;
        // A link to the page that it stands on is a circle too.
        let start = Cursor::uri(self.asked.clone());
        self.seen
            .insert(self.spot.place.cursor.as_ref().unwrap_or(&start));
        self.begun = true;
        Ok(Some(first))
    }

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

    fn request_for(&self, place: &Place) -> Result<Request<B>, PageError>
    where
        P: Strategy<B>,
        B: Clone,
    {
        // It is the page before that said so.
        let position = Position::page(place.page.saturating_sub(1));
        let mut request = self.template.clone();
        if let Some(cursor) = &place.cursor {
            self.strategy
                .seek(cursor, &mut request)
                .map_err(|malformed| unusable(malformed, position))?;
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
                Strayed::Unusable(malformed) => unusable(malformed, position),
            })?;
        Ok(request)
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
    fn answered<'a>(&self, parts: &'a Parts, asked: &'a Uri) -> (&'a Uri, Option<&'a str>) {
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
            Err(malformed) => return Err(unusable(malformed, position).of(page.parts)),
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

    fn ended(&mut self, end: End) -> After {
        self.spot.done = true;
        After::End(end)
    }

    /// The page at the course's place.
    pub(crate) const fn position(&self) -> Position {
        Position::page(self.spot.place.page)
    }

    /// Whether the page at hand may be asked for again after its body broke off.
    pub(crate) fn asks_again(&mut self) -> bool {
        match self.refetches.checked_sub(1) {
            Some(left) => {
                self.refetches = left;
                self.progress.refetches += 1;
                self.after = After::Ask;
                true
            }
            None => false,
        }
    }

    /// Goes on at its place after an error.
    pub(crate) fn begin_again(&mut self) {
        self.refetches = self.config.refetch;
        // What was read and not handed out is read once more.
        self.offered = self.progress.items;
        self.after = After::Ask;
    }

    /// The page at hand is refused in a way that means the end.
    pub(crate) fn ends(&mut self) {
        self.after = self.ended(End::Complete);
    }

    pub(crate) fn checkpoint(&self, spot: &Spot) -> Checkpoint
    where
        B: Body + Clone,
    {
        let print = *self.print.get_or_init(|| fingerprint::of(&self.template));
        Checkpoint::new(&self.template, print, spot, &self.config.secret_query)
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
