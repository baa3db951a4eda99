//! The credentials of a plan as one layer.

mod layer;
mod plan;

use std::time::Duration;

use http::Uri;
use outbound::BoxError;
use outbound::auth::oauth2::{ClientAuthentication, ClientCredentials, TokenEndpoint};
use outbound::auth::{
    AuthLayer, Bearer, Digest, FileSource, Registry, Scope, StaticAuthLayer, StaticCredential,
    TokenSource, Tokens,
};
use outbound::http::{CloneBody, Origin};

pub(crate) use self::plan::CredentialPlan;
use self::plan::{Authorization, ClientCredentialsPlan};
use crate::args::ClientAuth;
use crate::summary::Counters;
use crate::token_client::{self, Counted, TokenClient};

/// How old a token from a file may be before the file is looked at again.
const FILE_PERIOD: Duration = Duration::from_secs(1);

/// What each attempt is given before it is sent; several API keys are several layers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    list: Vec<Credential>,
    counters: Counters,
}

#[derive(Clone, Debug)]
enum Credential {
    Fixed(AuthLayer<StaticCredential>),
    Fetched(AuthLayer<Bearer, CloneBody>),
    Digest(AuthLayer<Digest, CloneBody>),
    Challenge(AuthLayer<Registry, CloneBody>, Registry),
}

impl Credentials {
    /// Reads the secrets, and fails before anything is sent where one is missing, malformed,
    /// or bound for plain http off this machine.
    pub(crate) fn read(
        plan: &CredentialPlan,
        uri: &Uri,
        client: impl FnOnce() -> TokenClient,
        counters: &Counters,
    ) -> Result<Self, BoxError> {
        let mut credentials = Self {
            list: Vec::new(),
            counters: counters.clone(),
        };
        if !plan.is_some() {
            return Ok(credentials);
        }
        let scope = scope(plan, uri)?;
        if let Some(authorization) = &plan.authorization {
            let authorization =
                credentials.authorization(authorization, plan, scope.clone(), client);
            // Innermost: Digest signs the URI, which the keys below may change.
            credentials.list.push(authorization?);
        }
        for (name, variable) in &plan.header_keys {
            let layer = AuthLayer::header_env(scope.clone(), name.as_str(), variable)?;
            credentials.list.push(layer.into());
        }
        // The outermost is added to the query first.
        for (name, variable) in plan.query_keys.iter().rev() {
            let layer = AuthLayer::query_env(scope.clone(), name, variable)?;
            credentials.list.push(layer.into());
        }
        Ok(credentials)
    }

    fn authorization(
        &self,
        authorization: &Authorization,
        plan: &CredentialPlan,
        scope: Scope,
        client: impl FnOnce() -> TokenClient,
    ) -> Result<Credential, BoxError> {
        Ok(match authorization {
            Authorization::Bearer { variable } => AuthLayer::bearer_env(scope, variable)?.into(),
            Authorization::Basic { variable } => AuthLayer::basic_env(scope, variable)?.into(),
            Authorization::BearerFile { path } => {
                self.fetched(scope, FileSource::new(path).every(FILE_PERIOD))
            }
            Authorization::ClientCredentials(grant) => {
                self.fetched(scope, client_credentials(grant, plan.allow_http, client())?)
            }
            Authorization::Digest { variable } => {
                let (user, password) = token_client::pair(variable)?;
                Credential::Digest(AuthLayer::digest(scope, user, password)?)
            }
            Authorization::Challenge { basic } => {
                let mut registry = Registry::new(scope, client());
                if let Some(variable) = basic {
                    let (user, password) = token_client::pair(variable)?;
                    registry = registry.credentials(user, password)?;
                }
                Credential::Challenge(AuthLayer::new(registry.clone()).replay(), registry)
            }
        })
    }

    fn fetched(&self, scope: Scope, source: impl TokenSource) -> Credential {
        let tokens = Tokens::new(Counted::new(source, &self.counters));
        Credential::Fetched(AuthLayer::bearer_from(scope, tokens).replay())
    }

    /// A bearer token from `source`.
    pub(crate) fn bearer(scope: Scope, source: impl TokenSource, counters: &Counters) -> Self {
        let mut credentials = Self {
            list: Vec::new(),
            counters: counters.clone(),
        };
        let credential = credentials.fetched(scope, source);
        credentials.list.push(credential);
        credentials
    }

    pub(crate) fn is_some(&self) -> bool {
        !self.list.is_empty()
    }
}

impl From<StaticAuthLayer> for Credential {
    fn from(layer: StaticAuthLayer) -> Self {
        Self::Fixed(layer.strict())
    }
}

fn client_credentials(
    plan: &ClientCredentialsPlan,
    allow_http: bool,
    client: TokenClient,
) -> Result<ClientCredentials, BoxError> {
    let endpoint = if allow_http {
        TokenEndpoint::over_plain_http(client, &plan.token_url)?
    } else {
        TokenEndpoint::new(client, &plan.token_url)?
    };
    let id = token_client::secret(&plan.id_variable)?;
    let secret = token_client::secret(&plan.secret_variable)?;
    let source =
        ClientCredentials::new(endpoint, id, secret)?.authentication(match plan.authentication {
            ClientAuth::Basic => ClientAuthentication::Basic,
            ClientAuth::Post => ClientAuthentication::Post,
        });
    Ok(match &plan.scope {
        Some(scope) => source.scope(scope),
        None => source,
    })
}

/// The origin of the first page, and those that were allowed besides.
fn scope(plan: &CredentialPlan, uri: &Uri) -> Result<Scope, BoxError> {
    let first = Origin::of(uri).ok_or("the URL names no origin")?;
    let plain = |origin: &&Origin| !origin.is_secure() && !origin.is_loopback();
    // The library refuses it too, and would name a method where people here have an option.
    let refused = [&first].into_iter().chain(&plan.allow_origins).find(plain);
    if let Some(origin) = refused.filter(|_| !plan.allow_http) {
        let line = format!(
            "a credential would go to {origin} over plain http: use https, or --allow-http"
        );
        return Err(line.into());
    }
    let mut origins = plan.allow_origins.iter().map(Origin::to_string);
    let scope = origins.try_fold(Scope::from(first), |scope, origin| scope.and(&origin))?;
    Ok(if plan.allow_http {
        scope.allow_http()
    } else {
        scope
    })
}
