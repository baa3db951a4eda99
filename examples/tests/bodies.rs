//! Request bodies that are not `Clone`, or ought not to be: each arrives whole, however often it
//! is sent.

#![cfg(any(
    feature = "kube",
    feature = "octocrab",
    feature = "reqwest",
    feature = "tonic"
))]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(dead_code, unused_imports)] // Each feature uses its share.

#[cfg(feature = "kube")]
#[path = "../kube/replay.rs"]
mod kube_replay;
#[cfg(feature = "octocrab")]
#[path = "../octocrab/replay.rs"]
mod octocrab_replay;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, Bearer, Scope, Token, Tokens, from_fn};
use outbound::http::{BoxError, BufferBody, CloneBody, ReplayBody, Rewind};
use outbound::retry::{Exponential, RetryLayer};
use outbound::standard;
use test_support::{Act, FaultyServer};

const PAYLOAD: &str = "one, two, three";

/// Refuses the first token, then is busy, then hangs up, then answers.
async fn server() -> FaultyServer {
    let refuse = Act::respond(401, &[("www-authenticate", "Bearer")], "");
    let busy = Act::respond(503, &[], "");
    FaultyServer::start([
        vec![refuse.then_close()],
        vec![busy.then_close()],
        vec![Act::close()],
        vec![Act::ok("{}")],
    ])
    .await
}

fn request<B>(server: &FaultyServer, body: B) -> Request<B> {
    Request::put(server.url("/")).body(body).unwrap()
}

/// Four sends with two tokens, and the payload whole in each of them.
fn assert_arrived(server: &FaultyServer) {
    let received = server.requests();
    let tokens: Vec<_> = received
        .iter()
        .map(|request| request.header("authorization").unwrap())
        .collect();
    assert_eq!(tokens, ["Bearer 1", "Bearer 2", "Bearer 2", "Bearer 2"]);
    for request in received {
        assert!(request.complete);
        assert_eq!(request.body, PAYLOAD);
    }
}

fn auth(server: &FaultyServer) -> AuthLayer<Bearer> {
    let fetches = AtomicUsize::new(0);
    let tokens = Tokens::new(from_fn(move |_| {
        let fetch = fetches.fetch_add(1, SeqCst) + 1;
        async move { Ok(Token::new(fetch.to_string()).lives(Duration::from_secs(60))) }
    }));
    AuthLayer::bearer_from(Scope::origin(&server.url("")).unwrap(), tokens)
}

fn retry() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn hyper<B>() -> Hyper<HttpConnector, B>
where
    B: Body + Send,
    B::Data: Send,
{
    Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http()
}

/// The payload in pieces.
fn stream() -> impl Body<Data = Bytes, Error = BoxError> + Send + Sync + Unpin + 'static {
    let pieces = ["one, ", "two, ", "three"].map(|piece| Ok(Frame::data(Bytes::from(piece))));
    StreamBody::new(futures_util::stream::iter(pieces))
}

#[cfg(feature = "kube")]
#[tokio::test]
async fn kube_s_body_arrives_whole_each_time() {
    use kube_replay::KubeBody;

    let server = server().await;
    let client = standard()
        .retry(retry().replay(KubeBody))
        .auth(auth(&server).replay_with(KubeBody))
        .service(hyper());
    let body = kube::client::Body::from(Bytes::from(PAYLOAD));
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_arrived(&server);
}

#[cfg(feature = "octocrab")]
#[tokio::test]
async fn octocrab_s_body_arrives_whole_each_time() {
    use octocrab_replay::OctoReplay;

    let server = server().await;
    let client = standard()
        .retry(retry().replay(OctoReplay))
        .auth(auth(&server).replay_with(OctoReplay))
        .service(hyper());
    let body = octocrab::OctoBody::from(PAYLOAD);
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_arrived(&server);
}

/// What `OctoReplay` is there for.
#[cfg(feature = "octocrab")]
#[tokio::test]
async fn a_clone_of_octocrab_s_body_arrives_empty_the_second_time() {
    let busy = Act::respond(503, &[], "").then_close();
    let server = FaultyServer::start([vec![busy], vec![Act::ok("{}")]]).await;
    let client = standard().retry(retry().replay(CloneBody)).service(hyper());
    let body = octocrab::OctoBody::from(PAYLOAD);
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    let received: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.body.clone())
        .collect();
    assert_eq!(received, [PAYLOAD, ""]);
}

#[cfg(feature = "octocrab")]
#[tokio::test]
async fn a_stream_of_octocrab_s_is_sent_once_and_whole() {
    use octocrab_replay::OctoReplay;

    let busy = Act::respond(503, &[], "").then_close();
    let server = FaultyServer::start([vec![busy], vec![Act::ok("{}")]]).await;
    let client = standard()
        .retry(retry().replay(OctoReplay))
        .service(hyper());
    let body = octocrab::OctoBody::new(stream());
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 503);
    let received: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.body.clone())
        .collect();
    assert_eq!(received, [PAYLOAD]);
}

#[cfg(feature = "octocrab")]
#[tokio::test]
async fn an_empty_body_of_octocrab_s_is_repeated() {
    use octocrab_replay::OctoReplay;

    let busy = Act::respond(503, &[], "").then_close();
    let server = FaultyServer::start([vec![busy], vec![Act::ok("{}")]]).await;
    let client = standard()
        .retry(retry().replay(OctoReplay))
        .service(hyper());
    let body = octocrab::OctoBody::empty();
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.requests().len(), 2);
}

#[cfg(feature = "tonic")]
#[tokio::test]
async fn tonic_s_body_arrives_whole_each_time() {
    let server = server().await;
    let client = standard()
        .retry(retry().buffer_body(BufferBody::DEFAULT_LIMIT))
        .auth(auth(&server).replay_with(Rewind))
        .service(hyper::<ReplayBody<tonic::body::Body>>());
    let body = tonic::body::Body::new(stream());
    let response = client.send(request(&server, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_arrived(&server);
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn reqwest_s_body_arrives_whole_each_time() {
    let sender = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    let transport = tower::service_fn(move |request: Request<ReplayBody<reqwest::Body>>| {
        let sender = sender.clone();
        async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
            Ok::<http::Response<reqwest::Body>, reqwest::Error>(
                sender.execute(request).await?.into(),
            )
        }
    });
    // One that is a stream, and one that is in memory.
    for body in [reqwest::Body::wrap(stream()), PAYLOAD.into()] {
        let server = server().await;
        let client = standard()
            .retry(retry().buffer_body(BufferBody::DEFAULT_LIMIT))
            .auth(auth(&server).replay_with(Rewind))
            .service(transport.clone());
        let response = client.send(request(&server, body)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_arrived(&server);
    }
}
