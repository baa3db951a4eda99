use std::fmt;
use std::future::Future;
use std::time::Duration;

use outbound_http::BoxError;

/// Fetches tokens for [`Tokens`](crate::Tokens).
///
/// Asked by one caller at a time, whatever the number of requests that wait. The future belongs
/// to no request; it is dropped only after
/// [`fetch_timeout`](crate::TokensBuilder::fetch_timeout).
pub trait TokenSource: Send + Sync + 'static {
    /// Fetches a token that is valid from now on.
    ///
    /// If it goes through the same client, its request has to carry the extension
    /// [`NoAuth`](outbound_http::NoAuth), or it waits for itself until the fetch times out.
    fn fetch(&self, why: Reason) -> impl Future<Output = Result<Token, FetchError>> + Send;

    /// Learns of a token that was [set](crate::Tokens::set) rather than fetched.
    ///
    /// [`Tokens::set`](crate::Tokens::set) calls it, on its own thread and before the token is
    /// used, while a fetch may be under way. The default does nothing: it is for a source that
    /// goes on from the last token, such as one that uses refresh tokens.
    fn adopt(&self, token: &Token) {
        let _ = token;
    }
}

/// Why a token is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is none yet.
    Missing,
    /// The last one is at the end of its life.
    Stale,
    /// The last one was refused with a 401: one that comes from a cache will not do.
    Rejected,
    /// [`Tokens::refresh`](crate::Tokens::refresh) or
    /// [`Tokens::invalidate`](crate::Tokens::invalidate) was called.
    Forced,
}

/// A token, fresh from its source.
#[derive(Clone)]
pub struct Token {
    secret: String,
    lifetime: Option<Duration>,
    refresh_token: Option<String>,
}

impl Token {
    /// A token that is used until it is refused.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            lifetime: None,
            refresh_token: None,
        }
    }

    /// Limits its life, counted from the end of the fetch (`expires_in` of RFC 6749, section
    /// 5.1).
    ///
    /// A token with no life at all counts as a failed fetch.
    #[must_use]
    pub fn lives(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Adds the refresh token that replaces the one which this token was fetched with (RFC 6749,
    /// section 6).
    ///
    /// [`TokensBuilder::persist`](crate::TokensBuilder::persist) sees it before the token is used
    /// for the first time.
    #[must_use]
    pub fn rotated(mut self, refresh_token: impl Into<String>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// The token itself, which is secret.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.secret
    }

    /// How long it lives; `None`: until it is refused.
    #[must_use]
    pub const fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// The refresh token that came with it, which is secret.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_deref()
    }
}

/// Without the secrets.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// A token could not be fetched.
///
/// Any error becomes one by `?`; a boxed one or a text by [`FetchError::new`]. It is handed to
/// all who wait, as the source of their [`AuthError`](crate::AuthError). (For the sake of `?` it
/// is no [`Error`](std::error::Error) itself.)
///
/// What it says of itself decides when the next fetch may be: by default after a back-off that
/// grows from failure to failure.
///
/// ```
/// use std::time::Duration;
///
/// use outbound_auth::FetchError;
///
/// let busy = FetchError::new("status 429").retry_after(Duration::from_secs(7));
/// let refused = FetchError::new("invalid_client").permanent();
/// assert!(refused.is_permanent() && !busy.is_permanent());
/// ```
pub struct FetchError {
    source: BoxError,
    permanent: bool,
    retry_after: Option<Duration>,
}

impl FetchError {
    /// Wraps the cause, which should name no secret.
    #[must_use]
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
            permanent: false,
            retry_after: None,
        }
    }

    /// Says that the same fetch will fail again until somebody mends something: a wrong client
    /// secret, a revoked grant.
    ///
    /// It is remembered for a short while
    /// ([`Tokens::PERMANENT_ERROR_FOR`](crate::Tokens::PERMANENT_ERROR_FOR)), without a growing
    /// back-off, so that what was mended is noticed soon.
    #[must_use]
    pub const fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// Says how long no other fetch is welcome (`Retry-After`, RFC 9110, section 10.2.3).
    ///
    /// It counts where it is longer than the back-off, or than a [permanent](Self::permanent)
    /// error is remembered, up to
    /// [`Tokens::MAX_RETRY_AFTER`](crate::Tokens::MAX_RETRY_AFTER).
    #[must_use]
    pub const fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Whether it is [`permanent`](Self::permanent).
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// How long no other fetch is [welcome](Self::retry_after).
    #[must_use]
    pub const fn delay(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn into_source(self) -> BoxError {
        self.source
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for FetchError {
    fn from(source: E) -> Self {
        Self::new(source)
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchError")
            .field("source", &self.source)
            .field("permanent", &self.permanent)
            .field("retry_after", &self.retry_after)
            .finish()
    }
}

/// [`TokenSource`] of an async closure; see [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F> {
    fetch: F,
}

/// A [`TokenSource`] of an async closure.
///
/// ```
/// use std::time::Duration;
///
/// use outbound_auth::{Token, Tokens, from_fn};
///
/// let tokens = Tokens::new(from_fn(|_why| async {
///     Ok(Token::new("from wherever").lives(Duration::from_secs(3600)))
/// }));
/// assert_eq!(tokens.fetches(), 0); // nobody asked yet
/// ```
pub const fn from_fn<F, Fut>(fetch: F) -> FromFn<F>
where
    F: Fn(Reason) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, FetchError>> + Send,
{
    FromFn { fetch }
}

impl<F, Fut> TokenSource for FromFn<F>
where
    F: Fn(Reason) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, FetchError>> + Send,
{
    fn fetch(&self, why: Reason) -> impl Future<Output = Result<Token, FetchError>> + Send {
        (self.fetch)(why)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
