/// Request extension: no credential is added to this request.
///
/// For the calls that an authentication layer makes itself (a token endpoint behind the same
/// client) and for requests that must stay anonymous.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A marker has no state, and will get none.
pub struct NoAuth;

/// Request extension: this request leaves the origin that its caller named.
///
/// Set by the layer that follows a link elsewhere; credentials are confined to the origins
/// that they were explicitly given for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // As above.
pub struct CrossOrigin;

/// How often a request has been sent again, whatever the reason: a retry, a fresh credential
/// after a 401, a redirect (which only `outbound_auth::RemoveSensitive` counts, and only on requests).
///
/// The number is the ordinal of OpenTelemetry's `http.request.resend_count`: 1 on the first
/// resend. It is absent from a first send, since inserting the first extension allocates, and
/// the final response tells it whenever it is above zero: there too it is read by
/// [`of`](Self::of), since it may stand within [`Attempts`]. A layer learns of the resends beneath
/// it from the response: where one of them ended in an error, the next has the same number again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)] // A newtype around its number.
pub struct ResendCount(pub u32);

impl ResendCount {
    /// Reads the count from a message's extensions; 0 where there is none.
    #[inline]
    #[must_use]
    pub fn of(extensions: &http::Extensions) -> Self {
        let alone = extensions.get().copied().unwrap_or_default();
        let attempts: Option<&Attempts> = extensions.get();
        attempts.map_or(alone, |attempts| alone.max(attempts.resends))
    }

    /// The count of the next resend.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Response extension: how many attempts the call took. Present where it was more than one, and
/// where the retry layer gave up.
///
/// It is here, and holds the resends too, because a further extension is a further allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// All sends of the retry layer, the first included.
    pub count: u32,
    /// Whether the layer would have sent it again, had its retries, its budget or its time not
    /// been spent. A retry layer further out leaves such a response as it is: stacked layers do
    /// not multiply their retries.
    pub exhausted: bool,
    /// All sends of the request beyond its first, by all layers.
    pub resends: ResendCount,
}

impl Attempts {
    /// Of a response that a retry layer hands out.
    #[must_use]
    pub const fn new(count: u32, exhausted: bool, resends: ResendCount) -> Self {
        Self {
            count,
            exhausted,
            resends,
        }
    }

    /// Reads the count from a response's extensions; 1 where there is none.
    #[inline]
    #[must_use]
    pub fn of(extensions: &http::Extensions) -> u32 {
        extensions
            .get::<Self>()
            .map_or(1, |attempts| attempts.count)
    }

    /// Whether a retry layer gave up with this response.
    #[inline]
    #[must_use]
    pub fn are_exhausted(extensions: &http::Extensions) -> bool {
        extensions
            .get::<Self>()
            .is_some_and(|attempts| attempts.exhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resends_are_read_alone_and_within_the_attempts() {
        let mut extensions = http::Extensions::new();
        assert_eq!(ResendCount::of(&extensions), ResendCount(0));
        extensions.insert(Attempts::new(2, false, ResendCount(3)));
        assert_eq!(ResendCount::of(&extensions), ResendCount(3));
        // A layer further out sent it again, or one further in, before.
        for (alone, all) in [(4, 4), (2, 3)] {
            extensions.insert(ResendCount(alone));
            assert_eq!(ResendCount::of(&extensions), ResendCount(all));
        }
        assert_eq!(Attempts::of(&extensions), 2);
        assert!(!Attempts::are_exhausted(&extensions));
    }
}
