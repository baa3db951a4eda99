//! One number of retries for each page, whether its head or its body fails.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::Either;
use http::{Request, Uri};
use outbound::BoxError;
use outbound::paginate::Refetch;
use outbound::retry::{Override, Report};
use tower::{Layer, Service};

use crate::summary::Counters;

/// Outside the retries: what the page stream asks for again after a body that broke off counts
/// among the page's sends, of which there are one and its retries.
#[derive(Clone, Debug)]
pub(crate) struct AllowanceLayer {
    retries: u32,
    pages: Pages,
    counters: Counters,
}

/// The sends of pages that may still be asked for again.
type Pages = Arc<Mutex<HashMap<Uri, Report>>>;

/// More pages than any window has in flight; their sends are forgotten.
const MOST_PAGES: usize = 1024;

impl AllowanceLayer {
    pub(crate) fn new(retries: u32, counters: &Counters) -> Self {
        Self {
            retries,
            pages: Pages::default(),
            counters: counters.clone(),
        }
    }

    /// Lets a page have the retries that it has left; `false` if not even this send.
    fn admit<B>(&self, request: &mut Request<B>) -> bool {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(again) = request.extensions().get::<Refetch>().copied() else {
            if pages.len() == MOST_PAGES {
                pages.clear();
            }
            let report = Report::new();
            pages.insert(request.uri().clone(), report.clone());
            request.extensions_mut().insert(report);
            return true;
        };
        let report = pages.entry(request.uri().clone()).or_default().clone();
        // A report does not count the first send of a call after its first.
        let sent = report.attempts().max(1).saturating_add(again.number - 1);
        let Some(left) = self.retries.checked_sub(sent) else {
            return false;
        };
        self.counters.refetches().fetch_add(1, Relaxed);
        let extensions = request.extensions_mut();
        extensions.insert(report);
        extensions.insert(Override::new().retries(left));
        true
    }
}

impl<S> Layer<S> for AllowanceLayer {
    type Service = Allowance<S>;

    fn layer(&self, inner: S) -> Allowance<S> {
        Allowance {
            inner,
            layer: self.clone(),
        }
    }
}

/// Applied by [`AllowanceLayer`].
#[derive(Clone, Debug)]
pub(crate) struct Allowance<S> {
    inner: S,
    layer: AllowanceLayer,
}

impl<S, B> Service<Request<B>> for Allowance<S>
where
    S: Service<Request<B>, Error = BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if self.layer.admit(&mut request) {
            return Either::Right(self.inner.call(request));
        }
        let spent = "the body of the page broke off, and its retries are spent";
        let error = io::Error::new(io::ErrorKind::UnexpectedEof, spent);
        Either::Left(ready(Err(error.into())))
    }
}
