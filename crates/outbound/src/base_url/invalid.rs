use std::error::Error;
use std::fmt;

/// A base URL that cannot be one.
#[derive(Debug)]
pub struct InvalidBaseUrl(pub(super) &'static str);

/// Without the URL, which may hold a secret.
impl fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the base URL {}; it should be like https://api.example.com/v1",
            self.0
        )
    }
}

impl Error for InvalidBaseUrl {}
