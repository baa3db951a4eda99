//! The tokens that were issued, and which of them still open the list.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long tokens live. The first would last, but is revoked; the second is short-lived.
const LIFETIMES: [Duration; 2] = [Duration::from_secs(3600), Duration::from_secs(1)];

/// How long each later token lives.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has no bearer token at all.
    Missing,
    /// Its token was never issued, has expired or was revoked; the text says which.
    Invalid(&'static str),
}

#[derive(Debug)]
struct Issued {
    expires: Instant,
    revoked: bool,
}

/// Issues tokens and knows them again.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Vec<Issued>>);

impl Tokens {
    /// A new token, and how long it lives.
    pub(super) fn issue(&self) -> (String, Duration) {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lifetime = LIFETIMES.get(issued.len()).copied().unwrap_or(LIFETIME);
        issued.push(Issued {
            expires: Instant::now() + lifetime,
            revoked: false,
        });
        (text(issued.len() - 1), lifetime)
    }

    /// Lets in who bears a token that is good now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] to anybody else.
    pub(super) fn check(&self, bearer: Option<&str>) -> Result<(), Refusal> {
        let bearer = bearer.ok_or(Refusal::Missing)?;
        let issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match find(&issued, bearer).map(|index| &issued[index]) {
            None => Err(Refusal::Invalid("never issued")),
            Some(token) if token.revoked => Err(Refusal::Invalid("revoked")),
            Some(token) if token.expires <= Instant::now() => Err(Refusal::Invalid("expired")),
            Some(_) => Ok(()),
        }
    }

    /// From now on `bearer` opens nothing.
    pub(super) fn revoke(&self, bearer: Option<&str>) {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = bearer.and_then(|bearer| find(&issued, bearer)) {
            issued[index].revoked = true;
        }
    }
}

fn find(issued: &[Issued], bearer: &str) -> Option<usize> {
    (0..issued.len()).find(|&index| text(index) == bearer)
}

/// The text of a token. It can be guessed, which a token that guards anything must not be.
fn text(index: usize) -> String {
    format!("observer-{}", index + 1)
}
