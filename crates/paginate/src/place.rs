//! Places in a list.

use crate::cursor::Cursor;

/// Stands for all items of a page, however many.
pub(crate) const ALL: u64 = u64::MAX;

/// A page's place in the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) cursor: Option<Cursor>,
    /// The number of pages before it.
    pub(crate) page: u64,
    /// The number of items before it.
    pub(crate) items: u64,
    /// What the cursor is known by that is remembered here, of all on the way.
    pub(crate) mark: Option<u64>,
}

/// Where a stream is: what a checkpoint says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spot {
    /// The page at hand, or the next one once that is known.
    pub(crate) place: Place,
    /// How many of its items were handed out before it was asked for (again).
    pub(crate) taken: u64,
    /// Whether the list has ended.
    pub(crate) done: bool,
}
