//! Pages without a body: which of them are pages without items, and which are no end of a list.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::pin::Pin;
use std::sync::Arc;

use outbound_http::BoxError;
use outbound_paginate::{
    LinkHeader, NextUrl, Offset, PageErrorKind, PageNumber, PaginateLayer, Range, Strategy, Token,
    body, last_item, query,
};
use tower::{Layer, ServiceExt};

use support::{Body, all, api, get, ids, json, linked, pages};

fn raw(item: &[u8]) -> Result<String, BoxError> {
    Ok(std::str::from_utf8(item)?.to_owned())
}

#[tokio::test]
async fn pages_without_a_body_or_with_null_have_no_items() {
    for empty in ["", " ", r#"{"items":null}"#, r#"{"items":[]}"#] {
        let api = api(move |uri, _| match uri {
            "https://api.test/a" => linked(empty, "<?p=2>; rel=next"),
            _ => json(r#"{"items":[1]}"#),
        });
        let layer = PaginateLayer::new(LinkHeader::next());
        assert_eq!(
            ids(layer, &api, "/items").await,
            (vec![1], None),
            "{empty:?}"
        );
    }
}

/// An API of two pages, of which the second is `empty` the first time and `status` says why.
fn once_empty(status: u16, empty: &'static str) -> support::Api {
    api(move |uri, n| match uri {
        "https://api.test/a" | "https://api.test/a?page=1" | "https://api.test/a?o=0&l=2" => {
            json(r#"{"items":[{"id":1},{"id":2}],"next":"/a?after=2"}"#)
        }
        _ if n == 1 => {
            let mut response = json(empty);
            *response.status_mut() = status.try_into().unwrap();
            response
        }
        _ if n == 2 => json(r#"{"items":[{"id":3}]}"#),
        _ => json(r#"{"items":[]}"#),
    })
}

#[tokio::test]
async fn an_empty_body_is_no_end_where_it_should_have_told_it_unless_its_status_says_so() {
    let after = || query("after");
    let token = || Token::from(body("/next")).to(after());
    let strategies: [Arc<dyn Strategy<Body> + Send + Sync>; 7] = [
        Arc::new(token()),
        Arc::new(token().more("/more").flags_may_be_missing()),
        Arc::new(Token::from(last_item("/id")).to(after())),
        Arc::new(token().end_on_empty_page()),
        Arc::new(NextUrl::at("/next")),
        Arc::new(PageNumber::query("page")),
        Arc::new(Offset::query("o", "l").by(2)),
    ];
    for (at, strategy) in strategies.into_iter().enumerate() {
        let found = async |layer: PaginateLayer<_>, api: &support::Api| {
            let pages = *Pin::into_inner(pages(api, layer, "/a").await);
            let (items, error) = all(pages.items_with("/items", raw)).await;
            (items.len(), error.map(|error| error.kind()))
        };
        let layer = PaginateLayer::new(strategy).items_at("/items");
        for empty in ["", " \n"] {
            let (api, cut) = (once_empty(200, empty), Some(PageErrorKind::Truncated));
            assert_eq!(found(layer.clone(), &api).await, (2, cut), "{at}");
            let api = once_empty(200, empty);
            assert_eq!(
                found(layer.clone().refetch(1), &api).await,
                (3, None),
                "{at}"
            );
            let api = once_empty(200, empty);
            let allowed = found(layer.clone().refetch(1).allow_empty(), &api).await;
            assert_eq!(allowed, (2, None), "{at}");
            let mut whole = pages(&once_empty(200, empty), layer.clone(), "/a").await;
            let (got, error) = all(&mut whole).await;
            assert_eq!(
                (got.len(), error.map(|error| error.kind())),
                (1, cut),
                "{at}"
            );
        }
        for status in [204, 205] {
            let api = once_empty(status, "");
            assert_eq!(found(layer.clone(), &api).await, (2, None), "{at}");
        }
    }
}

#[tokio::test]
async fn an_empty_body_is_an_end_where_a_range_or_a_head_request_says_so() {
    let api = api(|_, _| {
        let mut response = json("");
        let none = "*/0".parse().unwrap();
        response.headers_mut().insert("content-range", none);
        response
    });
    let layer = PaginateLayer::new(Range::unit("items"));
    assert_eq!(ids(layer, &api, "").await, (vec![], None));

    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("");
    let mut head = get("/a");
    *head.method_mut() = http::Method::HEAD;
    let pages = layer.layer(api.clone()).oneshot(head).await.unwrap();
    let (got, error) = all(pages).await;
    assert!(error.is_none() && got.len() == 1);
}

#[tokio::test]
async fn a_success_without_content_is_a_page_without_items_and_a_304_is_an_error() {
    for (method, status, kind) in [
        ("GET", 204, None),
        ("GET", 205, None),
        ("HEAD", 200, None),
        // The list is not empty: it is the one that the caller has.
        ("GET", 304, Some(PageErrorKind::Status)),
    ] {
        let api = api(move |uri, _| {
            let mut response = match uri.ends_with("p=2") {
                false => linked("", "<?p=2>; rel=next"),
                true => json(""),
            };
            *response.status_mut() = status.try_into().unwrap();
            response
        });
        let layer = PaginateLayer::new(LinkHeader::next());
        let mut request = get("/a");
        *request.method_mut() = method.parse().unwrap();
        let pages = layer.layer(api.clone()).oneshot(request).await.unwrap();
        let (items, error) = all(pages.items::<u64>("/items")).await;
        assert!(items.is_empty());
        if let Some(error) = &error {
            assert_eq!(error.response().unwrap().parts.status, status);
        }
        assert_eq!(error.map(|error| error.kind()), kind, "{method} {status}");
        assert_eq!(api.requests(), if kind.is_none() { 2 } else { 1 });
    }
}
