use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::{self, Expected, Grant};
use super::client::{Client, ClientAuthentication};
use super::endpoint::TokenEndpoint;
use super::error::fetch_error;
use super::form;
use super::grant::Settings;
use crate::{FetchError, InvalidAuth, Reason, Token, TokenSource};

/// [`TokenSource`] by the refresh token grant (RFC 6749, section 6).
///
/// A server that rotates refresh tokens answers with the next one, and may refuse the old one from
/// then on (RFC 9700, section 4.14). The next one is used from then on, and given to
/// [`TokensBuilder::persist`](crate::TokensBuilder::persist) before the access token is used for
/// the first time. An answer without a refresh token leaves the old one in force.
///
/// Once the refresh token itself is no longer good, and somebody has logged in again,
/// [`Tokens::set`](crate::Tokens::set) takes the new pair: the access token, and by
/// [`Token::rotated`](crate::Token::rotated) the refresh token that is used from then on. To store
/// that one is up to whoever sets it.
///
/// ```
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # use http_body_util::Full;
/// use outbound_auth::{Tokens, oauth2};
///
/// # fn main() -> Result<(), outbound_auth::InvalidAuth> {
/// # let client = tower::service_fn(|_: Request<Full<Bytes>>| async {
/// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default()))
/// # });
/// let endpoint = oauth2::TokenEndpoint::new(client, "https://idp.example.com/token")?;
/// let source = oauth2::RefreshToken::new(endpoint, "my-app", "the token of last time")?;
/// let tokens = Tokens::builder(source)
///     .persist(|token| async move {
///         let next = token.refresh_token().unwrap_or_default();
///         std::fs::write("/var/lib/my-app/refresh-token", next)?;
///         Ok(())
///     })
///     .build();
/// # let _ = tokens;
/// # Ok(())
/// # }
/// ```
pub struct RefreshToken {
    endpoint: TokenEndpoint,
    client: Client,
    settings: Settings,
    refresh_token: Mutex<String>,
}

impl RefreshToken {
    /// Asks `endpoint` for access tokens with `refresh_token`, as the client `id` without a secret
    /// of its own.
    ///
    /// # Errors
    ///
    /// If one of the two is empty or has a control character.
    pub fn new(
        endpoint: TokenEndpoint,
        id: impl Into<String>,
        refresh_token: impl Into<String>,
    ) -> Result<Self, InvalidAuth> {
        let refresh_token = refresh_token.into();
        crate::secret::check(&refresh_token)?;
        Ok(Self {
            endpoint,
            client: Client::public(id.into())?,
            settings: Settings::default(),
            refresh_token: Mutex::new(refresh_token),
        })
    }

    /// The client's secret, if it has one.
    ///
    /// # Errors
    ///
    /// If it is empty or has a control character.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Result<Self, InvalidAuth> {
        self.client = Client::confidential(self.client.id().to_owned(), secret.into())?;
        Ok(self)
    }

    /// How a client with a secret proves who it is. By default [`ClientAuthentication::Basic`].
    #[must_use]
    pub const fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.client.authenticated_by(authentication);
        self
    }

    /// Asks for this scope, names separated by spaces; no more than was granted. By default as it
    /// was granted.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.settings.scope = Some(scope.into());
        self
    }

    /// Sends a further parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.parameters.push((name.into(), value.into()));
        self
    }

    /// How long a token lives whose answer does not tell. By default until it is refused.
    #[must_use]
    pub const fn assume_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.assumed = Some(lifetime);
        self
    }

    fn refresh_token(&self) -> MutexGuard<'_, String> {
        self.refresh_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenSource for RefreshToken {
    async fn fetch(&self, _: Reason) -> Result<Token, FetchError> {
        let used = self.refresh_token().clone();
        let mut fields = self.settings.fields("refresh_token");
        fields.push(("refresh_token", &used));
        let answer = self.endpoint.ask(&self.client, &fields).await;
        let answer = answer.map_err(fetch_error)?;
        let encoded = form::encode(&used);
        let leaks = |text: &str| {
            text.contains(&*used)
                || text.contains(&encoded)
                || self.client.leaks(text)
                || self.settings.leaks(text)
        };
        let Grant {
            token,
            refresh_token,
        } = answer::read(&answer, Expected::of_oauth(self.settings.assumed), leaks)
            .map_err(fetch_error)?;
        let Some(next) = refresh_token.filter(|next| *next != used) else {
            return Ok(token);
        };
        let mut current = self.refresh_token();
        // One that was adopted meanwhile is newer.
        if *current == used {
            current.clone_from(&next);
        }
        drop(current);
        Ok(token.rotated(next))
    }

    fn adopt(&self, token: &Token) {
        if let Some(refresh_token) = token.refresh_token() {
            refresh_token.clone_into(&mut self.refresh_token());
        }
    }
}

/// Without refresh token and client secret.
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("endpoint", &self.endpoint)
            .field("client", &self.client)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
