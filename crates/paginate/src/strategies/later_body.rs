use bytes::Bytes;
use http::Request;

use super::passes_on::passes_on;
use super::template;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::Strategy;

/// Follows `strategy`, and asks for every page after the first with another JSON body
/// instead of the first request's; a cursor that goes into the body goes into this one.
///
/// ```
/// use outbound_paginate::{Token, body, json, later_body};
///
/// let scroll = Token::from(body("/_scroll_id"))
///     .to(json("/scroll_id"))
///     .later_at("/_search/scroll")
///     .end_on_empty_page();
/// let elastic = later_body(scroll, r#"{"scroll":"1m"}"#);
/// # let _ = elastic;
/// ```
pub fn later_body<P>(strategy: P, body: impl Into<Box<str>>) -> LaterBody<P> {
    LaterBody {
        strategy,
        body: body.into(),
    }
}

/// The strategy made by [`later_body`].
#[derive(Clone)]
pub struct LaterBody<P> {
    strategy: P,
    body: Box<str>,
}

impl<B, P> Strategy<B> for LaterBody<P>
where
    P: Strategy<B>,
    B: From<Bytes>,
{
    fn seek(&self, cursor: &Cursor, request: &mut Request<B>) -> Result<(), Malformed> {
        template::replace(request, self.body.clone().into());
        self.strategy.seek(cursor, request)
    }

    // The first page's request keeps its method and its body.

    passes_on!(
        next, seek_first, start, total, admits, is_end, ahead, tag, needs
    );
}

// The body may hold a secret.
impl<P: std::fmt::Debug> std::fmt::Debug for LaterBody<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaterBody")
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}
