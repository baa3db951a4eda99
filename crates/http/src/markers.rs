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
/// after a 401, a redirect.
///
/// The number is the ordinal of OpenTelemetry's `http.request.resend_count`: 1 on the first
/// resend. It is absent from a first send, since inserting the first extension allocates, and
/// it stands on the final response whenever it is above zero. A layer learns of the resends beneath
/// it from the response: where one of them ended in an error, the next has the same number again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)] // A newtype around its number.
pub struct ResendCount(pub u32);

impl ResendCount {
    /// Reads the count from a message's extensions; 0 where there is none.
    #[must_use]
    pub fn of(extensions: &http::Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// The count of the next resend.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
