//! The credentials of a plan as one layer.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::oauth2::{ClientAuthentication, ClientCredentials, TokenEndpoint};
use outbound::auth::{
    AuthLayer, Bearer, Digest, FileSource, Registry, Scope, StaticAuthLayer, StaticCredential,
    TokenSource, Tokens,
};
use outbound::http::{CloneBody, Origin, ResendCount};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

use crate::args::{ClientAuth, RetryArgs};
use crate::credential_plan::{Authorization, ClientCredentialsPlan, CredentialPlan};
use crate::summary::Counters;
use crate::token_client::{self, Counted};

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
        retry: &RetryArgs,
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
                credentials.authorization(authorization, plan, scope.clone(), retry);
            // Innermost: Digest signs the URI, which the keys below may change.
            credentials.list.push(authorization?);
        }
        for (name, variable) in &plan.header_keys {
            let layer = AuthLayer::header_env(scope.clone(), name.as_str(), variable)?;
            credentials.list.push(layer.into());
        }
        for (name, variable) in &plan.query_keys {
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
        retry: &RetryArgs,
    ) -> Result<Credential, BoxError> {
        Ok(match authorization {
            Authorization::Bearer { variable } => AuthLayer::bearer_env(scope, variable)?.into(),
            Authorization::Basic { variable } => AuthLayer::basic_env(scope, variable)?.into(),
            Authorization::BearerFile { path } => {
                self.fetched(scope, FileSource::new(path).every(FILE_PERIOD))
            }
            Authorization::ClientCredentials(grant) => {
                self.fetched(scope, client_credentials(grant, plan.allow_http, retry)?)
            }
            Authorization::Digest { variable } => {
                let (user, password) = token_client::pair(variable)?;
                Credential::Digest(AuthLayer::digest(scope, user, password)?)
            }
            Authorization::Challenge { basic } => {
                let mut registry = Registry::new(scope, token_client::client(retry));
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
    retry: &RetryArgs,
) -> Result<ClientCredentials, BoxError> {
    let client = token_client::client(retry);
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
    // The library refuses it too, and would name a method where people here have an option.
    if !plan.allow_http && !first.is_secure() && !first.is_loopback() {
        let line =
            format!("a credential would go to {first} over plain http: use https, or --allow-http");
        return Err(line.into());
    }
    let scope = plan
        .allow_origins
        .iter()
        .try_fold(Scope::from(first), |scope, origin| scope.and(origin))?;
    Ok(if plan.allow_http {
        scope.allow_http()
    } else {
        scope
    })
}

type Boxed<RB> = BoxCloneSyncService<Request<Full<Bytes>>, Response<RB>, BoxError>;

impl<S, RB> Layer<S> for Credentials
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    RB: http_body::Body + Send + 'static,
{
    type Service = Boxed<RB>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = BoxCloneSyncService::new(inner);
        self.list
            .iter()
            .fold(inner, |inner, credential| match credential {
                Credential::Fixed(layer) => BoxCloneSyncService::new(layer.layer(inner)),
                Credential::Fetched(layer) => self.counted(layer, inner),
                Credential::Digest(layer) => self.counted(layer, inner),
                Credential::Challenge(layer, registry) => {
                    let counted = self.counted(layer, inner);
                    let (registry, counters) = (registry.clone(), self.counters.clone());
                    // A token is fetched within a call only.
                    let counted = ServiceBuilder::new()
                        .map_result(move |result| {
                            counters.refreshes().store(registry.fetches(), Relaxed);
                            result
                        })
                        .service(counted);
                    BoxCloneSyncService::new(counted)
                }
            })
    }
}

/// How often a request had been sent when it came to the layer that may send it again.
#[derive(Clone, Copy)]
struct Entered(ResendCount);

impl Credentials {
    /// Counts what `layer` sends again.
    fn counted<L, RB>(&self, layer: &L, inner: Boxed<RB>) -> Boxed<RB>
    where
        L: Layer<Boxed<RB>>,
        L::Service: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<Full<Bytes>>>>::Future: Send + 'static,
        RB: 'static,
    {
        let counters = self.counters.clone();
        let beneath = ServiceBuilder::new()
            .map_request(move |request: Request<Full<Bytes>>| {
                let entered = request.extensions().get::<Entered>();
                if entered.is_some_and(|entered| ResendCount::of(request.extensions()) > entered.0)
                {
                    counters.resends().fetch_add(1, Relaxed);
                }
                request
            })
            .service(inner);
        let above = ServiceBuilder::new()
            .map_request(|mut request: Request<Full<Bytes>>| {
                let entered = Entered(ResendCount::of(request.extensions()));
                request.extensions_mut().insert(entered);
                request
            })
            .service(layer.layer(BoxCloneSyncService::new(beneath)));
        BoxCloneSyncService::new(above)
    }
}
