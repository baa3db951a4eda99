//! The credentials of a plan as one layer.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::{AuthLayer, Bearer, InvalidAuth, Scope, StaticCredential, Tokens};
use outbound::http::{CloneBody, Origin};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service};

use crate::plan::{Authorization, CredentialPlan};

/// What each attempt is given before it is sent; several API keys are several layers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials(Vec<Credential>);

#[derive(Clone, Debug)]
enum Credential {
    Fixed(AuthLayer<StaticCredential>),
    Fetched(AuthLayer<Bearer, CloneBody>),
}

impl Credentials {
    /// Reads the secrets, and fails before anything is sent where one is missing, malformed,
    /// or bound for plain http off this machine.
    pub(crate) fn read(plan: &CredentialPlan, uri: &Uri) -> Result<Self, BoxError> {
        let mut credentials = Self::default();
        if !plan.is_some() {
            return Ok(credentials);
        }
        let scope = || scope(plan, uri);
        if let Some(authorization) = &plan.authorization {
            credentials.fixed(match authorization {
                Authorization::Bearer { variable } => AuthLayer::bearer_env(scope()?, variable),
                Authorization::Basic { variable } => AuthLayer::basic_env(scope()?, variable),
            })?;
        }
        for (name, variable) in &plan.header_keys {
            credentials.fixed(AuthLayer::header_env(scope()?, name.as_str(), variable))?;
        }
        for (name, variable) in &plan.query_keys {
            credentials.fixed(AuthLayer::query_env(scope()?, name, variable))?;
        }
        Ok(credentials)
    }

    /// A bearer token that is fetched.
    pub(crate) fn fetched(scope: Scope, tokens: Tokens) -> Self {
        let layer = AuthLayer::bearer_from(scope, tokens).replay();
        Self(vec![Credential::Fetched(layer)])
    }

    pub(crate) fn is_some(&self) -> bool {
        !self.0.is_empty()
    }

    fn fixed(
        &mut self,
        layer: Result<outbound::auth::StaticAuthLayer, InvalidAuth>,
    ) -> Result<(), InvalidAuth> {
        self.0.push(Credential::Fixed(layer?.strict()));
        Ok(())
    }
}

/// The origin of the first page, and those that were allowed besides.
fn scope(plan: &CredentialPlan, uri: &Uri) -> Result<Scope, BoxError> {
    let first = Origin::of(uri).ok_or("the URL names no origin")?;
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
    type Service = BoxCloneSyncService<Request<Full<Bytes>>, Response<RB>, BoxError>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = BoxCloneSyncService::new(inner);
        self.0
            .iter()
            .fold(inner, |inner, credential| match credential {
                Credential::Fixed(layer) => BoxCloneSyncService::new(layer.layer(inner)),
                Credential::Fetched(layer) => BoxCloneSyncService::new(layer.layer(inner)),
            })
    }
}
