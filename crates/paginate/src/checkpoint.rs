use std::borrow::Cow;
use std::fmt;

use http::Request;
use http_body::Body;
use serde::{Deserialize, Serialize};

pub(crate) mod text;

use self::text::Raw;
use crate::cursor::Cursor;
use crate::fingerprint;
use crate::place::{Place, Spot};
use crate::position::Position;
use crate::uri;

/// Where a stream is, to go on from there later, in another process too.
///
/// [`Pages::checkpoint`](crate::Pages::checkpoint) and
/// [`Items::checkpoint`](crate::Items::checkpoint) make one at any time: after a page or
/// an item it stands behind it, after an error before what failed.
/// [`PaginateLayer::resume`](crate::PaginateLayer::resume) starts there.
///
/// It is bound to the request that the stream began with (its method, path, query and
/// body, by a fingerprint) but names no origin: that is the resuming request's, unless an
/// [`OriginPolicy`](crate::OriginPolicy) let the list go elsewhere, and then still does.
///
/// It is bound to the strategy too, by what that says of itself ([`Strategy::tag`](crate::Strategy::tag)): where the next
/// page is told, where the cursor is sent, and how long numbered pages are. A strategy of your own
/// that says nothing is taken for the one that the checkpoint was made with.
///
/// It holds the server's cursor, which some APIs put a credential into; `Debug` does not
/// show it, but [`Display`](fmt::Display) and serde do, since they are for keeping it.
///
/// As text it is one line of JSON. By serde it goes into formats that name their fields, as JSON does,
/// since what is not there is left out; for others keep the text:
///
/// ```
/// use outbound_paginate::Checkpoint;
///
/// let text = r#"{"v":1,"request":"00c0ffee00c0ffee","cursor":"n7","page":6,"items":60,"taken":3,"done":false}"#;
/// let checkpoint: Checkpoint = text.parse()?;
/// assert_eq!(checkpoint.to_string(), text);
/// assert_eq!(checkpoint.position().to_string(), "page 7, item 4");
/// assert!(!checkpoint.is_done());
/// # Ok::<_, outbound_paginate::InvalidCheckpoint>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Checkpoint {
    prints: Prints,
    cursor: Option<Box<str>>,
    page: u64,
    items: u64,
    /// `u64::MAX` stands for the whole page.
    taken: u64,
    done: bool,
    mark: Option<u64>,
}

/// What a checkpoint belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Prints {
    request: u64,
    strategy: Option<u64>,
}

impl Prints {
    pub(crate) fn of<B>(request: &Request<B>, tag: &str) -> Self
    where
        B: Body + Clone,
    {
        Self {
            request: fingerprint::of_request(request),
            strategy: fingerprint::of_tag(tag),
        }
    }
}

/// The cursor without these parameters of its URL.
pub(crate) fn public<'a>(cursor: &'a Cursor, secrets: &[Box<str>]) -> Cow<'a, Cursor> {
    match cursor.url() {
        Some(url) if !secrets.is_empty() => {
            Cow::Owned(cursor.clone().with_url(uri::without_query(url, secrets)))
        }
        _ => Cow::Borrowed(cursor),
    }
}

impl Checkpoint {
    /// Whether the list was at its end: nothing will be sent.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// Where the next item is, or the next page if the stream was not within one.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self.taken {
            0 => Position::page(self.page),
            // Only its last item, which nobody counted, is behind.
            u64::MAX => Position::page(self.page.saturating_add(1)),
            taken => Position::item(self.page, taken),
        }
    }

    /// Whether it was made of a stream that began with `request`.
    #[must_use]
    pub fn belongs_to<B>(&self, request: &Request<B>) -> bool
    where
        B: Body + Clone,
    {
        fingerprint::of_request(request) == self.prints.request
    }

    /// Where the stream was before the item that was handed out last, if that is within
    /// the same page: for a consumer that could not deal with it.
    #[must_use]
    pub fn before_last_item(&self) -> Option<Self> {
        let counted = self.taken > 0 && self.taken != u64::MAX;
        counted.then(|| Self {
            taken: self.taken - 1,
            ..self.clone()
        })
    }

    pub(crate) fn new<B>(
        template: &Request<B>,
        prints: Prints,
        spot: &Spot,
        secrets: &[Box<str>],
    ) -> Self {
        let cursor = spot.place.cursor.as_ref();
        let cursor = cursor.map(|cursor| public(cursor, secrets).encode(template.uri()));
        Self {
            prints,
            cursor: cursor.map(Into::into),
            page: spot.place.page,
            items: spot.place.items,
            taken: spot.taken,
            done: spot.done,
            mark: spot.place.mark,
        }
    }

    /// Where it stands in the list that begins with `template`.
    ///
    /// # Errors
    ///
    /// It belongs to another request or strategy, or its cursor cannot be read.
    pub(crate) fn spot<B>(&self, template: &Request<B>, tag: &str) -> Result<Spot, &'static str>
    where
        B: Body + Clone,
    {
        if !self.belongs_to(template) {
            return Err(
                "the checkpoint belongs to another request: its method, path, query or body \
                 differ; resume the request that it was made of, or start without it",
            );
        }
        let tags = self.prints.strategy.zip(fingerprint::of_tag(tag));
        if tags.is_some_and(|(ours, theirs)| ours != theirs) {
            return Err(
                "the checkpoint belongs to another strategy: where the next page is told, where \
                 the cursor is sent or how long a page is differ; resume with the one that it \
                 was made with, or start without it",
            );
        }
        let cursor = match &self.cursor {
            Some(text) => Some(
                Cursor::decode(text, template.uri())
                    .map_err(|_| "the checkpoint's cursor is damaged; start without it")?,
            ),
            None => None,
        };
        Ok(Spot {
            place: Place {
                cursor,
                page: self.page,
                items: self.items,
                mark: self.mark,
            },
            taken: self.taken,
            done: self.done,
        })
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("position", &self.position())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
