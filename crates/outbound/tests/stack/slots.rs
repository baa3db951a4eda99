//! Which layers there are, and what each slot sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope};
use outbound::http::EffectiveUri;
use outbound::retry::Attempts;
use outbound::schema::{Contract, ValidateLayer};
use outbound::standard;
use test_support::{Scripted, Step, Strict};
use tower::util::MapRequestLayer;

use crate::{SECOND, at_once, request};

/// A layer that counts what passes it.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn layer<B>(&self) -> MapRequestLayer<impl Fn(Request<B>) -> Request<B> + Clone + use<B>> {
        let count = Arc::clone(&self.0);
        MapRequestLayer::new(move |request| {
            count.fetch_add(1, SeqCst);
            request
        })
    }

    fn get(&self) -> usize {
        self.0.load(SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn each_slot_sees_what_its_name_says() {
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("{}")]);
    let (calls, tries) = (Count::default(), Count::default());
    let stack = standard()
        .retry(at_once())
        .per_call(calls.layer())
        .per_try(tries.layer())
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!(Attempts::of(response.extensions()), 3);
    assert_eq!((calls.get(), tries.get(), api.calls()), (1, 3, 3));
    // What is beneath may have been redirected.
    assert!(response.extensions().get::<EffectiveUri>().is_some());
}

#[tokio::test(start_paused = true)]
async fn without_layers_of_the_user_s_nothing_is_stamped() {
    let api = Scripted::new([Step::ok("{}")]);
    let stack = standard().service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert!(response.extensions().is_empty());
    assert!(api.requests()[0].extensions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fits_fits_in_a_pair_and_by_reference_too() {
    let api = Scripted::new([Step::ok("{}")]);
    let scope = Scope::origin("https://h").unwrap();
    let token = AuthLayer::bearer(scope.clone(), "token").unwrap().strict();
    let key = AuthLayer::header(scope, "x-key", "key").unwrap().strict();
    let (limit, auth) = (tower::limit::ConcurrencyLimitLayer::new(8), (token, key));
    let stack = standard()
        .per_call(&limit)
        .auth(&auth)
        .service(Strict::with(api.clone()));
    stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    let sent = &api.requests()[0].headers;
    assert_eq!(sent["authorization"], "Bearer token");
    assert_eq!(sent["x-key"], "key");
    let both = format!("{:?}", standard().auth(&auth));
    assert!(both.contains("auth (..) > "), "{both}");
}

#[test]
fn debug_tells_the_layers_that_are_there_and_no_others() {
    let bare = standard().without_retry().streaming();
    assert_eq!(
        format!("{bare:?}"),
        "deadline 60s > IdleTimeoutLayer > attempt_span"
    );
    let scope = Scope::origin("https://api.test").unwrap();
    let full = standard()
        .base_url("https://api.test/secret")
        .unwrap()
        .per_call((tower::limit::ConcurrencyLimitLayer::new(8), ()))
        .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
        .deadline(2 * SECOND)
        .idempotency_key()
        .auth(AuthLayer::bearer(scope, "secret").unwrap().strict())
        .per_try(tower::limit::ConcurrencyLimitLayer::new(8));
    assert_eq!(
        format!("{full:?}"),
        "base_url > per_call (..) > contract ValidateLayer > deadline 2s > IdempotencyKeyLayer > RetryLayer > \
         auth AuthLayer > CollectLayer > per_try ConcurrencyLimitLayer > attempt_span",
    );
}

#[tokio::test]
async fn a_router_is_a_transport_and_needs_no_hint_of_its_types() {
    let router = axum::Router::new().route("/", axum::routing::get(async || "{}"));
    let stack = standard().service(router);
    let request = Request::get("http://h/")
        .body(Full::<Bytes>::default())
        .unwrap();
    let stack = stack.send(request).await;
    assert_eq!(stack.unwrap().into_body().into_bytes(), "{}");
}
