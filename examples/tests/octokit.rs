//! octocrab over the standard stack, against what GitHub answered: recorded, each answer to be
//! had once, and only with the right headers.

#![cfg(feature = "octocrab")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "../octocrab/replay.rs"]
mod replay;
#[path = "support/rig.rs"]
mod rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use outbound::auth::{AuthLayer, Scope};
use outbound::retry::RetryLayer;
use outbound::standard;
use serde_json::{Value, json};
use tower::ServiceBuilder;

use crate::replay::OctoReplay;
use crate::rig::Rig;

const TOKEN: &str = "token 0000000000000000000000000000000000000001";

/// A client of one recorded scenario, and how often it has sent a request.
async fn octocrab(rig: &Rig, scenario: &str) -> (Octocrab, Arc<AtomicUsize>) {
    let hyper: Hyper<HttpConnector, Full<Bytes>> =
        Hyper::builder(TokioExecutor::new()).build_http();
    let scenario = json!({"scenario": scenario}).to_string();
    let load = Request::post(rig.url("/fixtures"))
        .header("content-type", "application/json")
        .body(Full::from(scenario))
        .unwrap();
    let loaded = hyper.request(load).await.unwrap().into_body();
    let loaded: Value =
        serde_json::from_slice(&loaded.collect().await.unwrap().to_bytes()).unwrap();

    let sends = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sends);
    let transport = ServiceBuilder::new()
        .map_request(move |mut request: Request<OctoBody>| {
            counted.fetch_add(1, SeqCst);
            // As recorded: the server compares.
            let headers = request.headers_mut();
            headers.insert(
                ACCEPT,
                HeaderValue::from_static("application/vnd.github.v3+json"),
            );
            if let Some(json) = headers.get_mut(CONTENT_TYPE) {
                *json = HeaderValue::from_static("application/json; charset=utf-8");
            }
            request
        })
        .service(Hyper::builder(TokioExecutor::new()).build_http::<OctoBody>());
    let scope = Scope::origin(&rig.url("")).unwrap();
    let stack = standard()
        .base_url(loaded["url"].as_str().unwrap())
        .unwrap()
        .retry(RetryLayer::new().replay(OctoReplay))
        .auth(
            AuthLayer::header(scope, "authorization", TOKEN)
                .unwrap()
                .strict(),
        )
        .service(transport);
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(stack)
        .with_auth(AuthState::None)
        .build()
        .unwrap();
    (octocrab, sends)
}

/// One test, so that the server is installed and started once.
#[tokio::test]
async fn recorded_pages_and_posts_are_asked_for_once_each() {
    if let Some(rig) = Rig::start("octokit-fixtures") {
        walk_five_pages(&rig).await;
        post_twice(&rig).await;
    }
}

async fn walk_five_pages(rig: &Rig) {
    let (octocrab, sends) = octocrab(rig, "paginate-issues").await;
    let mut next = Some(
        "/repos/octokit-fixture-org/paginate-issues/issues?per_page=3"
            .parse()
            .unwrap(),
    );
    let mut issues = Vec::new();
    while let Some(page) = octocrab.get_page::<Value>(&next).await.unwrap() {
        issues.extend(page.items.iter().map(|issue| issue["number"].as_u64()));
        next = page.next;
    }
    issues.sort_unstable();
    assert_eq!(issues, (1..=13).map(Some).collect::<Vec<_>>());
    assert_eq!(sends.load(SeqCst), 5);
}

async fn post_twice(rig: &Rig) {
    let (octocrab, sends) = octocrab(rig, "add-labels-to-issue").await;
    let repository = "/repos/octokit-fixture-org/add-labels-to-issue/issues";
    let issue = json!({"title": "Issue without a label"});
    let made: Value = octocrab.post(repository, Some(&issue)).await.unwrap();
    assert_eq!(made["title"], issue["title"]);
    let labels = json!({"labels": ["Foo", "bAr", "baZ"]});
    let made: Value = octocrab
        .post(format!("{repository}/1/labels"), Some(&labels))
        .await
        .unwrap();
    assert_eq!(made.as_array().unwrap().len(), 3);
    assert_eq!(sends.load(SeqCst), 2);
}
