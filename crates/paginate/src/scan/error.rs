use std::fmt;

/// Why a page cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// It is not JSON; the byte that cannot stand there is not shown.
    Syntax,
    /// It ended too early.
    Truncated,
    /// There is no value at the pointer.
    Absent,
    /// The value at the pointer is neither an array nor `null`.
    NotAnArray,
    /// The array occurs twice.
    Twice,
    /// An item is too large.
    ItemTooLarge,
    /// What is kept beside the items is too large.
    RestTooLarge,
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "the page is not valid JSON",
            Self::Truncated => "the page ended in the middle of its JSON",
            Self::Absent => "the page has no items where they should be",
            Self::NotAnArray => "the items are neither an array nor null",
            Self::Twice => "the page has its items twice",
            Self::ItemTooLarge => "an item is larger than allowed",
            Self::RestTooLarge => "what surrounds the items is larger than allowed",
        })
    }
}

impl std::error::Error for ScanError {}
