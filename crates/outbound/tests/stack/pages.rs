//! Pages and items through the stack.

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Method, Request};
use http_body_util::Full;
use outbound::http::IdleTimeoutBody;
use outbound::paginate::{LinkHeader, PageErrorKind, PaginateLayer};
use outbound::schema::Contract;
use outbound::{BoxError, Client, ErrorExt, PagesExt, standard};
use test_support::{Scripted, Step, Strict};
use tower::{Layer, ServiceExt};

use crate::request;

#[tokio::test(start_paused = true)]
async fn pages_of_a_base_url_stay_within_its_origin() {
    let page = |link: &str, json: &'static str| Step::ok(json).header("link", link);
    let script = || {
        vec![
            page("</v1/items?page=2>; rel=next", "[1,2]"),
            page("<https://other.test/items>; rel=next", "[3]"),
        ]
    };
    let api = Scripted::new(script());
    let client: Client = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()))
        .boxed();
    let first = request(Method::GET, "/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    let error = items.try_next().await.unwrap_err();
    assert!(error.is_page(PageErrorKind::CrossOrigin), "{error}");
    assert_eq!(api.calls(), 2);
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");

    // A client of streamed bodies does the same.
    let api = Scripted::new(script());
    let client: Client<Full<Bytes>, IdleTimeoutBody<test_support::Body>> = standard()
        .streaming()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()))
        .boxed_streaming();
    let first = request(Method::GET, "/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    assert!(items.try_next().await.is_err());
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");

    // The stack that is not boxed does the same.
    let api = Scripted::new(script());
    let stack = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()));
    let first = request(Method::GET, "/items");
    let pages = stack.pages(LinkHeader::next(), first).await.unwrap();
    assert!(
        std::pin::pin!(pages.items::<u32>(""))
            .try_collect::<Vec<_>>()
            .await
            .is_err()
    );
    assert_eq!(api.calls(), 2);

    // So does one with a layer of the caller's around it, whose first request has no origin.
    let api = Scripted::new(script());
    let stack = standard()
        .base_url("https://api.test/v1")
        .unwrap()
        .service(Strict::with(api.clone()));
    let layer = PaginateLayer::new(LinkHeader::next()).max_pages(10);
    let first = request(Method::GET, "/items");
    let pages = layer.layer(stack).oneshot(first).await.unwrap();
    let mut items = std::pin::pin!(pages.items::<u32>(""));
    for item in 1..=3 {
        assert_eq!(items.try_next().await.unwrap(), Some(item));
    }
    let error = items.try_next().await.unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::CrossOrigin);
    assert_eq!(api.requests()[1].uri, "https://api.test/v1/items?page=2");
}

#[tokio::test(start_paused = true)]
async fn items_are_held_against_a_contract_of_their_own() {
    let api = Scripted::new([Step::ok(r#"{"items":[{"id":1},{"id":"2"},{"id":3}]}"#)]);
    let client: Client = standard().service(api).boxed();
    let first = request(Method::GET, "https://h/items");
    let pages = client.pages(LinkHeader::next(), first).await.unwrap();
    let contract = Contract::required(["/id: integer"]).unwrap();
    let mut items = std::pin::pin!(pages.items_checked::<serde_json::Value>("/items", &contract));
    assert_eq!(items.try_next().await.unwrap().unwrap()["id"], 1);
    let error = items.try_next().await.unwrap_err();
    assert_eq!(error.violation().unwrap().instance(), "/id");
    // The stream goes on after it.
    assert_eq!(items.try_next().await.unwrap().unwrap()["id"], 3);
}

#[test]
fn a_task_or_a_handler_may_stream_items_in_each_way() {
    fn assert_send(_: impl Future + Send) {}

    async fn checked(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        let items = pages.items_checked::<u8>("", &Contract::any());
        Ok(items.try_collect().await?)
    }
    async fn decoded(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        let items = pages.items_with("", |item| Ok(item[0]));
        Ok(items.try_collect().await?)
    }
    async fn typed(client: Client) -> Result<Vec<u8>, BoxError> {
        let pages = client.pages(LinkHeader::next(), Request::default()).await?;
        Ok(pages.items::<u8>("").try_collect().await?)
    }
    let client = || standard().service(Scripted::new([])).boxed();
    assert_send(checked(client()));
    assert_send(decoded(client()));
    assert_send(typed(client()));
}
