use std::env;
use std::future::{Future, ready};

use crate::{FetchError, InvalidAuth, Reason, Token, TokenSource};

/// [`TokenSource`] that reads an environment variable, anew for each fetch.
///
/// Its token is used until it is refused with a 401. For a token that never changes,
/// [`AuthLayer::bearer_env`](crate::AuthLayer::bearer_env) does without an engine.
///
/// ```
/// use outbound_auth::{EnvSource, Tokens};
///
/// let tokens = Tokens::new(EnvSource::new("API_TOKEN"));
/// # let _ = tokens;
/// ```
#[derive(Clone, Debug)]
pub struct EnvSource {
    variable: Box<str>,
}

impl EnvSource {
    /// Reads `variable`. Nothing is read before the first fetch.
    #[must_use]
    pub fn new(variable: impl Into<String>) -> Self {
        Self {
            variable: variable.into().into(),
        }
    }

    fn read(&self) -> Result<Token, FetchError> {
        let fault = match env::var(&*self.variable) {
            Ok(value) if !value.is_empty() => return Ok(Token::new(value)),
            Ok(_) => "it is empty",
            Err(env::VarError::NotPresent) => "it is not set",
            // The error's own text shows the value.
            Err(env::VarError::NotUnicode(_)) => "its value is not UTF-8",
        };
        Err(InvalidAuth::new(fault).in_variable(&self.variable).into())
    }
}

impl TokenSource for EnvSource {
    fn fetch(&self, _: Reason) -> impl Future<Output = Result<Token, FetchError>> + Send {
        ready(self.read())
    }
}
