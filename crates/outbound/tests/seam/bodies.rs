//! Bodies that are sent again, that stall, and that are no JSON.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use http::Request;
use http_body_util::BodyExt;
use outbound::auth::{AuthLayer, Scope};
use outbound::http::{BufferBody, IdleTimeoutExceeded, IdleTimeoutLayer, Rewind};
use outbound::paginate::{LinkHeader, PageErrorKind, PaginateLayer};
use outbound::schema::{Contract, ValidateLayer};
use outbound::{Client, standard};
use test_support::{Body, Scripted, Step, send};
use tower::{Layer, ServiceExt};

use crate::{Item, contract, find, request, retry, tokens};

#[tokio::test]
async fn a_body_that_is_not_clone_is_retried_and_authorized_again() {
    let answers = [
        Step::status(401),
        Step::status(503),
        Step::ok(r#"{"id":1}"#),
    ];
    let api = Scripted::new(answers);
    let tokens = tokens();
    let mut client = standard()
        .retry(retry().replay(BufferBody::default()))
        .auth(
            AuthLayer::bearer_from(Scope::origin("https://h").unwrap(), tokens.clone())
                .replay_with(Rewind),
        )
        .contract(ValidateLayer::new(Contract::required(["/id"]).unwrap()))
        .service(api.clone());

    let request = Request::put("https://h/")
        .body(Body::chunks(["ab", "cd"]))
        .unwrap();
    let response = send(&mut client, request).await.unwrap();

    assert_eq!(response.status(), 200);
    let sent = api.requests();
    assert!(sent.iter().all(|request| request.body == "abcd"));
    let tokens_sent: Vec<_> = sent
        .iter()
        .map(|sent| sent.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        tokens_sent,
        ["Bearer token-1", "Bearer token-2", "Bearer token-2"]
    );
}

#[tokio::test(start_paused = true)]
async fn items_arrive_before_their_page_has_ended_and_a_stall_ends_in_an_error() {
    let limit = Duration::from_secs(7);
    let body = Body::stalling_after([r#"[{"id":1},{"id""#, r#":2},{"#]);
    let api = Scripted::new([Step::ok("").body_with(body)]);
    let stack = standard()
        .streaming()
        .body(IdleTimeoutLayer::new(limit))
        .service(api);
    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(stack)
        .oneshot(request("https://h/items"))
        .await
        .unwrap();
    let mut items = std::pin::pin!(pages.items::<Item>(""));

    let first = items
        .next()
        .now_or_never()
        .flatten()
        .expect("item 1 is there")
        .unwrap();
    let second = items
        .next()
        .now_or_never()
        .flatten()
        .expect("item 2 is there")
        .unwrap();
    assert_eq!((first.id, second.id), (1, 2));

    let start = tokio::time::Instant::now();
    let error = items.next().await.expect("an error").unwrap_err();
    assert_eq!(start.elapsed(), limit);
    assert_eq!(error.kind(), PageErrorKind::Body);
    assert!(find::<IdleTimeoutExceeded>(&error).is_some());
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn what_is_no_json_passes_all_layers_untouched() {
    let steps = || {
        [
            Step::status(204),
            Step::status(304),
            Step::status(101).header("upgrade", "websocket"),
            Step::status(404)
                .header("content-type", "text/html")
                .body("<p>"),
        ]
    };
    for (index, method) in ["GET", "GET", "GET", "GET"].into_iter().enumerate() {
        let step = steps().into_iter().nth(index).unwrap();
        let api = Scripted::new([step]);
        let mut client: Client = standard()
            .retry(retry())
            .auth(AuthLayer::bearer_from(Scope::origin("https://h").unwrap(), tokens()).replay())
            .contract(contract())
            .service(api)
            .boxed();
        let mut request = request("https://h/items");
        *request.method_mut() = method.parse().unwrap();
        let response = send(&mut client, request).await.unwrap();
        let expected = [204, 304, 101, 404][index];
        assert_eq!(response.status(), expected);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, if expected == 404 { "<p>" } else { "" });
    }
    for method in ["HEAD", "CONNECT"] {
        let api = Scripted::new([Step::status(200).header("content-length", "12")]);
        let mut client: Client = standard()
            .retry(retry())
            .contract(contract())
            .service(api)
            .boxed();
        let mut request = request("https://h/items");
        *request.method_mut() = method.parse().unwrap();
        let response = send(&mut client, request).await.unwrap();
        assert_eq!(response.headers()["content-length"], "12");
    }
}
