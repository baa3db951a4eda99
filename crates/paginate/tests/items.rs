//! Items: what a user may rely on while they arrive.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;
#[path = "support/tap.rs"]
mod tap;

use std::pin::{Pin, pin};

use futures_util::{FutureExt, StreamExt};
use http::Response;
use outbound_http::BoxError;
use outbound_paginate::{
    End, LinkHeader, NextUrl, NoNext, Offset, PageErrorKind, PaginateLayer, Token, body, last_item,
    query,
};
use serde::Deserialize;

use tap::Tap;

use support::{all, api, ids, json, linked, pages, try_api};

#[derive(Debug, Deserialize, PartialEq)]
struct Issue {
    id: u64,
}

fn raw(item: &[u8]) -> Result<String, BoxError> {
    Ok(std::str::from_utf8(item)?.to_owned())
}

#[tokio::test]
async fn items_of_all_pages_come_in_order() {
    let api = api(|uri, _| match uri {
        "https://api.test/a" => linked(r#"[{"id":1},{"id":2}]"#, "<?p=2>; rel=next"),
        _ => json(r#"[{"id":3}]"#),
    });
    let pages = Pin::into_inner(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await);
    let mut items = pin!(pages.items::<Issue>(""));
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        found.push(item.unwrap().id);
    }
    assert_eq!(found, [1, 2, 3]);
    let progress = items.progress();
    assert_eq!((progress.pages, progress.items, progress.bytes), (2, 3, 29));
    assert_eq!(items.end(), Some(End::Complete));
}

#[tokio::test]
async fn the_next_page_is_found_before_and_after_the_items() {
    for page in [
        r#"{"next":"?p=2","items":[1,2]}"#,
        r#"{"items":[1,2],"next":"?p=2"}"#,
        // Of a key that comes twice the last counts.
        r#"{"next":"?p=8","items":[1,2],"next":"?p=2"}"#,
    ] {
        let api = api(move |uri, _| match uri {
            "https://api.test/a" => json(page),
            _ => json(r#"{"items":[3],"next":null}"#),
        });
        let layer = PaginateLayer::new(NextUrl::at("/next"));
        assert_eq!(ids(layer, &api, "/items").await, (vec![1, 2, 3], None));
        assert_eq!(api.paths(), ["/a", "/a?p=2"]);
    }
    // And within what the items are in, or beside that.
    for (page, next) in [
        (r#"{"d":{"next":"?p=2","items":[1,2]}}"#, "/d/next"),
        (
            r#"{"d":{"items":[1,2],"page":{"next":"?p=2"}}}"#,
            "/d/page/next",
        ),
        (
            r#"{"e":[{"next":"?p=2"}],"d":{"items":[1,2]}}"#,
            "/e/0/next",
        ),
        (
            r#"{"d":{"items":[1,2]},"e":[{"next":"?p=2"}]}"#,
            "/e/0/next",
        ),
    ] {
        let api = api(move |uri, _| match uri {
            "https://api.test/a" => json(page),
            _ => json(r#"{"d":{"items":[3]}}"#),
        });
        let layer = PaginateLayer::new(NextUrl::at(next));
        assert_eq!(ids(layer, &api, "/d/items").await, (vec![1, 2, 3], None));
        assert_eq!(api.paths(), ["/a", "/a?p=2"], "{page}");
    }
}

#[tokio::test]
async fn the_last_item_is_a_cursor() {
    let api = api(|uri, _| match uri {
        "https://api.test/a" => json(r#"{"data":[{"id":"x"},{"id":"y&"}],"more":true}"#),
        _ => json(r#"{"data":[{"id":"z"}],"more":false}"#),
    });
    let strategy = Token::from(last_item("/id"))
        .to(query("after"))
        .more("/more");
    let (whole, error) = all(pages(
        &api,
        PaginateLayer::new(strategy.clone()).items_at("/data"),
        "/a",
    )
    .await)
    .await;
    assert!(error.is_none());
    assert_eq!(whole.len(), 2);
    let streamed = Pin::into_inner(pages(&api, PaginateLayer::new(strategy), "/a").await);
    let (items, error) = all(streamed.items_with("/data", raw)).await;
    assert!(error.is_none());
    assert_eq!(items, [r#"{"id":"x"}"#, r#"{"id":"y&"}"#, r#"{"id":"z"}"#]);
    assert_eq!(api.paths(), ["/a", "/a?after=y%26", "/a", "/a?after=y%26"]);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_json_and_no_end() {
    for page in ["\u{feff}[1]", "\u{feff}"] {
        let api = api(move |_, _| json(page));
        let layer = PaginateLayer::new(LinkHeader::next());
        let found = ids(layer, &api, "").await;
        assert_eq!(found, (vec![], Some(PageErrorKind::NotJson)));
    }
}

#[tokio::test]
async fn what_is_no_list_of_items_is_an_error_after_the_items_before_it() {
    for (page, items, kind) in [
        (r#"{"x":[1]}"#, vec![], PageErrorKind::Malformed),
        (r#"{"items":{}}"#, vec![], PageErrorKind::Malformed),
        (r#"{"items":[1,2"#, vec![1], PageErrorKind::Truncated),
        (r#"{"items":[1,2]"#, vec![1, 2], PageErrorKind::Truncated),
        (r#"{"items":[1,2],}"#, vec![1, 2], PageErrorKind::NotJson),
        (
            r#"{"items":[1,2],"x":tru}"#,
            vec![1, 2],
            PageErrorKind::NotJson,
        ),
        (r#"{"items":[1,2}"#, vec![1, 2], PageErrorKind::NotJson),
        (r#"{"items":[1,nul]}"#, vec![1], PageErrorKind::NotJson),
        ("<html>", vec![], PageErrorKind::NotJson),
        // Which of the two is the list nobody knows.
        (
            r#"{"items":[1],"items":[2]}"#,
            vec![1],
            PageErrorKind::Malformed,
        ),
        (
            r#"{"items":null,"items":[2]}"#,
            vec![],
            PageErrorKind::Malformed,
        ),
    ] {
        let api = api(move |_, _| linked(page, "<?p=2>; rel=next"));
        let layer = PaginateLayer::new(LinkHeader::next());
        assert_eq!(
            ids(layer, &api, "/items").await,
            (items, Some(kind)),
            "{page}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn an_item_that_does_not_fit_is_an_error_in_its_place_only() {
    let api = api(|uri, _| match uri {
        "https://api.test/a" => linked(r#"[1,"two",3]"#, "<?p=2>; rel=next"),
        _ => json("[4]"),
    });
    let pages = Pin::into_inner(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await);
    let items: Vec<_> = pages.items::<u64>("").collect().await;
    let shown: Vec<_> = items
        .iter()
        .map(|item| match item {
            Ok(id) => id.to_string(),
            Err(error) => {
                assert_eq!(error.kind(), PageErrorKind::Decode);
                assert!(
                    std::error::Error::source(error)
                        .unwrap()
                        .is::<serde_json::Error>()
                );
                error.to_string()
            }
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1",
            "page 1, item 2: the item is not as it was expected",
            "3",
            "4"
        ]
    );
}

#[tokio::test]
async fn surrogates_are_characters_in_pairs_and_alone_an_item_that_does_not_fit() {
    let api = api(|_, _| json(r#"["\ud83d\ude00","\ud83d","\ude00x","\u00e9"]"#));
    let stream = async || Pin::into_inner(pages(&api, PaginateLayer::new(NoNext), "/a").await);
    let items: Vec<_> = stream().await.items::<String>("").collect().await;
    let items: Vec<_> = items
        .into_iter()
        .map(|item| item.map_err(|error| error.kind()))
        .collect();
    let alone = Err(PageErrorKind::Decode);
    assert_eq!(
        items,
        [
            Ok("\u{1f600}".to_owned()),
            alone.clone(),
            alone,
            Ok("é".to_owned())
        ]
    );
    // They are JSON all the same.
    let (raw, error) = all(stream().await.raw_items("")).await;
    assert!(error.is_none());
    assert_eq!(raw[1..3], [r#""\ud83d""#, r#""\ude00x""#]);
}

#[tokio::test]
async fn the_callers_function_may_refuse_an_item_and_sees_valid_json_only() {
    let refuse = |item: &[u8]| match item {
        b"2" => Err(BoxError::from("no twos")),
        item => raw(item),
    };
    let good = api(|_, _| json("[1,2]"));
    let pages_of = Pin::into_inner(pages(&good, PaginateLayer::new(NoNext), "/a").await);
    let (items, error) = all(pages_of.items_with("", refuse)).await;
    assert_eq!(items, ["1"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), PageErrorKind::Decode);
    assert_eq!((error.position().page, error.position().item), (0, Some(1)));
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "no twos"
    );

    let bad = api(|_, _| json("[1,{\"a\":]}]"));
    let pages_of = Pin::into_inner(pages(&bad, PaginateLayer::new(NoNext), "/a").await);
    let (items, error) = all(pages_of.items_with("", refuse)).await;
    assert_eq!(items, ["1"]);
    assert_eq!(error.unwrap().kind(), PageErrorKind::NotJson);
}

#[tokio::test]
async fn the_limit_of_items_is_exact_and_asks_for_no_page_beyond() {
    for (max, requests, end) in [
        (1, 1, End::Limited),
        (3, 1, End::Limited),
        (4, 2, End::Limited),
        (5, 2, End::Limited),
        (6, 2, End::Limited),
        (9, 3, End::Limited),
        (10, 3, End::Complete),
    ] {
        let api = api(|_, n| match n {
            0 | 1 => linked("[1,2,3]", &format!("<?p={n}>; rel=next")),
            _ => json("[1,2,3]"),
        });
        let layer = PaginateLayer::new(LinkHeader::next()).max_items(max);
        let pages = Pin::into_inner(pages(&api, layer, "/a").await);
        let mut items = pin!(pages.items::<u64>(""));
        let mut count = 0;
        while let Some(item) = items.next().await {
            item.unwrap();
            count += 1;
        }
        assert_eq!(
            (count, api.requests(), items.end()),
            (max.min(9), requests, Some(end))
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_for_no_items() {
    let api = api(|_, _| json("[1]"));
    let layer = PaginateLayer::new(LinkHeader::next()).max_items(0);
    assert_eq!(ids(layer, &api, "").await, (vec![], None));
    assert_eq!(api.requests(), 0);
}

#[tokio::test]
async fn an_item_that_is_too_large_is_refused_and_one_that_fits_is_not() {
    let api = api(|_, _| json(format!("[1,\"{}\"]", "x".repeat(30))));
    for (max, expected) in [(31, Some(PageErrorKind::TooLarge)), (32, None)] {
        let layer = PaginateLayer::new(NoNext).max_item_bytes(max);
        let pages = Pin::into_inner(pages(&api, layer, "/a").await);
        let (items, error) = all(pages.items_with("", raw)).await;
        assert_eq!(items.len(), if expected.is_some() { 1 } else { 2 });
        assert_eq!(error.map(|error| error.kind()), expected);
    }
}

#[tokio::test]
async fn offsets_advance_by_what_was_returned() {
    let api = api(|uri, _| match uri.rsplit_once("offset=").unwrap().1 {
        "0&limit=100" => json(r#"{"total":5,"items":[1,2]}"#),
        "2&limit=100" => json(r#"{"total":5,"items":[3]}"#),
        "3&limit=100" => json(r#"{"total":5,"items":[4,5]}"#),
        other => panic!("{other}"),
    });
    let offset = Offset::query("offset", "limit").total(body("/total"));
    let layer = PaginateLayer::new(offset);
    assert_eq!(
        ids(layer, &api, "/items").await,
        (vec![1, 2, 3, 4, 5], None)
    );
    assert_eq!(api.requests(), 3);
}

#[tokio::test]
async fn a_stream_of_pages_becomes_one_of_items_wherever_it_is() {
    let tap = Tap::default();
    let body = tap.clone();
    let api = try_api(move |_, n| {
        let (whole, late) = (Tap::default(), body.clone());
        whole.open("[1,2]");
        whole.send(None);
        let mut response = Response::new(if n == 0 { whole } else { late });
        let link = format!("<?p={n}>; rel=next");
        response.headers_mut().insert("link", link.parse().unwrap());
        Ok(response)
    });
    let mut pages = pages(
        &api,
        PaginateLayer::new(LinkHeader::next()).max_pages(2),
        "/a",
    )
    .await;
    assert_eq!(pages.next().await.unwrap().unwrap().body, "[1,2]");
    tap.open("[3,");
    assert!(pages.next().now_or_never().is_none());
    tap.open("4]");
    assert!(pages.next().now_or_never().is_none());
    tap.send(None);
    let (items, error) = all(Pin::into_inner(pages).items::<u64>("")).await;
    assert!(error.is_none());
    assert_eq!(items, [3, 4]);
    assert_eq!(api.requests(), 2);
}

#[tokio::test]
async fn a_body_that_is_still_encoded_is_told_so() {
    let api = api(|_, _| {
        let mut response = json("\u{1f}\u{8b}");
        response
            .headers_mut()
            .insert("content-encoding", "gzip".parse().unwrap());
        response
    });
    let pages = Pin::into_inner(pages(&api, PaginateLayer::new(NoNext), "/a").await);
    let (_, error) = all(pages.items::<u64>("")).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), PageErrorKind::NotJson);
    assert!(error.to_string().contains("decompression"), "{error}");

    let layer = PaginateLayer::new(NextUrl::at("/next"));
    for layer in [layer.clone(), layer.items_at("/items")] {
        let stream = support::pages(&api, layer, "/a").await;
        let (got, error) = all(stream).await;
        let error = error.unwrap();
        assert_eq!((got.len(), error.kind()), (0, PageErrorKind::NotJson));
        assert!(error.to_string().contains("decompression"), "{error}");
    }
}
