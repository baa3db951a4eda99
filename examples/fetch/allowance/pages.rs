//! How a page's requests know each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::response::Parts;
use http::{Extensions, Request, Uri};
use http_body_util::Full;
use outbound::paginate::{Cursor, Malformed, Needs, PageView, Refetch, Strategy, Total};
use outbound::retry::Report;

use crate::strategy::AnyStrategy;

/// Extension of each request for one page: how often that was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sends(Arc<Mutex<Report>>);

impl Sends {
    /// The page is asked for as if it had not been: for the first time, or because what was read
    /// ahead was thrown away.
    pub(super) fn begin(&self) -> Report {
        let report = Report::new();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = report.clone();
        report
    }

    pub(super) fn report(&self) -> Report {
        let report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.clone()
    }

    /// How often a page was sent before the request with these `extensions`.
    pub(crate) fn before(extensions: &Extensions) -> u32 {
        match (extensions.get::<Self>(), extensions.get::<Refetch>()) {
            (Some(sends), Some(again)) => {
                // A report does not count the first send of a call after its first.
                let sent = sends.report().attempts().max(1);
                sent.saturating_add(again.number - 1)
            }
            _ => 0,
        }
    }
}

/// The [`Sends`] of pages on other origins, where no request takes any along. They are known by their
/// URLs, by which alone a list leads elsewhere.
#[derive(Clone, Default)]
pub(crate) struct Elsewhere(Arc<Mutex<HashMap<Uri, Sends>>>);

/// More pages than any window has in flight.
const MOST_PAGES: usize = 1024;

impl Elsewhere {
    /// Gives a request its page's, unless it has brought them.
    pub(crate) fn know<B>(&self, request: &mut Request<B>) {
        if request.extensions().get::<Sends>().is_some() {
            return;
        }
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST_PAGES {
            pages.clear();
        }
        let sends = pages.entry(request.uri().clone()).or_default().clone();
        request.extensions_mut().insert(sends);
    }
}

/// A strategy whose pages have their own [`Sends`] each, until they have arrived. What the first page
/// is asked for without a cursor has those of the stream's request.
///
/// The cursor is what a page is known by: its URL may be that of all, as with a range.
pub(crate) struct PageByPage {
    inner: AnyStrategy,
    on_their_way: Mutex<HashMap<Cursor, Sends>>,
}

impl PageByPage {
    pub(crate) fn new(inner: AnyStrategy) -> Self {
        Self {
            inner,
            on_their_way: Mutex::default(),
        }
    }

    fn set_out<B>(&self, cursor: &Cursor, request: &mut Request<B>) {
        let sends = self
            .on_their_way()
            .entry(cursor.clone())
            .or_default()
            .clone();
        request.extensions_mut().insert(sends);
    }

    fn on_their_way(&self) -> MutexGuard<'_, HashMap<Cursor, Sends>> {
        self.on_their_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Strategy<Full<Bytes>> for PageByPage {
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        if let Some(cursor) = page.cursor() {
            self.on_their_way().remove(cursor);
        }
        self.inner.next(page)
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<Full<Bytes>>) -> Result<(), Malformed> {
        self.set_out(cursor, request);
        self.inner.seek(cursor, request)
    }

    fn seek_first(
        &self,
        cursor: &Cursor,
        request: &mut Request<Full<Bytes>>,
    ) -> Result<(), Malformed> {
        self.set_out(cursor, request);
        self.inner.seek_first(cursor, request)
    }

    fn start(&self, request: &Request<Full<Bytes>>) -> Result<Option<Cursor>, Malformed> {
        self.inner.start(request)
    }

    fn tag(&self) -> String {
        self.inner.tag()
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.inner.total(page)
    }

    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        self.inner.admits(head, cursor)
    }

    fn is_end(&self, refusal: &Parts, cursor: Option<&Cursor>) -> bool {
        self.inner.is_end(refusal, cursor)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        self.inner.remaining(page)
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        self.inner.ahead(page, n)
    }

    fn needs(&self) -> Needs {
        self.inner.needs()
    }
}
