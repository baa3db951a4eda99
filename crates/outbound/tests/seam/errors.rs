//! The error of each layer is found through all others.

use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use outbound::auth::{AuthError, AuthLayer, FetchError, Scope, Token, Tokens, from_fn};
use outbound::http::DeadlineExceeded;
use outbound::paginate::{LinkHeader, PageError, PageErrorKind, PaginateLayer};
use outbound::schema::Violation;
use outbound::{BoxError, Client, standard};
use test_support::{Scripted, Step, send};
use tower::{Layer, ServiceExt};

use crate::{Item, contract, find, request, retry, tokens};

/// What a call through the whole stack fails with.
async fn failure(step: Step, scope: &str, tokens: Tokens) -> BoxError {
    let mut client: Client = standard()
        .deadline(Duration::from_secs(5))
        .retry(retry())
        .auth(AuthLayer::bearer_from(Scope::origin(scope).unwrap(), tokens).replay())
        .contract(contract())
        .service(Scripted::new([step]))
        .boxed();
    send(&mut client, request("https://h/items"))
        .await
        .map(|_| ())
        .expect_err("it fails")
}

#[tokio::test(start_paused = true)]
async fn every_layer_s_own_error_is_found_through_the_whole_stack() {
    let broken = failure(Step::ok(r#"[{"id":"1"}]"#), "https://h", tokens()).await;
    assert_eq!(
        broken
            .downcast_ref::<Violation>()
            .expect("a violation")
            .instance(),
        "/0/id"
    );

    let slow = failure(
        Step::ok("[]").delay(Duration::from_secs(9)),
        "https://h",
        tokens(),
    )
    .await;
    assert!(slow.is::<DeadlineExceeded>());

    let strayed = failure(Step::ok("[]"), "https://other", tokens()).await;
    assert!(
        strayed
            .downcast_ref::<AuthError>()
            .expect("an auth error")
            .is_out_of_scope()
    );

    let down = Tokens::new(from_fn(|_| async {
        Err::<Token, _>(FetchError::new("the token endpoint is down"))
    }));
    let unavailable = failure(Step::ok("[]"), "https://h", down).await;
    let unavailable = unavailable
        .downcast_ref::<AuthError>()
        .expect("an auth error");
    assert!(unavailable.is_unavailable());
    assert_eq!(
        unavailable.source().expect("the cause").to_string(),
        "the token endpoint is down"
    );

    let reset = std::io::Error::from(std::io::ErrorKind::InvalidData);
    let transport = failure(Step::error(reset), "https://h", tokens()).await;
    assert!(transport.is::<std::io::Error>());
}

#[tokio::test]
async fn errors_of_later_pages_are_found_through_the_stream() {
    let next = r#"</items?page=2>; rel="next""#;
    let api = Scripted::new([
        Step::ok(r#"[{"id":1}]"#).header("link", next),
        Step::ok(r#"[{"id":null}]"#),
    ]);
    let client: Client = standard().contract(contract()).service(api).boxed();
    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(client)
        .oneshot(request("https://h/items"))
        .await
        .unwrap();
    let error: PageError = std::pin::pin!(pages.items::<Item>(""))
        .try_collect::<Vec<_>>()
        .await
        .expect_err("page 2 breaks the contract");
    assert_eq!(error.kind(), PageErrorKind::Service);
    assert_eq!(error.position().to_string(), "page 2");
    assert_eq!(
        find::<Violation>(&error).expect("a violation").instance(),
        "/0/id"
    );
}
