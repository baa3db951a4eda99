//! What happens to tokens, told to whoever listens (feature `tracing`), without their secrets.

use crate::Reason;
use crate::fetched::{Failure, Prepared};

/// A fetch ended.
#[cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, clippy::missing_const_for_fn)
)]
pub(crate) fn landed(why: Reason, result: &Result<Prepared, Failure>) {
    #[cfg(feature = "tracing")]
    match result {
        Ok(Prepared { fetched, .. }) => tracing::debug!(
            reason = ?why,
            took_ms = millis(fetched.took),
            lifetime_ms = fetched.token.lifetime().map(millis),
            "a token was fetched"
        ),
        Err(failure) => tracing::warn!(
            reason = ?why,
            error = %failure.error,
            again = ?failure.again,
            "a token could not be fetched"
        ),
    }
}

/// A token was refused with a 401, which may lead to another.
#[cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, clippy::missing_const_for_fn)
)]
pub(crate) fn rejected(renewed: bool) {
    #[cfg(feature = "tracing")]
    tracing::debug!(renewed, "a token was refused");
}

/// A static credential was not added, since the request goes elsewhere.
#[cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, clippy::missing_const_for_fn)
)]
pub(crate) fn withheld(uri: &http::Uri) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        url.scheme = uri.scheme_str(),
        server.address = uri.host(),
        "a credential was not added: the request is out of its scope"
    );
}

#[cfg(feature = "tracing")]
fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
