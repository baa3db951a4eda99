use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use http::Request;
use http_body::Body;
use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::cursor::text::MAX_CURSOR_BYTES;
use crate::fingerprint;
use crate::place::{Place, Spot};
use crate::position::Position;
use crate::uri;

/// How long the text of a checkpoint may be: a cursor's limit twice, since JSON may have to escape
/// each byte of it, and 1 KiB for the rest.
pub const MAX_CHECKPOINT_BYTES: usize = 2 * MAX_CURSOR_BYTES + 1024;

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

/// A checkpoint as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    v: u32,
    request: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    cursor: Option<Box<str>>,
    page: u64,
    items: u64,
    /// `null` stands for the whole page.
    taken: Option<u64>,
    done: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
}

const VERSION: u32 = 1;

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

/// Reads what was written of a hash.
fn print(text: &str) -> Option<u64> {
    let digits = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let hex = text.len() == 16 && text.bytes().all(digits);
    hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

impl TryFrom<Raw> for Checkpoint {
    type Error = InvalidCheckpoint;

    fn try_from(raw: Raw) -> Result<Self, InvalidCheckpoint> {
        let invalid = || InvalidCheckpoint(());
        let optional =
            |hex: Option<String>| hex.map(|hex| print(&hex).ok_or_else(invalid)).transpose();
        let cursor = raw.cursor.as_deref().unwrap_or_default();
        // A page number that cannot be counted on from is none that was ever written.
        let counts = [raw.page, raw.items, raw.taken.unwrap_or(0)];
        if raw.v != VERSION
            || cursor.len() > MAX_CURSOR_BYTES
            || counts.iter().any(|count| *count > u64::MAX / 2)
        {
            return Err(invalid());
        }
        Ok(Self {
            prints: Prints {
                request: print(&raw.request).ok_or_else(invalid)?,
                strategy: optional(raw.strategy)?,
            },
            mark: optional(raw.mark)?,
            cursor: raw.cursor,
            page: raw.page,
            items: raw.items,
            taken: raw.taken.unwrap_or(u64::MAX),
            done: raw.done,
        })
    }
}

impl From<Checkpoint> for Raw {
    fn from(checkpoint: Checkpoint) -> Self {
        let hex = |print: u64| format!("{print:016x}");
        Self {
            v: VERSION,
            request: hex(checkpoint.prints.request),
            strategy: checkpoint.prints.strategy.map(hex),
            cursor: checkpoint.cursor,
            page: checkpoint.page,
            items: checkpoint.items,
            taken: Some(checkpoint.taken).filter(|taken| *taken != u64::MAX),
            done: checkpoint.done,
            mark: checkpoint.mark.map(hex),
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Checkpoint {
    type Err = InvalidCheckpoint;

    /// Reads what [`Display`](fmt::Display) has written.
    fn from_str(text: &str) -> Result<Self, InvalidCheckpoint> {
        if text.len() > MAX_CHECKPOINT_BYTES {
            return Err(InvalidCheckpoint(()));
        }
        serde_json::from_str(text).map_err(|_| InvalidCheckpoint(()))
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

/// A text is no checkpoint. It is not repeated, since a cursor may hold a credential.
#[derive(Debug)]
pub struct InvalidCheckpoint(());

impl fmt::Display for InvalidCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a checkpoint of this version, or longer than {MAX_CHECKPOINT_BYTES} bytes; \
             start without it"
        )
    }
}

impl Error for InvalidCheckpoint {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Checkpoint> {
        text.parse().ok()
    }

    const GOOD: &str = r#"{"v":1,"request":"0123456789abcdef","cursor":"t[\"secret\"]","page":2,"items":20,"taken":null,"done":true}"#;
    const FULL: &str = r#"{"v":1,"request":"0123456789abcdef","strategy":"fedcba9876543210","cursor":"n1","page":2,"items":20,"taken":1,"done":false,"mark":"00000000000000ff"}"#;

    #[test]
    fn a_checkpoint_survives_its_text_and_shows_no_cursor() {
        let checkpoint = parse(GOOD).expect("it is one");
        assert_eq!(checkpoint.to_string(), GOOD);
        assert!(checkpoint.is_done());
        assert!(!format!("{checkpoint:?}").contains("secret"));
        assert_eq!(parse(FULL).expect("it is one").to_string(), FULL);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused_without_repeating_it() {
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("0123456789abcdef", "0123456789abcde"),
            ("0123456789abcdef", "+123456789abcdef"),
            ("0123456789abcdef", "0123456789ABCDEF"),
            ("\"page\":2", "\"page\":-2"),
            ("\"page\":2", "\"page\":18446744073709551615"),
            ("\"items\":20,", ""),
            ("\"done\":true", "\"done\":true,\"more\":1"),
            ("}", ""),
            ("}", "}}"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_ne!(bad, GOOD);
            let error = bad.parse::<Checkpoint>().expect_err(&bad);
            assert!(!error.to_string().contains("secret"));
        }
        for (from, to) in [
            ("fedcba9876543210", "fedcba987654321"),
            ("00000000000000ff", "+0000000000000ff"),
        ] {
            assert!(parse(&FULL.replacen(from, to, 1)).is_none(), "{to}");
        }
        let long = format!("{GOOD}{}", " ".repeat(MAX_CHECKPOINT_BYTES));
        assert!(parse(&long).is_none());
    }
}
