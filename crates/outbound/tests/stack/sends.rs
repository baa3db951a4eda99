//! What is sent, where, and how often.

use http::Method;
use outbound::auth::{AuthLayer, Scope};
use outbound::{Client, ErrorExt, standard};
use test_support::{Scripted, Step, Strict};

use crate::{at_once, request};

#[tokio::test(start_paused = true)]
async fn a_request_for_a_path_is_completed_before_its_credential_is_added() {
    let api = Scripted::from_fn(|_| Step::ok("{}"));
    let scope = Scope::origin("https://api.test").unwrap();
    let client: Client = standard()
        .base_url("https://api.test/v1/")
        .unwrap()
        .auth(AuthLayer::bearer(scope, "token").unwrap().strict())
        .service(Strict::with(api.clone()))
        .boxed();
    for uri in ["/users?x=1", "https://api.test/whole"] {
        client.send(request(Method::GET, uri)).await.unwrap();
    }
    let foreign = client.send(request(Method::GET, "https://other.test/users"));
    assert!(foreign.await.unwrap_err().is_credential());

    let sent: Vec<_> = api
        .requests()
        .iter()
        .map(|sent| sent.uri.to_string())
        .collect();
    assert_eq!(
        sent,
        ["https://api.test/v1/users?x=1", "https://api.test/whole"]
    );
    assert!(
        api.requests()
            .iter()
            .all(|sent| sent.headers["authorization"] == "Bearer token")
    );
}

#[tokio::test(start_paused = true)]
async fn with_a_key_a_post_is_repeated_and_without_one_it_is_not() {
    let script = || [Step::status(503), Step::ok("{}")];
    let api = Scripted::new(script());
    let stack = standard().retry(at_once()).idempotency_key();
    let post = request(Method::POST, "https://h/");
    stack
        .service(Strict::with(api.clone()))
        .send(post)
        .await
        .unwrap();
    let sent = api.requests();
    let key = |number: usize| &sent[number].headers["idempotency-key"];
    assert_eq!(sent.len(), 2);
    assert_eq!(key(0), key(1));

    let api = Scripted::new(script());
    let stack = standard()
        .retry(at_once())
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::POST, "https://h/"))
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), api.calls()), (503, 1));
    assert!(!api.requests()[0].headers.contains_key("idempotency-key"));
}

#[tokio::test(start_paused = true)]
async fn without_retry_each_request_is_sent_once() {
    let api = Scripted::new([Step::status(503)]);
    let stack = standard()
        .without_retry()
        .service(Strict::with(api.clone()));
    let response = stack
        .send(request(Method::GET, "https://h/"))
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), api.calls()), (503, 1));
}
