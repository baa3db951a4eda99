use std::fmt;

/// Where in the stream something is, counted from 0.
///
/// Displayed as people count: `page 3, item 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Position {
    /// The page.
    pub page: u64,
    /// The item within the page, in a stream of items.
    pub item: Option<u64>,
}

impl Position {
    pub(crate) const fn page(page: u64) -> Self {
        Self { page, item: None }
    }

    pub(crate) const fn item(page: u64, item: u64) -> Self {
        Self {
            page,
            item: Some(item),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page {}", u128::from(self.page) + 1)?;
        match self.item {
            Some(item) => write!(f, ", item {}", u128::from(item) + 1),
            None => Ok(()),
        }
    }
}
