use std::error::Error;
use std::fmt;

use http::header::CONTENT_ENCODING;
use http::response::Parts;
use outbound_http::BoxError;

use crate::malformed::Malformed;
use crate::page::Page;
use crate::position::Position;

/// Why a stream of pages or items failed, and where.
///
/// It shows no URL, no cursor and nothing of a body; of a source that is `serde_json`'s error, which
/// may quote a value, `Debug` shows where and of which category it is.
pub struct PageError(Box<Inner>);

struct Inner {
    kind: PageErrorKind,
    position: Position,
    detail: String,
    source: Option<BoxError>,
    page: Option<Page>,
    refuses: bool,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageErrorKind {
    /// The service failed on a page after the first; its error is the source.
    Service,
    /// The body could not be read to its end; the body's error is the source.
    Body,
    /// The response is no success; it is in [`PageError::response`].
    Status,
    /// The body is not JSON.
    NotJson,
    /// The body ended in the middle of its JSON.
    Truncated,
    /// The page lacks what it should hold: the items, a flag, a usable next URL.
    Malformed,
    /// An item or a page does not fit its type, or was refused by the caller's function,
    /// whose error is the source. The stream of items goes on after it.
    Decode,
    /// The next cursor was followed before.
    Repeated,
    /// The page has the items of the one before, though another was asked for.
    Stalled,
    /// The next page has an origin that is not allowed; nothing was sent there.
    CrossOrigin,
    /// A page or an item is larger than allowed.
    TooLarge,
    /// Too many pages in a row are without items.
    EmptyPages,
    /// A page that was asked for again, after some of its items were handed out, does not
    /// begin with them any more.
    Drifted,
    /// The checkpoint to resume at belongs to another request, or cannot be read. Nothing
    /// was sent.
    ForeignCheckpoint,
}

impl PageError {
    pub(crate) fn new(
        kind: PageErrorKind,
        position: Position,
        detail: impl Into<String>,
        source: Option<BoxError>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            position,
            detail: detail.into(),
            source,
            page: None,
            refuses: false,
        }))
    }

    pub(crate) fn status(page: Page) -> Self {
        Self(Box::new(Inner {
            kind: PageErrorKind::Status,
            position: Position::page(page.index),
            detail: format!("the API answered {}", page.parts.status),
            source: None,
            page: Some(page),
            refuses: false,
        }))
    }

    /// A page, or a cursor, that a strategy can do nothing with.
    pub(crate) fn unusable(malformed: Malformed, position: Position) -> Self {
        let kind = match malformed.json() {
            Some(error) if error.is_eof() => PageErrorKind::Truncated,
            Some(_) => PageErrorKind::NotJson,
            None => PageErrorKind::Malformed,
        };
        let detail = malformed.to_string();
        let refuses = malformed.refuses();
        // Without a source of its own it has nothing to add.
        let source = malformed.json().is_some().then(|| malformed.into());
        let mut error = Self::new(kind, position, detail, source);
        error.0.refuses = refuses;
        error
    }

    /// Whether the answer is no page of the list, though it may look like one.
    pub(crate) fn refuses(&self) -> bool {
        self.0.refuses
    }

    /// The same, with the answer if that is no page of the list.
    pub(crate) fn about(mut self, page: Page) -> Self {
        self.0.page = self.0.refuses.then_some(page);
        self
    }

    /// The same, within a page.
    pub(crate) fn within(mut self, item: Option<u64>) -> Self {
        self.0.position.item = item;
        self
    }

    /// The same, with a hint if the body may not be JSON because it is still encoded.
    pub(crate) fn of(mut self, parts: &Parts) -> Self {
        if self.0.kind == PageErrorKind::NotJson && parts.headers.contains_key(CONTENT_ENCODING) {
            self.0.detail += "; it has a content-encoding, so put a decompression layer beneath";
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> PageErrorKind {
        self.0.kind
    }

    /// The page, and the item within it, that it went wrong at.
    #[must_use]
    pub fn position(&self) -> Position {
        self.0.position
    }

    /// The response that is no success, with as much of its body as could be read; or, in a stream
    /// of pages, the one that a [check](crate::checked) has refused.
    #[must_use]
    pub fn response(&self) -> Option<&Page> {
        self.0.page.as_ref()
    }

    /// The [response](Self::response) that is no success or was refused.
    ///
    /// # Errors
    ///
    /// It went wrong otherwise: the error itself.
    pub fn into_response(mut self) -> Result<Page, Self> {
        self.0.page.take().ok_or(self)
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.position, self.0.detail)
    }
}

impl fmt::Debug for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageError")
            .field("kind", &self.0.kind)
            .field("position", &self.0.position)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source.as_ref().map(Shown))
            .finish_non_exhaustive()
    }
}

/// A source without what it may quote.
struct Shown<'a>(&'a BoxError);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(json) = self.0.downcast_ref::<serde_json::Error>() else {
            return self.0.fmt(f);
        };
        let (line, column) = (json.line(), json.column());
        write!(f, "{:?}({line}:{column})", json.classify())
    }
}

impl Error for PageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
