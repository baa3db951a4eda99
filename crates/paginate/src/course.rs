//! What a stream knows beside its service and the response in flight.

use std::sync::OnceLock;

use http::response::Parts;
use http::{Request, Uri};
use http_body::Body;

mod count;
mod decide;
mod foresight;
mod request;
mod told;

use self::count::Received;
pub use self::request::Refetch;
use crate::checkpoint::{Checkpoint, Prints};
use crate::config::Config;
use crate::cursor::Cursor;
use crate::error::{PageError, PageErrorKind};
use crate::guard::Home;
use crate::place::{ALL, Spot};
use crate::position::Position;
use crate::progress::{End, Progress, ProgressHandle};
use crate::repeat::Seen;
use crate::strategy::{Needs, Strategy};

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
    received: Received,
    handle: Option<ProgressHandle>,
    /// The caller's request, of which each page's is made.
    template: Request<B>,
    prints: OnceLock<Prints>,
    /// The cursor of the list's first page.
    start: Option<Cursor>,
    home: Home,
    /// Of the page at hand.
    asked: Uri,
    seen: Seen,
    empty_pages: u64,
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
    /// How many items are handed out with the page; none where they are one by one.
    pub(crate) counts: Option<u64>,
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
            received: Received::default(),
            handle: None,
            prints: OnceLock::new(),
            start: None,
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
            self.spot = checkpoint
                .spot(&self.template, &self.strategy.tag())
                .map_err(|detail| {
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
        let malformed = |malformed| PageError::unusable(malformed, Position::page(0));
        self.start = self.strategy.start(&self.template).map_err(malformed)?;
        if self.spot.place.page == 0 {
            self.spot.place.cursor = self.start.clone();
        }
        let first = self.request()?;
        // A link to the page that it stands on is a circle too.
        let start = Cursor::uri(self.asked.clone());
        self.seen
            .insert(self.spot.place.cursor.as_ref().unwrap_or(&start));
        self.begun = true;
        Ok(Some(first))
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
                self.receives_again();
                self.after = After::Ask;
                true
            }
            None => false,
        }
    }

    /// Goes on at its place after an error.
    pub(crate) fn begin_again(&mut self) {
        self.refetches = self.config.refetch;
        self.receives_again();
        // What was read and not handed out is read once more.
        self.offered = self.progress.items;
        self.after = After::Ask;
    }

    /// How many items of a page that is over count as taken by a stream that has handed out `items`
    /// of it. One that does not say what follows is asked for again, and may have more by then;
    /// behind a limit it is asked for that alone.
    pub(crate) const fn taken_of(&self, items: u64) -> u64 {
        match self.stays() {
            true => items,
            false => self.spot.taken,
        }
    }

    /// Whether a page that is over does not say what follows, and is asked for again.
    pub(crate) const fn stays(&self) -> bool {
        matches!(self.after, After::Fail(_)) && self.spot.taken == ALL
    }

    /// The page at hand is refused in a way that means the end.
    pub(crate) fn ends(&mut self) {
        self.after = self.ended(End::Complete);
    }

    /// Takes back that the list has ended, where that was in the middle of a page of which so many
    /// items were taken: whether it was.
    pub(crate) fn reopens(&mut self, taken: u64) -> bool {
        let within = self.spot.done && taken > 0 && taken != ALL;
        self.spot.done &= !within;
        within
    }

    pub(crate) fn checkpoint(&self, spot: &Spot) -> Checkpoint
    where
        P: Strategy<B>,
        B: Body + Clone,
    {
        let prints = self
            .prints
            .get_or_init(|| Prints::of(&self.template, &self.strategy.tag()));
        Checkpoint::new(&self.template, *prints, spot, &self.config.secret_query)
    }
}
