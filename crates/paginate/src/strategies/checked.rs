use std::fmt;

use super::passes_on::passes_on;
use crate::cursor::Cursor;
use crate::malformed::Malformed;
use crate::strategy::{Needs, Strategy};
use crate::view::PageView;

/// Follows `strategy`, and looks at each page first: for APIs that answer failures with
/// 200, which would else pass for the end of the list.
///
/// What is refused is no page: it is not handed out, but is in
/// [`PageError::response`](crate::PageError::response), and the stream can go on with the answer
/// that comes instead. A stream of items has handed out those that stood in it before it was
/// whole, and skips so many when it goes on.
///
/// ```
/// use outbound_paginate::{Malformed, Pointer, Token, body, checked, query};
///
/// let ok = Pointer::try_from("/ok")?;
/// let strategy = Token::from(body("/response_metadata/next_cursor")).to(query("cursor"));
/// let slack = checked(strategy, move |page| match page.value(&ok)? {
///     Some(ok) if ok.get() == "true" => Ok(()),
///     _ => Err(Malformed::new("the page says that it failed")),
/// });
/// # let _ = slack;
/// # Ok::<_, outbound_paginate::InvalidPointer>(())
/// ```
pub fn checked<P, F>(strategy: P, check: F) -> Checked<P, F>
where
    F: Fn(&PageView<'_>) -> Result<(), Malformed>,
{
    Checked { strategy, check }
}

/// The strategy made by [`checked`].
#[derive(Clone, Copy)]
pub struct Checked<P, F> {
    strategy: P,
    check: F,
}

impl<B, P, F> Strategy<B> for Checked<P, F>
where
    P: Strategy<B>,
    F: Fn(&PageView<'_>) -> Result<(), Malformed>,
{
    fn next(&self, page: &PageView<'_>) -> Result<Option<Cursor>, Malformed> {
        (self.check)(page).map_err(Malformed::refusing)?;
        self.strategy.next(page)
    }

    fn needs(&self) -> Needs {
        Needs {
            // It is the body that is checked.
            head_only: false,
            ..self.strategy.needs()
        }
    }

    passes_on!(seek, seek_first, start, total, admits, is_end, ahead, tag);
}

impl<P: fmt::Debug, F> fmt::Debug for Checked<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}
