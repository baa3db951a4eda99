use std::fmt;
use std::time::Duration;

use super::answer::{self, Expected};
use super::client::{Client, ClientAuthentication};
use super::endpoint::TokenEndpoint;
use super::error::fetch_error;
use super::grant::Settings;
use crate::{FetchError, InvalidAuth, Reason, Token, TokenSource};

/// [`TokenSource`] by the client credentials grant (RFC 6749, section 4.4).
///
/// See the [module docs](super) for an example.
#[derive(Clone)]
pub struct ClientCredentials {
    endpoint: TokenEndpoint,
    client: Client,
    settings: Settings,
}

impl ClientCredentials {
    /// Asks `endpoint` for tokens, as the client `id` with its `secret`.
    ///
    /// # Errors
    ///
    /// If one of the two is empty or has a control character.
    pub fn new(
        endpoint: TokenEndpoint,
        id: impl Into<String>,
        secret: impl Into<String>,
    ) -> Result<Self, InvalidAuth> {
        Ok(Self {
            endpoint,
            client: Client::confidential(id.into(), secret.into())?,
            settings: Settings::default(),
        })
    }

    /// Asks for this scope, names separated by spaces. By default the server decides.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.settings.scope = Some(scope.into());
        self
    }

    /// Sends a further parameter, such as `audience` or `resource`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.parameters.push((name.into(), value.into()));
        self
    }

    /// How the client proves who it is. By default [`ClientAuthentication::Basic`].
    #[must_use]
    pub const fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.client.authenticated_by(authentication);
        self
    }

    /// How long a token lives whose answer does not tell. By default until it is refused.
    #[must_use]
    pub const fn assume_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.assumed = Some(lifetime);
        self
    }
}

impl TokenSource for ClientCredentials {
    async fn fetch(&self, _: Reason) -> Result<Token, FetchError> {
        let fields = self.settings.fields("client_credentials");
        let answer = self
            .endpoint
            .ask(&self.client, &fields)
            .await
            .map_err(fetch_error)?;
        answer::read(&answer, Expected::of_oauth(self.settings.assumed), |text| {
            self.client.leaks(text) || self.settings.leaks(text)
        })
        .map(|grant| grant.token)
        .map_err(fetch_error)
    }
}

/// Without the client's secret.
impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("endpoint", &self.endpoint)
            .field("client", &self.client)
            .field("settings", &self.settings)
            .finish()
    }
}
