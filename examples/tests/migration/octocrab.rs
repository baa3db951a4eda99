//! octocrab's retry. What is asked is a host far away, so nothing is sent.
#![allow(dead_code)]

use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use octocrab::service::middleware::retry::RetryConfig;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use outbound::auth::{AuthLayer, Scope};
use outbound::retry::RetryLayer;
use outbound::{BoxError, standard};

use self::replay::OctoReplay;

#[path = "../../octocrab/replay.rs"]
mod replay;

type Transport = Hyper<HttpConnector, OctoBody>;

/// Stands for what octocrab's feature `default-client` adds, with its certificates and more, which
/// nothing else here wants.
trait Build: Sized {
    fn build(self) -> octocrab::Result<Octocrab> {
        unreachable!("nothing is sent")
    }
}

impl<S, C, A, R> Build for OctocrabBuilder<S, C, A, R> {}

fn with_theirs(token: &str) -> Result<Octocrab, BoxError> {
    // before
    let octocrab = Octocrab::builder()
        .add_retry_config(RetryConfig::Simple(3))
        .personal_token(token)
        .build()?;
    // end
    Ok(octocrab)
}

fn with_ours(token: &str, transport: Transport) -> Result<Octocrab, BoxError> {
    // after
    let origin = "https://api.github.com";
    let stack = standard()
        .base_url(origin)?
        .retry(RetryLayer::new().replay(OctoReplay))
        .auth(AuthLayer::bearer(Scope::origin(origin)?, token)?.strict())
        .service(transport);
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(stack)
        .with_auth(AuthState::None)
        .build()?;
    // end
    Ok(octocrab)
}

/// The decisions alone, by tower's service.
fn with_the_policy(transport: Transport) -> Result<Octocrab, BoxError> {
    let policy = RetryLayer::new().replay(OctoReplay).into_policy();
    let service = tower::retry::Retry::new(policy, transport);
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(service)
        .with_auth(AuthState::None)
        .build()?;
    Ok(octocrab)
}
