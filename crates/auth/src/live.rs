//! A token that was published.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::clock::Moment;
use crate::schedule::Times;
use crate::{InvalidAuth, Token, secret};

/// A token that somebody uses.
pub(crate) type Lease = Arc<Live>;

/// A token prepared for use.
pub(crate) struct Live {
    /// Tokens of different generations differ.
    pub(crate) generation: u64,
    /// The header value, made once.
    pub(crate) value: HeaderValue,
    pub(crate) token: Token,
    /// `None`: it does not expire.
    term: Option<Term>,
}

struct Term {
    /// From here on its successor is fetched.
    stale: Moment,
    /// From here on it is not used.
    dead: Moment,
    /// How long it was good for at its birth.
    span: Duration,
}

/// What a request wants of a token, beyond being alive.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need {
    /// It is to be of a later generation.
    pub(crate) after: Option<u64>,
    /// It is to be good for this long.
    pub(crate) valid_for: Option<Duration>,
    /// It is not to be one that some resource refused: the request is sent but once.
    pub(crate) unrefused: bool,
}

impl Need {
    pub(crate) fn unrefused() -> Self {
        Self {
            unrefused: true,
            ..Self::default()
        }
    }
}

/// What a token is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Fresh,
    /// It is used while its successor is fetched.
    Stale,
    /// It is used only if no successor is to be had.
    TooShort,
    Dead,
}

impl Live {
    pub(crate) fn new(
        generation: u64,
        value: HeaderValue,
        token: Token,
        times: Option<(Moment, Times)>,
    ) -> Self {
        Self {
            generation,
            value,
            token,
            term: times.map(|(born, times)| Term {
                stale: born.after(times.stale),
                dead: born.after(times.dead),
                span: times.dead,
            }),
        }
    }

    /// The header value, with bytes of its own.
    pub(crate) fn own_value(&self) -> HeaderValue {
        // It was a value before; the fallback is one all the same.
        self.value
            .to_str()
            .ok()
            .and_then(|value| secret::shared_value("", value).ok())
            .unwrap_or_else(|| self.value.clone())
    }

    #[inline]
    pub(crate) const fn expires(&self) -> bool {
        self.term.is_some()
    }

    /// From when on its successor is fetched; never, where it does not expire.
    pub(crate) fn stale(&self) -> Option<Moment> {
        self.term.as_ref().map(|term| term.stale)
    }

    /// Whether nothing is to be done for it yet.
    pub(crate) fn is_fresh(&self, now: Moment) -> bool {
        self.term
            .as_ref()
            .is_none_or(|term| !term.stale.has_come(now))
    }

    #[inline]
    pub(crate) fn is_dead(&self, now: Moment) -> bool {
        self.term
            .as_ref()
            .is_some_and(|term| term.dead.has_come(now))
    }

    pub(crate) fn judge(&self, need: Need, now: Moment) -> Use {
        let Some(term) = &self.term else {
            return Use::Fresh;
        };
        if term.dead.has_come(now) {
            return Use::Dead;
        }
        // Of a source whose tokens never live that long, another one is no help.
        let wanted = need.valid_for.filter(|wanted| *wanted <= term.span);
        if wanted.is_some_and(|wanted| term.dead.has_come(now.after(wanted))) {
            return Use::TooShort;
        }
        if term.stale.has_come(now) {
            return Use::Stale;
        }
        Use::Fresh
    }
}

/// What may be said in a header about `token`.
pub(crate) fn prepare(prefix: &str, token: &Token) -> Result<HeaderValue, InvalidAuth> {
    if prefix.is_empty() {
        secret::header_value("", token.expose_secret())
    } else {
        secret::word(prefix, token.expose_secret())
    }
}
