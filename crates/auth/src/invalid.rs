use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A scope or a credential cannot be used as it was given.
///
/// Displays what is wrong and what to do. It never repeats the value, which may be secret (an
/// origin may hold a password, and name and value are easily swapped); where the value came
/// from an environment variable or a file, it names that.
#[derive(Debug)]
pub struct InvalidAuth {
    fault: Cow<'static, str>,
    from: Option<Place>,
}

#[derive(Debug)]
enum Place {
    Variable(Box<str>),
    File(PathBuf),
}

impl InvalidAuth {
    pub(crate) const fn new(fault: &'static str) -> Self {
        Self {
            fault: Cow::Borrowed(fault),
            from: None,
        }
    }

    pub(crate) const fn with(fault: String) -> Self {
        Self {
            fault: Cow::Owned(fault),
            from: None,
        }
    }

    pub(crate) fn in_variable(self, variable: &str) -> Self {
        Self {
            from: Some(Place::Variable(variable.into())),
            ..self
        }
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self {
            from: Some(Place::File(path.into())),
            ..self
        }
    }

    /// The environment variable at fault, if the value was to come from one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.from {
            Some(Place::Variable(variable)) => Some(variable),
            _ => None,
        }
    }

    /// The file at fault, if the value was to come from one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.from {
            Some(Place::File(path)) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for InvalidAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Some(Place::Variable(variable)) => write!(f, "environment variable {variable}: ")?,
            Some(Place::File(path)) => write!(f, "file {}: ", path.display())?,
            None => {}
        }
        f.write_str(&self.fault)
    }
}

impl Error for InvalidAuth {}
