use std::error::Error;
use std::fmt;

/// A scope or a credential cannot be used as it was given.
///
/// Displays what is wrong and what to do. It never repeats the value, which may be secret (an
/// origin may hold a password, and name and value are easily swapped); where the value came
/// from an environment variable, it names the variable.
#[derive(Debug)]
pub struct InvalidAuth {
    fault: &'static str,
    variable: Option<Box<str>>,
}

impl InvalidAuth {
    pub(crate) const fn new(fault: &'static str) -> Self {
        Self {
            fault,
            variable: None,
        }
    }

    pub(crate) fn in_variable(self, variable: &str) -> Self {
        Self {
            variable: Some(variable.into()),
            ..self
        }
    }

    /// The environment variable at fault, if the value was to come from one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }
}

impl fmt::Display for InvalidAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = &self.variable {
            write!(f, "environment variable {variable}: ")?;
        }
        f.write_str(self.fault)
    }
}

impl Error for InvalidAuth {}
