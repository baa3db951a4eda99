//! Clients over the streaming shape of the stack, which hands bodies out as they arrive.

#![cfg(any(feature = "kube", feature = "octocrab"))]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(dead_code, unused_imports)] // Each feature uses its share.

#[cfg(feature = "kube")]
#[path = "../kube/replay.rs"]
mod kube_replay;
#[cfg(feature = "octocrab")]
#[path = "../octocrab/replay.rs"]
mod octocrab_replay;

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use outbound::retry::{Exponential, RetryLayer};
use outbound::standard;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Busy at first; then its answer goes on for as long as there is something to send.
async fn serve(pieces: mpsc::Receiver<String>) -> String {
    let pieces = Mutex::new(Some(pieces));
    let is_busy = Mutex::new(true);
    let answer = move || {
        let is_busy = std::mem::replace(&mut *is_busy.lock().unwrap(), false);
        let pieces = (!is_busy).then(|| pieces.lock().unwrap().take()).flatten();
        std::future::ready(match pieces {
            Some(mut pieces) => {
                let pieces = stream::poll_fn(move |cx| pieces.poll_recv(cx));
                Body::from_stream(pieces.map(Ok::<_, Infallible>)).into_response()
            }
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        })
    };
    let answer = std::sync::Arc::new(answer);
    let router = Router::new().fallback(move || answer());
    outbound_examples::serve(router).await.unwrap()
}

fn retry() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

#[cfg(feature = "kube")]
#[tokio::test]
async fn events_of_a_watch_come_while_it_goes_on() {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::ResourceExt;
    use kube::api::{Api, WatchEvent, WatchParams};

    let (events, pieces) = mpsc::channel(1);
    let stack = standard()
        .base_url(&serve(pieces).await)
        .unwrap()
        .streaming()
        .retry(retry().replay(kube_replay::KubeBody))
        .service(Hyper::builder(TokioExecutor::new()).build_http::<kube::client::Body>());
    let maps: Api<ConfigMap> = Api::default_namespaced(kube::Client::new(stack, "default"));

    let watch = maps.watch(&WatchParams::default(), "0").await.unwrap();
    let mut watch = std::pin::pin!(watch);
    for name in ["first", "second"] {
        assert!(watch.next().now_or_never().is_none());
        let event = json!({"type": "ADDED", "object": {"metadata": {"name": name}}});
        events.send(format!("{event}\n")).await.unwrap();
        let event = watch.try_next().await.unwrap().unwrap();
        let WatchEvent::Added(map) = event else {
            panic!("{event:?}");
        };
        assert_eq!(map.name_any(), name);
    }
    drop(events);
    assert!(watch.next().await.is_none());
}

#[cfg(feature = "octocrab")]
#[tokio::test]
async fn octocrab_takes_streamed_bodies_too() {
    let (body, pieces) = mpsc::channel(2);
    body.send(r#"{"name":"#.to_owned()).await.unwrap();
    body.send(r#""outbound"}"#.to_owned()).await.unwrap();
    drop(body);
    let stack = standard()
        .base_url(&serve(pieces).await)
        .unwrap()
        .streaming()
        .retry(retry().replay(octocrab_replay::OctoReplay))
        .service(Hyper::builder(TokioExecutor::new()).build_http::<octocrab::OctoBody>());
    let octocrab = octocrab::OctocrabBuilder::new_empty()
        .with_service(stack)
        .with_auth(octocrab::AuthState::None)
        .build()
        .unwrap();
    let repository: Value = octocrab.get("/repos/octo/demo", None::<&()>).await.unwrap();
    assert_eq!(repository, json!({"name": "outbound"}));
}
