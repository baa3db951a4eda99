//! The tower contract: readiness is passed through, and used by the instance that was polled.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use outbound_http::{CollectLayer, DeadlineLayer, EffectiveUriLayer, IdleTimeoutLayer};
use test_support::{Strict, assert_send_sync, send};
use tower::{Layer, ServiceBuilder};

fn request() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

macro_rules! polls_and_calls_the_same_instance {
    ($($name:ident: $layer:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let strict = Strict::new();
            let handle = strict.handle();
            let mut client = $layer.layer(strict);
            for _ in 0..3 {
                assert!(send(&mut client, request()).await.is_ok());
            }
            assert_eq!((handle.calls(), handle.readied(), handle.held()), (3, 3, 0));
        }
    )*};
}

polls_and_calls_the_same_instance! {
    collect_calls_the_instance_that_was_ready: CollectLayer::default();
    deadline_calls_the_instance_that_was_ready: DeadlineLayer::default();
    idle_timeout_calls_the_instance_that_was_ready: IdleTimeoutLayer::default();
    effective_uri_calls_the_instance_that_was_ready: EffectiveUriLayer::new();
}

#[tokio::test]
async fn a_single_permit_is_enough_and_is_given_back_when_the_future_is_dropped() {
    let mut client = ServiceBuilder::new()
        .layer(DeadlineLayer::new(Duration::from_secs(1)))
        .layer(CollectLayer::default())
        .layer(IdleTimeoutLayer::default())
        .layer(EffectiveUriLayer::new())
        .concurrency_limit(1)
        .service(Strict::new());
    let mut other = client.clone();

    drop(send(&mut client, request()));
    assert!(send(&mut other, request()).await.is_ok());
    assert!(send(&mut client, request()).await.is_ok());
}

#[test]
fn layers_and_services_cross_threads() {
    assert_send_sync::<CollectLayer>();
    assert_send_sync::<outbound_http::Collect<()>>();
    assert_send_sync::<outbound_http::Deadline<()>>();
    assert_send_sync::<outbound_http::IdleTimeout<()>>();
    assert_send_sync::<outbound_http::EffectiveUriService<()>>();
}
