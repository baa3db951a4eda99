use http::{Method, Request};

use super::passes_on::passes_on;
use super::template;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::Strategy;

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
    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        self.strategy.seek(cursor, request)?;
        get(request, B::default());
        Ok(())
    }

    // The first page's request keeps its method and its body.

    passes_on!(
        next, seek_first, start, total, admits, is_end, ahead, tag, needs
    );
}
