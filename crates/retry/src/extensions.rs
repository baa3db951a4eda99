use http::Extensions;

/// Request extension: whether this request may be repeated, whatever its method says.
///
/// `Idempotent(true)` makes a POST that the server deduplicates repeatable; `Idempotent(false)`
/// takes a GET with a side effect out. Without it, the method decides (RFC 9110, section 9.2.2),
/// and so does an `Idempotency-Key` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A newtype around its answer.
pub struct Idempotent(pub bool);

/// Response extension: how many attempts the call took. Present where it was more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// All sends of the retry layer, the first included.
    pub count: u32,
}

impl Attempts {
    /// Reads the count from a response's extensions; 1 where there is none.
    #[must_use]
    pub fn of(extensions: &Extensions) -> u32 {
        extensions
            .get::<Self>()
            .map_or(1, |attempts| attempts.count)
    }
}
