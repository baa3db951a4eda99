//! kube's retry.

use http::{Method, Request};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use outbound::BoxError;
use test_support::{Act, FaultyServer};
use tower::ServiceBuilder;

use self::replay::KubeBody;

#[path = "../../kube/replay.rs"]
mod replay;

type Transport = Hyper<HttpConnector, Body>;

fn with_theirs(config: Config, transport: Transport) -> Client {
    use kube::client::retry::RetryPolicy;
    use tower::buffer::BufferLayer;
    use tower::retry::RetryLayer;

    // before
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(BufferLayer::new(1024))
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .map_err(BoxError::from)
        .service(transport);
    let client = Client::new(service, config.default_namespace);
    // end
    client
}

fn with_ours(config: Config, transport: Transport) -> Client {
    use outbound::retry::RetryLayer;

    // after
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(RetryLayer::new().replay(KubeBody))
        .service(transport);
    let client = Client::new(service, config.default_namespace);
    // end
    client
}

/// The decisions alone, by tower's service.
fn with_the_policy(config: Config, transport: Transport) -> Client {
    let policy = outbound::retry::RetryLayer::new().replay(KubeBody);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(tower::buffer::BufferLayer::new(1024))
        .layer(tower::retry::RetryLayer::new(policy.into_policy()))
        .map_err(BoxError::from)
        .service(transport);
    Client::new(service, config.default_namespace)
}

/// How often something is created where a server is unavailable once.
async fn creates(client: fn(Config, Transport) -> Client) -> Result<usize, BoxError> {
    sends(client, Method::POST).await
}

/// How often a request is sent to a server that is unavailable once.
async fn sends(client: fn(Config, Transport) -> Client, method: Method) -> Result<usize, BoxError> {
    let server = FaultyServer::start([[Act::respond(503, &[], "{}")], [Act::ok("{}")]]).await;
    let transport = Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http();
    let client = client(Config::new(server.url("").parse()?), transport);
    let request = Request::builder()
        .method(method)
        .uri("/api/v1/namespaces/default/configmaps")
        .body(b"{}".to_vec())?;
    // Whether it comes to its end is seen by how often it was sent.
    let _ = client.request_text(request).await;
    Ok(server.requests().len())
}

#[tokio::test]
async fn what_may_have_been_created_is_created_again_by_theirs_alone() -> Result<(), BoxError> {
    assert_eq!(creates(with_theirs).await?, 2);
    assert_eq!(creates(with_ours).await?, 1);
    assert_eq!(creates(with_the_policy).await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_is_idempotent_is_sent_again_by_each_with_its_body() -> Result<(), BoxError> {
    for client in [with_theirs, with_ours, with_the_policy] {
        assert_eq!(sends(client, Method::PUT).await?, 2);
    }
    Ok(())
}
