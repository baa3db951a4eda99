//! The inner service that holds its caller to tower's contract.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use test_support::{Strict, assert_send_sync, send};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower_service::Service;

type Body = Full<Bytes>;

fn poll_ready<S: Service<R>, R>(service: &mut S) -> Poll<Result<(), S::Error>> {
    task::spawn(()).enter(|cx, _| service.poll_ready(cx))
}

fn ready_strict() -> Strict {
    let mut strict = Strict::new();
    assert_ready_ok!(poll_ready::<_, Request<Body>>(&mut strict));
    strict
}

/// Becomes ready when it was asked this many times, and answers with what it was asked.
#[derive(Clone, Debug)]
struct Reluctant(usize);

impl Service<u8> for Reluctant {
    type Response = u8;
    type Error = Infallible;
    type Future = Ready<Result<u8, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.0 == 0 {
            return Poll::Ready(Ok(()));
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: u8) -> Self::Future {
        ready(Ok(request))
    }
}

/// Never ready: its readiness is an error.
#[derive(Clone, Debug)]
struct Closed;

impl Service<u8> for Closed {
    type Response = u8;
    type Error = &'static str;
    type Future = Ready<Result<u8, &'static str>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Err("closed"))
    }

    fn call(&mut self, _request: u8) -> Self::Future {
        unreachable!("nobody was told that it is ready")
    }
}

#[tokio::test]
async fn a_call_after_readiness_is_answered_with_an_empty_200() {
    let mut strict = Strict::new();
    let response = send(&mut strict, Request::new(Body::default())).await;
    let response = response.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "");
}

#[test]
#[should_panic(expected = "called an instance that was not polled ready")]
fn a_call_without_readiness_panics() {
    drop(Strict::new().call(Request::new(Body::default())));
}

#[test]
#[should_panic(expected = "called an instance that was not polled ready")]
fn one_readiness_does_not_serve_two_calls() {
    let mut strict = ready_strict();
    // It also became ready twice: what counts is what came since the last call.
    assert_ready_ok!(poll_ready::<_, Request<Body>>(&mut strict));
    drop(strict.call(Request::new(Body::default())));
    drop(strict.call(Request::new(Body::default())));
}

#[test]
#[should_panic(expected = "called an instance that was not polled ready")]
fn a_clone_of_a_ready_instance_is_not_ready() {
    let strict = ready_strict();
    drop(strict.clone().call(Request::new(Body::default())));
}

#[test]
#[should_panic(expected = "called an instance that was not polled ready")]
fn a_readiness_that_is_pending_is_none() {
    let mut strict = Strict::with(Reluctant(1));
    assert_pending!(poll_ready(&mut strict));
    drop(strict.call(1));
}

#[test]
#[should_panic(expected = "called an instance that was not polled ready")]
fn a_readiness_that_failed_is_none() {
    let mut strict = Strict::with(Closed);
    assert_eq!(poll_ready(&mut strict), Poll::Ready(Err("closed")));
    drop(strict.call(1));
}

#[test]
fn the_original_stays_ready_when_it_is_cloned() {
    let mut strict = ready_strict();
    drop(strict.clone());
    drop(strict.call(Request::new(Body::default())));
    assert_eq!(strict.handle().calls(), 1);
}

#[tokio::test]
async fn any_service_can_be_held_to_the_contract() {
    let mut strict = Strict::with(Reluctant(2));
    assert_eq!(send(&mut strict, 7).await, Ok(7));
    assert_eq!(send(&mut Strict::with(Closed), 7).await, Err("closed"));
}

#[tokio::test]
async fn calls_and_readiness_are_counted_over_all_clones() {
    let mut strict = Strict::with(Reluctant(1));
    let handle = strict.handle();
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (0, 0, 0));

    assert_pending!(poll_ready(&mut strict));
    assert_eq!((handle.readied(), handle.held()), (0, 0));
    assert_ready_ok!(poll_ready(&mut strict));
    assert_ready_ok!(poll_ready(&mut strict));
    assert_eq!((handle.readied(), handle.held()), (1, 1));

    let mut clone = strict.clone();
    assert_eq!(handle.held(), 1);
    assert_eq!(send(&mut clone, 1).await, Ok(1));
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 1, 1));

    assert_eq!(strict.call(2).await, Ok(2));
    assert_eq!((handle.readied(), handle.calls(), handle.held()), (2, 2, 0));
}

#[test]
fn readiness_is_held_until_its_instance_is_dropped() {
    let strict = ready_strict();
    let handle = strict.handle();
    let idle = strict.clone();
    assert_eq!(handle.held(), 1);
    drop(idle);
    assert_eq!(handle.held(), 1);
    drop(strict);
    assert_eq!((handle.held(), handle.readied(), handle.calls()), (0, 1, 0));
}

#[test]
fn two_services_do_not_count_for_each_other() {
    let (ready, idle) = (ready_strict(), Strict::new());
    assert_eq!((ready.handle().held(), idle.handle().held()), (1, 0));
}

#[test]
fn it_may_cross_threads() {
    assert_send_sync::<Strict>();
}
