//! A page that is no JSON text.

use std::error::Error;
use std::fmt;

/// What should be a page is no JSON text.
#[derive(Debug)]
pub(crate) struct NotJson {
    error: serde_json::Error,
    /// Nothing here decodes what it did not ask for.
    is_encoded: bool,
}

impl NotJson {
    pub(crate) const fn new(error: serde_json::Error, is_encoded: bool) -> Self {
        Self { error, is_encoded }
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the page is not valid JSON")?;
        match self.is_encoded {
            true => f.write_str("; it has a content-encoding"),
            false => Ok(()),
        }
    }
}

impl Error for NotJson {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
