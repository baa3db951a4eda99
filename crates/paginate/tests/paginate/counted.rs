//! Lists that are counted.

use outbound_paginate::{End, Offset, PageErrorKind, PageNumber, PaginateLayer, body};

use crate::numbered;
use crate::support::{all, api, json, pages};

#[tokio::test]
async fn page_numbers_end_with_the_first_empty_page_and_not_with_a_short_one() {
    let api = numbered(&["1,2", "3", "4,5"]);
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("/items");
    let mut stream = pages(&api, layer, "/a?q=1").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 4);
    assert_eq!(
        (stream.progress().items, stream.end()),
        (5, Some(End::Complete))
    );
    assert_eq!(
        api.paths(),
        [
            "/a?q=1&page=1",
            "/a?q=1&page=2",
            "/a?q=1&page=3",
            "/a?q=1&page=4"
        ]
    );
}

#[tokio::test]
async fn a_number_in_the_url_wins_over_the_start() {
    for (path, start, expected) in [
        ("/a", 0, ["/a?page=0", "/a?page=1"]),
        ("/a?page=7", 0, ["/a?page=7", "/a?page=8"]),
    ] {
        let api = numbered(&["1"]);
        let layer =
            PaginateLayer::new(PageNumber::query("page").starts_at(start)).items_at("/items");
        let (_, error) = all(pages(&api, layer, path).await).await;
        assert!(error.is_none());
        assert_eq!(api.paths(), expected);
    }
    let api = numbered(&["1"]);
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("/items");
    let (got, error) = all(pages(&api, layer, "/a?page=x").await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (0, PageErrorKind::Malformed)
    );
    assert_eq!(api.requests(), 0);
}

#[tokio::test]
async fn a_known_end_is_not_asked_past() {
    let with = |tail: &'static str, strategy: PageNumber| async move {
        let api = api(move |_, n| json(format!(r#"{{"items":[{n},"x"]{tail}}}"#)));
        let layer = PaginateLayer::new(strategy).items_at("/items").max_pages(9);
        let (_, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none());
        api.requests()
    };
    let number = || PageNumber::query("page");
    assert_eq!(
        with(r#","total":4"#, number().total(body("/total"))).await,
        2
    );
    assert_eq!(
        with(r#","total":"5""#, number().total(body("/total"))).await,
        3
    );
    assert_eq!(with("", number().total(body("/total"))).await, 9);
    assert_eq!(
        with(r#","pages":2"#, number().total_pages(body("/pages"))).await,
        2
    );
    assert_eq!(
        with(
            r#","pages":2"#,
            number().starts_at(0).total_pages(body("/pages"))
        )
        .await,
        2
    );
    assert_eq!(with(r#","more":false"#, number().more("/more")).await, 1);
    assert_eq!(with(r#","done":true"#, number().last("/done")).await, 1);
    assert_eq!(with(r#","done":false"#, number().last("/done")).await, 9);
}

#[tokio::test]
async fn numbers_need_to_know_where_the_items_are() {
    let api = numbered(&["1"]);
    let (got, error) =
        all(pages(&api, PaginateLayer::new(PageNumber::query("page")), "/a").await).await;
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Malformed));
    assert!(error.to_string().contains("items_at"), "{error}");
}

#[tokio::test]
async fn an_offset_advances_by_what_was_returned_and_the_limit_is_always_said() {
    let api = api(|_, n| {
        json(
            [
                r#"{"items":[1,2,3],"total":5}"#,
                r#"{"items":[4,5],"total":5}"#,
            ][n],
        )
    });
    let offset = Offset::query("offset", "limit")
        .by(10)
        .total(body("/total"));
    let layer = PaginateLayer::new(offset).items_at("/items");
    let (got, error) = all(pages(&api, layer, "/a?limit=3&q").await).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 2);
    assert_eq!(
        api.paths(),
        ["/a?limit=10&q&offset=0", "/a?limit=10&q&offset=3"]
    );
}

#[tokio::test]
async fn offsets_end_with_an_empty_page_though_the_total_says_more() {
    let api = api(|_, n| json([r#"{"items":[1],"total":9}"#, r#"{"items":[],"total":9}"#][n]));
    let offset = Offset::query("o", "l").total(body("/total"));
    let mut stream = pages(&api, PaginateLayer::new(offset).items_at("/items"), "/a").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!(
        (
            got.len(),
            stream.progress().items,
            stream.progress().total.unwrap().n
        ),
        (2, 1, 9)
    );
}

#[tokio::test]
async fn an_offset_that_would_overflow_is_an_error() {
    let api = api(|_, _| json("[1]"));
    let layer = PaginateLayer::new(Offset::query("o", "l")).items_at("");
    let (got, error) = all(pages(&api, layer, &format!("/a?o={}", u64::MAX)).await).await;
    assert_eq!(
        (got.len(), error.unwrap().kind()),
        (1, PageErrorKind::Malformed)
    );
}
