//! The tower contract: readiness, permits, clones, dropped futures, neighbours.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use outbound_schema::{Contract, Validate, ValidateLayer, Violation};
use test_support::{Body, Scripted, Step, Strict, assert_send, assert_send_sync, send};
use tokio_test::{assert_pending, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

fn layer() -> ValidateLayer {
    ValidateLayer::new(Contract::any())
}

fn get() -> Request<Full<Bytes>> {
    Request::get("https://h/").body(Full::default()).unwrap()
}

fn api() -> Scripted {
    Scripted::from_fn(|_| Step::ok("[1]"))
}

#[tokio::test]
async fn the_instance_that_was_polled_ready_is_called() {
    let strict = Strict::with(api());
    let handle = strict.handle();
    let mut client = layer().layer(strict);
    for _ in 0..3 {
        send(&mut client, get()).await.unwrap();
    }
    assert_eq!((handle.calls(), handle.readied(), handle.held()), (3, 3, 0));
}

#[tokio::test]
async fn a_dropped_call_gives_its_permit_back() {
    let stalled = Scripted::from_fn(|_| Step::ok("").body_with(Body::stalling_after(["["])));
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .concurrency_limit(1)
        .service(Strict::with(stalled));
    for _ in 0..3 {
        let mut call = task::spawn(send(&mut client, get()));
        assert_pending!(call.poll());
    }
    assert!(
        ServiceExt::<Request<Full<Bytes>>>::ready(&mut client)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn it_works_over_buffer_load_shed_and_timeout() {
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .buffer(4)
        .load_shed()
        .timeout(Duration::from_secs(1))
        .service(Strict::with(api()));
    assert!(send(&mut client, get()).await.is_ok());
}

#[tokio::test]
async fn it_works_under_and_over_tower_http() {
    let mut client = ServiceBuilder::new()
        .layer(tower_http::trace::TraceLayer::new_for_http())
        .layer(tower_http::decompression::DecompressionLayer::new())
        .layer(layer())
        .layer(tower_http::decompression::DecompressionLayer::new())
        .layer(tower_http::follow_redirect::FollowRedirectLayer::new())
        .layer(tower_http::trace::TraceLayer::new_for_http())
        .service(Strict::with(api()));
    let response = send(&mut client, get()).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "[1]"
    );
}

#[tokio::test]
async fn under_follow_redirect_the_last_response_is_held_to_the_contract() {
    let moved = || Step::status(302).header("location", "/b?key=1");
    let api = Scripted::new([moved(), Step::ok("{}"), moved(), Step::ok(r#"{"id":1}"#)]);
    let contract = Contract::required(["/id"]).unwrap();
    let mut client = ServiceBuilder::new()
        .layer(tower_http::follow_redirect::FollowRedirectLayer::new())
        .layer(ValidateLayer::new(contract))
        .service(Strict::with(api.clone()));
    let error = send(&mut client, get()).await.map(|_| ()).unwrap_err();
    let violation = error.downcast_ref::<Violation>().unwrap();
    assert_eq!(violation.url(), Some("https://h/b"));
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
    assert_eq!(api.calls(), 4);
}

#[test]
fn futures_and_services_cross_threads() {
    let mut client = layer().layer(api());
    assert_send(&Service::<Request<Full<Bytes>>>::call(&mut client, get()));
    assert_send_sync::<ValidateLayer>();
    assert_send_sync::<Validate<Strict>>();
}
