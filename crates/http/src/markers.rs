use http::Extensions;

use crate::small;

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

/// Request extension: whether this request may be repeated, whatever its method says.
///
/// `Idempotent(true)` makes a POST that the server deduplicates repeatable; `Idempotent(false)`
/// takes a GET with a side effect out. Without it, the method decides (RFC 9110, section 9.2.2),
/// and so does an `Idempotency-Key` header.
///
/// It is kept where the request [leaves its origin](crate::leave_origin): what it says is as true there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A newtype around its answer.
pub struct Idempotent(pub bool);

/// How often a request has been sent again, whatever the reason: a retry, a fresh credential
/// after a 401, a redirect (which only `outbound_auth::RemoveSensitive` counts, and only on requests).
///
/// The number is the ordinal of OpenTelemetry's `http.request.resend_count`: 1 on the first
/// resend. It is absent from a first send, since inserting the first extension allocates, and
/// the final response tells it whenever it is above zero. It is added by [`mark`](Self::mark) and read
/// by [`of`](Self::of), as a small number is stored in another type. A layer learns of the resends
/// beneath it from the response: where one of them ended in an error, the next has the same number
/// again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)] // A newtype around its number.
pub struct ResendCount(pub u32);

impl ResendCount {
    /// Reads the count from a message's extensions; 0 where there is none.
    #[inline]
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        if extensions.is_empty() {
            return Self(0);
        }
        Self::largest(extensions)
    }

    fn largest(extensions: &Extensions) -> Self {
        let large = extensions.get().copied().unwrap_or_default();
        Self(small::get::<Self>(extensions)).max(large)
    }

    /// The count of the next resend.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Adds the count to a message's extensions. A larger one that is there is not lowered.
    pub fn mark(self, extensions: &mut Extensions) {
        if !small::insert::<Self>(extensions, self.0) && self > Self::of(extensions) {
            extensions.insert(self);
        }
    }
}

/// Response extension: how many attempts the call took. Present where it was more than one, and
/// where the retry layer gave up.
///
/// It is added by [`mark`](Self::mark) and read by [`get`](Self::get) and [`of`](Self::of), as it is
/// stored in other types: without a size, mostly, since a value among extensions is an allocation.
// Not `Clone`: inserted by hand it would never be found, and does not compile.
#[derive(Debug, PartialEq, Eq)]
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

/// The count, where it is not small.
#[derive(Clone)]
struct Count(u32);

/// Apart, as each response is asked for it.
#[derive(Clone)]
struct Exhausted;

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
    #[must_use]
    pub fn of(extensions: &Extensions) -> u32 {
        match extensions.get() {
            Some(Count(count)) => *count,
            None => small::get::<Self>(extensions) + 1,
        }
    }

    /// Reads what a response's extensions hold of it, if anything.
    #[must_use]
    pub fn get(extensions: &Extensions) -> Option<Self> {
        let exhausted = Self::are_exhausted(extensions);
        let count = Self::of(extensions);
        let resends = ResendCount::of(extensions);
        (count != 1 || exhausted).then(|| Self::new(count, exhausted, resends))
    }

    /// Whether a retry layer gave up with this response.
    #[inline]
    #[must_use]
    pub fn are_exhausted(extensions: &Extensions) -> bool {
        extensions.get::<Exhausted>().is_some()
    }

    /// Adds it to a response's extensions, in the place of what a layer further in has added; a larger
    /// number of resends that is there is not lowered.
    pub fn mark(&self, extensions: &mut Extensions) {
        if !extensions.is_empty() {
            small::remove::<Self>(extensions);
            extensions.remove::<Count>();
            extensions.remove::<Exhausted>();
        }
        self.resends.mark(extensions);
        if self.count != 1 && !small::insert::<Self>(extensions, self.count.wrapping_sub(1)) {
            extensions.insert(Count(self.count));
        }
        if self.exhausted {
            extensions.insert(Exhausted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_was_added_is_read_and_none_lowers_it() {
        for number in (0..9).chain([u32::MAX]) {
            let mut extensions = Extensions::new();
            ResendCount(number).mark(&mut extensions);
            assert_eq!(ResendCount::of(&extensions), ResendCount(number));
            assert_eq!(Attempts::get(&extensions), None);
            for other in 0..9 {
                ResendCount(other).mark(&mut extensions);
                let all = ResendCount(number.max(other));
                assert_eq!(ResendCount::of(&extensions), all, "{number}, {other}");
            }
        }
    }

    #[test]
    fn a_count_that_was_inserted_by_hand_is_read_too() {
        for (number, all) in [(4, 4), (2, 2), (1, 2)] {
            let mut extensions = Extensions::new();
            extensions.insert(ResendCount(number));
            ResendCount(2).mark(&mut extensions);
            assert_eq!(ResendCount::of(&extensions), ResendCount(all));
        }
    }

    #[test]
    fn attempts_are_read_as_they_were_added_last() {
        for count in (1..9).chain([0, u32::MAX]) {
            for exhausted in [false, true] {
                let mut extensions = Extensions::new();
                for resends in (0..9).chain([u32::MAX]).map(ResendCount) {
                    Attempts::new(3, true, ResendCount(0)).mark(&mut extensions);
                    let attempts = Attempts::new(count, exhausted, resends);
                    attempts.mark(&mut extensions);
                    assert_eq!(Attempts::of(&extensions), count);
                    assert_eq!(Attempts::are_exhausted(&extensions), exhausted);
                    assert_eq!(ResendCount::of(&extensions), resends);
                    // Of one send of a layer that did not give up there is nothing to tell.
                    let is_told = count != 1 || exhausted;
                    assert_eq!(Attempts::get(&extensions), is_told.then_some(attempts));
                }
            }
        }
    }

    #[test]
    fn a_further_resend_of_another_layer_is_no_attempt_of_this_one() {
        let mut extensions = Extensions::new();
        Attempts::new(2, false, ResendCount(1)).mark(&mut extensions);
        ResendCount(3).mark(&mut extensions);
        let attempts = Attempts::new(2, false, ResendCount(3));
        assert_eq!(Attempts::get(&extensions), Some(attempts));
    }
}
