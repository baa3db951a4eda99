use std::fmt;

use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::Strategy;
use crate::view::PageView;

/// A strategy made of a function that finds the next page's URL.
///
/// For XML and whatever else no ready-made strategy reads. The function makes the cursor
/// with [`PageView::resolve`].
///
/// ```
/// use outbound_paginate::{PageView, from_fn};
///
/// let strategy = from_fn(|page: &PageView<'_>| match page.header("x-next")? {
///     Some(next) => page.resolve(next).map(Some),
///     None => Ok(None),
/// });
/// # let _ = strategy;
/// ```
pub fn from_fn<F>(next: F) -> FromFn<F>
where
    F: Fn(&PageView<'_>) -> Result<Option<Cursor>, Malformed>,
{
    FromFn { next }
}

/// The strategy made by [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F> {
    next: F,
}

impl<B, F> Strategy<B> for FromFn<F>
where
    F: Fn(&PageView<'_>) -> Result<Option<Cursor>, Malformed>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        (self.next)(page)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
