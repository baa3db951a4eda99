//! Where the pages were asked for, for the line that says which of them failed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Uri;

/// The URLs of the pages, in order; clones share them.
///
/// They hold queries, which may hold keys: what is told of them is told by [`Trail::of`].
#[derive(Clone)]
pub(crate) struct Trail(Arc<Mutex<Asked>>);

struct Asked {
    /// The page that the first of `urls` was asked for.
    from: u64,
    urls: VecDeque<Uri>,
}

/// More pages than any window has in flight.
const MOST_PAGES: usize = 1024;

impl Trail {
    /// The first page that will be asked for is this one, counted from 0.
    pub(crate) fn from_page(from: u64) -> Self {
        let urls = VecDeque::new();
        Self(Arc::new(Mutex::new(Asked { from, urls })))
    }

    /// A page is asked for, or one of before once more.
    pub(crate) fn note(&self, url: &Uri) {
        let mut asked = self.lock();
        // Those before the last are asked for again with pages ahead, after a body that broke off.
        if asked.urls.contains(url) {
            return;
        }
        asked.urls.push_back(url.clone());
        if asked.urls.len() > MOST_PAGES {
            asked.urls.pop_front();
            asked.from += 1;
        }
    }

    /// Where `page` was asked for: no query, no user information. Where all pages have one URL and
    /// differ in a header or in their body, it is that.
    pub(crate) fn of(&self, page: u64) -> Option<String> {
        let asked = self.lock();
        let at = page.checked_sub(asked.from).map(usize::try_from);
        let url = at.and_then(|at| asked.urls.get(at.ok()?));
        url.or(asked.urls.back()).map(redacted)
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn redacted(url: &Uri) -> String {
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!(
        "{}://{}{port}{}",
        url.scheme_str().unwrap_or_default(),
        url.host().unwrap_or_default(),
        url.path()
    )
}
