use std::error::Error;
use std::fmt;

/// A contract cannot be built; nothing of the kind is found out at the first response.
#[derive(Clone, Debug)]
pub struct InvalidContract {
    pointer: String,
    fault: String,
}

impl InvalidContract {
    pub(crate) fn new(pointer: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            fault: fault.into(),
        }
    }

    /// Where it is wrong: a JSON Pointer into the schema, or the required pointer as it was
    /// written.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }
}

impl fmt::Display for InvalidContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "invalid contract: {}", self.fault)
        } else {
            write!(f, "invalid contract: {}: {}", self.pointer, self.fault)
        }
    }
}

impl Error for InvalidContract {}
