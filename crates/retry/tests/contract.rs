//! The tower contract: readiness, permits, clones, dropped futures, neighbours.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use outbound_http::BoxError;
use outbound_retry::{Exponential, Retry, RetryLayer};
use test_support::{Scripted, Step, Strict, assert_send, assert_send_sync, send};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

fn layer() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = http::Uri::from_static("https://h/");
    request
}

fn failing_twice() -> Scripted {
    Scripted::new([Step::status(503), Step::status(503), Step::ok("[1]")])
}

#[tokio::test]
async fn every_attempt_is_sent_by_an_instance_that_was_polled_ready_for_it() {
    let strict = Strict::with(failing_twice());
    let handle = strict.handle();
    let response = send(&mut layer().layer(strict), get()).await.unwrap();

    assert_eq!(response.status(), 200);
    assert_eq!((handle.calls(), handle.readied(), handle.held()), (3, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_during_a_pause() {
    let api = Scripted::new([Step::status(503).header("retry-after", "7"), Step::ok("")]);
    let strict = Strict::with(api);
    let handle = strict.handle();
    let mut limited = ServiceBuilder::new()
        .layer(layer())
        .concurrency_limit(1)
        .service(strict);

    let mut other = limited.clone();
    let mut call = task::spawn(send(&mut limited, get()));
    assert_pending!(call.poll());
    assert_eq!(handle.held(), 0);
    // The one permit is free while the first call pauses.
    assert!(
        tokio::time::timeout(SECOND, ready(&mut other))
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn a_single_permit_is_enough() {
    let api = Scripted::new([
        Step::status(503).header("retry-after", "7"),
        Step::status(503),
        Step::ok(""),
    ]);
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .concurrency_limit(1)
        .service(Strict::with(api));
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
    assert!(ready(&mut client).await.is_ok());
}

#[tokio::test]
async fn a_service_that_is_not_ready_for_a_retry_returns_its_error() {
    /// Open until it is cloned, as if the pool behind it closed during the first attempt.
    struct Closing(bool);
    impl Clone for Closing {
        fn clone(&self) -> Self {
            Self(false)
        }
    }
    impl Service<Request<Full<Bytes>>> for Closing {
        type Response = Response<Full<Bytes>>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Self::Response, BoxError>>;
        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), BoxError>> {
            std::task::Poll::Ready(if self.0 { Ok(()) } else { Err("closed".into()) })
        }
        fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            std::future::ready(Ok(response))
        }
    }
    let error = send(&mut layer().layer(Closing(true)), get())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "closed");
}

#[tokio::test]
async fn it_waits_until_the_service_is_ready_for_the_retry() {
    let (mut client, mut handle) = tower_test_pair();
    let mut call = task::spawn(send(&mut client, get()));
    handle.allow(1);
    assert_pending!(call.poll());
    let (_, reply) = handle.next_request().await.unwrap();
    let mut response = Response::new(Full::<Bytes>::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    reply.send_response(response);
    assert_pending!(call.poll());
    handle.allow(1);
    assert!(call.is_woken());
    assert_pending!(call.poll());
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(Response::new(Full::default()));
    assert_eq!(assert_ready!(call.poll()).unwrap().status(), 200);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_the_service_is_not_ready_costs_the_budget_nothing() {
    let budget = outbound_retry::Budget::new(0, 1);
    let (mock, mut handle) =
        tower_test::mock::pair::<Request<Full<Bytes>>, Response<Full<Bytes>>>();
    let mut client = layer().budget(budget.clone()).layer(mock);
    {
        let mut call = task::spawn(send(&mut client, get()));
        handle.allow(1);
        assert_pending!(call.poll());
        let (_, reply) = handle.next_request().await.unwrap();
        let mut response = Response::new(Full::<Bytes>::default());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        reply.send_response(response);
        assert_pending!(call.poll());
        assert_eq!(budget.balance(get().uri()), 0);
    }
    assert_eq!(budget.balance(get().uri()), 1000);
}

#[tokio::test(start_paused = true)]
async fn it_works_over_a_rate_limit() {
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .buffer(4)
        .rate_limit(1, SECOND)
        .service(Strict::with(failing_twice()));
    let start = tokio::time::Instant::now();
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
    assert!(start.elapsed() >= 2 * SECOND);
}

type Handle = tower_test::mock::Handle<Request<Full<Bytes>>, Response<Full<Bytes>>>;

fn tower_test_pair() -> (
    impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = BoxError> + Clone,
    Handle,
) {
    let (mock, mut handle) = tower_test::mock::pair();
    handle.allow(0);
    (layer().layer(mock), handle)
}

#[tokio::test]
async fn it_works_over_buffer_load_shed_and_timeout() {
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .buffer(4)
        .load_shed()
        .timeout(SECOND)
        .service(Strict::with(failing_twice()));
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_overload_error_is_not_retried_blindly() {
    let api = service_fn(|_: Request<Full<Bytes>>| async {
        std::future::pending::<Result<Response<Full<Bytes>>, BoxError>>().await
    });
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .load_shed()
        .concurrency_limit(1)
        .service(api);
    let mut other = client.clone();
    let mut first = task::spawn(send(&mut client, get()));
    assert_pending!(first.poll());
    let error = send(&mut other, get()).await.unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>());
}

#[tokio::test]
async fn it_works_under_and_over_tower_http() {
    let mut client = ServiceBuilder::new()
        .layer(tower_http::trace::TraceLayer::new_for_http())
        .layer(tower_http::follow_redirect::FollowRedirectLayer::new())
        .layer(tower_http::decompression::DecompressionLayer::new())
        .layer(layer())
        .layer(tower_http::decompression::DecompressionLayer::new())
        .layer(tower_http::follow_redirect::FollowRedirectLayer::new())
        .layer(tower_http::trace::TraceLayer::new_for_http())
        .service(Strict::with(failing_twice()));
    assert_eq!(send(&mut client, get()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_dropped_call_drops_the_attempt_in_flight() {
    let strict = Strict::with(Scripted::new([Step::ok("").delay(SECOND)]));
    let handle = strict.handle();
    let mut client = ServiceBuilder::new()
        .layer(layer())
        .concurrency_limit(1)
        .service(strict);
    {
        let mut call = task::spawn(send(&mut client, get()));
        assert_pending!(call.poll());
    }
    assert_eq!(handle.calls(), 1);
    assert!(ready(&mut client).await.is_ok());
}

#[test]
fn futures_and_services_cross_threads() {
    let mut client = layer().layer(Strict::new());
    let mut ready = task::spawn(std::future::poll_fn(|cx| {
        Service::<Request<Full<Bytes>>>::poll_ready(&mut client, cx)
    }));
    assert!(ready.poll().is_ready());
    drop(ready);
    assert_send(&client.call(get()));
    assert_send_sync::<RetryLayer>();
    assert_send_sync::<
        Retry<Strict, outbound_http::CloneBody, outbound_retry::Standard, Exponential>,
    >();
    let _: Result<_, Infallible> = tokio_test::block_on(send(&mut client, get()));
}

#[test]
#[should_panic(expected = "polled after completion")]
fn polling_after_completion_says_so() {
    let mut client = layer().layer(Strict::new());
    let mut ready = task::spawn(std::future::poll_fn(|cx| {
        Service::<Request<Full<Bytes>>>::poll_ready(&mut client, cx)
    }));
    assert!(ready.poll().is_ready());
    drop(ready);
    let mut call = task::spawn(client.call(get()));
    assert!(call.poll().is_ready());
    let _ = call.poll();
}

async fn ready<S: Service<Request<Full<Bytes>>>>(client: &mut S) -> Result<(), S::Error> {
    client.ready().await.map(|_| ())
}
