use http::response::Parts;
use http::{Method, Request};

use super::template;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy, Total};
use crate::view::PageView;

/// Follows `strategy`, and asks for every page after the first with GET and without a
/// body: for searches that are POSTed and answer with links.
///
/// ```
/// use outbound_paginate::{NextUrl, as_get};
///
/// let strategy = as_get(NextUrl::at("/links/next"));
/// # let _ = strategy;
/// ```
pub const fn as_get<P>(strategy: P) -> AsGet<P> {
    AsGet { strategy }
}

/// The strategy made by [`as_get`].
#[derive(Clone, Debug)]
pub struct AsGet<P> {
    strategy: P,
}

/// Makes a GET of a request.
pub(super) fn get<B>(request: &mut Request<B>, empty: B) {
    *request.method_mut() = Method::GET;
    *request.body_mut() = empty;
    template::forget_body(request);
    request.headers_mut().remove(http::header::CONTENT_TYPE);
}

impl<B, P> Strategy<B> for AsGet<P>
where
    P: Strategy<B>,
    B: Default,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        self.strategy.next(page)
    }

    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        self.strategy.seek(cursor, request)?;
        get(request, B::default());
        Ok(())
    }

    // The first page's request keeps its method and its body.

    fn seek_first(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        self.strategy.seek_first(cursor, request)
    }

    fn start(&self, request: &Request<B>) -> Result<Option<Cursor>, Malformed> {
        self.strategy.start(request)
    }

    fn total(&self, page: &PageView<'_>) -> Option<Total> {
        self.strategy.total(page)
    }

    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        self.strategy.admits(head, cursor)
    }

    fn is_end(&self, refusal: &Parts) -> bool {
        self.strategy.is_end(refusal)
    }

    fn remaining(&self, page: &PageView<'_>) -> Option<u64> {
        self.strategy.remaining(page)
    }

    fn ahead(&self, page: &PageView<'_>, n: u64) -> Option<Cursor> {
        self.strategy.ahead(page, n)
    }

    fn tag(&self) -> String {
        self.strategy.tag()
    }

    fn needs(&self) -> Needs {
        self.strategy.needs()
    }
}
