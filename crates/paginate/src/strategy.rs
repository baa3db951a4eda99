use std::sync::Arc;

use http::Request;
use http::response::Parts;

use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::view::PageView;

/// Decides where the next page is, and how to ask for it.
///
/// A strategy has no state: everything that it may remember is the [`Cursor`]. Loops,
/// origins, limits and retries are seen to elsewhere, once for all strategies.
///
/// Implement it for an API that no ready-made strategy fits, or use
/// [`from_fn`](crate::from_fn) if the next page has a URL of its own.
pub trait Strategy<B> {
    /// The cursor of the page after `page`, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The page lacks what it should say about the next one. The stream hands out the
    /// page, then fails: an end that is not sure is never a silent end.
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed>;

    /// Points `request`, a copy of the first request, at `cursor`.
    ///
    /// # Errors
    ///
    /// The cursor cannot be sent.
    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        cursor.follow(request)
    }

    /// Points the first request itself at the cursor that it [starts](Self::start) with, where
    /// that is another thing than to [seek](Self::seek) a later page.
    ///
    /// # Errors
    ///
    /// The cursor cannot be sent.
    fn seek_first(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        self.seek(cursor, request)
    }

    /// The cursor of the first page, if that is sent with one as well.
    ///
    /// # Errors
    ///
    /// The request holds a start that cannot be understood. Nothing is sent.
    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        let _ = request;
        Ok(None)
    }

    /// How many items there are over all pages, where the page tells.
    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        let _ = page;
        None
    }

    /// Whether a page, or a refusal that is [the end](Self::is_end), is what `cursor` asks for, as
    /// far as its head tells.
    ///
    /// # Errors
    ///
    /// It is another one. Nothing of it is handed out.
    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        let _ = (head, cursor);
        Ok(())
    }

    /// Whether a response that is no success means that there is no such page, and so the
    /// end of the list instead of a failure.
    ///
    /// With `Range`, for one, that is 416. `cursor` is what the response was asked for with.
    fn is_end(&self, refusal: &Parts, cursor: Option<&Cursor>) -> bool {
        let _ = (refusal, cursor);
        false
    }

    /// How many pages follow `page`, where it tells and each can be asked for without the
    /// one before.
    ///
    /// Together with [`ahead`](Self::ahead) this lets pages be asked for side by side. It
    /// is a plan and no promise: a page that says something else ([`next`](Self::next))
    /// is believed.
    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        let _ = page;
        None
    }

    /// The cursor `n` pages after `page`, where it can be computed; `n` is at least 1.
    ///
    /// `ahead(page, 1)` is what [`next`](Self::next) gives if there is a next page.
    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        let _ = (page, n);
        None
    }

    /// What of a page the strategy has to see.
    fn needs(&self) -> Needs {
        Needs::NONE
    }

    /// What the strategy's cursors mean, in a few words that stay the same from one version to the
    /// next: `token body:/next query:cursor`.
    ///
    /// A [`Checkpoint`](crate::Checkpoint) keeps a hash of them, and a strategy that says something
    /// else is refused with it. By default nothing is said, and nothing refused.
    fn tag(&self) -> String {
        String::new()
    }
}

impl<B, P: Strategy<B> + ?Sized> Strategy<B> for Arc<P> {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        (**self).next(page)
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        (**self).seek(cursor, request)
    }

    fn seek_first(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        (**self).seek_first(cursor, request)
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        (**self).start(request)
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        (**self).total(page)
    }

    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        (**self).admits(head, cursor)
    }

    fn is_end(&self, refusal: &Parts, cursor: Option<&Cursor>) -> bool {
        (**self).is_end(refusal, cursor)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        (**self).remaining(page)
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        (**self).ahead(page, n)
    }

    fn needs(&self) -> Needs {
        (**self).needs()
    }

    fn tag(&self) -> String {
        (**self).tag()
    }
}

/// What of a page a [`Strategy`] has to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub(crate) last_item: bool,
    pub(crate) by_count: bool,
    pub(crate) head_only: bool,
}

impl Needs {
    /// Nothing but the head and the rest of the body.
    pub const NONE: Self = Self {
        last_item: false,
        by_count: false,
        head_only: false,
    };

    /// Less: the head alone. The next page can then be asked for before the body has
    /// arrived; see [`PaginateLayer::prefetch`](crate::PaginateLayer::prefetch).
    #[must_use]
    pub const fn head_only(self) -> Self {
        Self {
            head_only: true,
            ..self
        }
    }

    /// Also the last item, for [`PageView::last_item`].
    #[must_use]
    pub const fn last_item(self) -> Self {
        Self {
            last_item: true,
            ..self
        }
    }

    /// Also how many items there are, since the cursor is computed instead of told.
    ///
    /// Such a strategy cannot see that a server ignores its cursor, so a page with the items of
    /// the one before is refused, where it is known where they are; see
    /// [`OnRepeat`](crate::OnRepeat).
    #[must_use]
    pub const fn by_count(self) -> Self {
        Self {
            by_count: true,
            ..self
        }
    }
}

/// How many items there are over all pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Total {
    /// The number.
    pub n: u64,
    /// Whether the server means it exactly, and not as an estimate.
    pub exact: bool,
}

impl Total {
    /// A number that is exact.
    #[must_use]
    pub const fn exact(n: u64) -> Self {
        Self { n, exact: true }
    }

    /// A number that is an estimate.
    #[must_use]
    pub const fn estimate(n: u64) -> Self {
        Self { n, exact: false }
    }
}
