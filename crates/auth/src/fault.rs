use std::error::Error;
use std::fmt;
use std::time::Duration;

use tokio::time::error::Elapsed;

use crate::InvalidAuth;
use crate::error::SharedError;

/// How a fetch can fail by itself.
#[derive(Debug)]
pub(crate) enum Fault {
    TimedOut(Duration, Elapsed),
    Panicked,
    Aborted,
    BornExpired,
    Unusable(InvalidAuth),
    NotPersisted(SharedError),
    NoOther,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(limit, _) => write!(
                f,
                "the token source did not answer within {limit:?}; if it goes through the same client, mark its request NoAuth"
            ),
            Self::Panicked => f.write_str("the token source panicked"),
            Self::Aborted => {
                f.write_str("the runtime that the token source ran on was shut down, is not driven or is missing")
            }
            Self::BornExpired => f.write_str("the token source gave a token that has expired"),
            Self::Unusable(_) => f.write_str("the token source gave a token that cannot be used"),
            Self::NotPersisted(_) => f.write_str(
                "the refresh token could not be persisted, so that its token is not used yet",
            ),
            Self::NoOther => {
                f.write_str("the token source has no other token than the one that was refused")
            }
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TimedOut(_, source) => Some(source),
            Self::Unusable(source) => Some(source),
            Self::NotPersisted(source) => Some(&**source),
            _ => None,
        }
    }
}
