//! All layers together, in both shapes, over every kind of transport: what must hold before any
//! of them grows.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod api;
mod bodies;
mod errors;
mod transports;

use std::convert::Infallible;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound::auth::{Token, Tokens, from_fn};
use outbound::http::CollectedBody;
use outbound::retry::{Exponential, RetryLayer};
use outbound::schema::{Contract, ValidateLayer};
use outbound::{Client, standard};
use serde::Deserialize;
use test_support::assert_send_sync;
use tower::service_fn;

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: u64,
}

/// Each fetch makes another token; the second is the one that the API takes.
fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let fetch = fetches.fetch_add(1, SeqCst) + 1;
        async move { Ok(Token::new(format!("token-{fetch}")).lives(Duration::from_secs(60))) }
    }))
}

fn retry() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn contract() -> ValidateLayer {
    ValidateLayer::new(Contract::required(["/*/id: integer"]).expect("pointers"))
}

fn request(uri: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri.parse().expect("a URI");
    request
}

/// The error of one layer, found along the chain of what came through all of them.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[test]
fn the_client_can_be_kept_in_a_state() {
    const fn assert_static<T: Clone + Send + Sync + 'static>() {}
    assert_static::<Client>();
    assert_send_sync::<Client<Full<Bytes>, CollectedBody>>();
    let service = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let client: Client = standard().service(service).boxed();
    assert_eq!(format!("{client:?}"), "Client { .. }");
}
