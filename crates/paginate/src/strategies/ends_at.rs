use std::fmt;

use http::response::Parts;

use super::passes_on::passes_on;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::Strategy;

/// Follows `strategy`, and takes a response that is no success for the end of the list where `ends`
/// says so: for APIs that answer 404 behind the last page.
///
/// `ends` is given the response's head and the cursor that it was asked for with. Let it look at
/// both: a list that does not exist is answered with 404 too, and with the first page. Where items of
/// the page were handed out before it broke off, it is no end but
/// [`PageErrorKind::Drifted`](crate::PageErrorKind::Drifted).
///
/// ```
/// use http::StatusCode;
/// use outbound_paginate::{Cursor, LinkHeader, PageNumber, ends_at};
///
/// let pages = ends_at(PageNumber::query("page"), |refusal, cursor| {
///     refusal.status == StatusCode::NOT_FOUND && cursor.and_then(Cursor::as_number) > Some(1)
/// });
/// // GitHub's answer for the commits of an empty repository.
/// let commits = ends_at(LinkHeader::next(), |refusal, cursor| {
///     refusal.status == StatusCode::CONFLICT && cursor.is_none()
/// });
/// # let _ = (pages, commits);
/// ```
pub fn ends_at<P, F>(strategy: P, ends: F) -> EndsAt<P, F>
where
    F: Fn(&Parts, Option<&Cursor>) -> bool,
{
    EndsAt { strategy, ends }
}

/// The strategy made by [`ends_at`].
#[derive(Clone, Copy)]
pub struct EndsAt<P, F> {
    strategy: P,
    ends: F,
}

impl<B, P, F> Strategy<B> for EndsAt<P, F>
where
    P: Strategy<B>,
    F: Fn(&Parts, Option<&Cursor>) -> bool,
{
    fn admits(&self, head: &Parts, cursor: Option<&Cursor>) -> Result<(), Malformed> {
        // What the other strategy knows nothing of is not for it to judge.
        if !head.status.is_success() && (self.ends)(head, cursor) {
            return Ok(());
        }
        self.strategy.admits(head, cursor)
    }

    fn is_end(&self, refusal: &Parts, cursor: Option<&Cursor>) -> bool {
        (self.ends)(refusal, cursor) || self.strategy.is_end(refusal, cursor)
    }

    passes_on!(next, seek, seek_first, start, total, ahead, tag, needs);
}

impl<P: fmt::Debug, F> fmt::Debug for EndsAt<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndsAt")
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}
