//! Lists that are asked for by ranges.

use std::pin::Pin;

use http::Response;
use http::header::CONTENT_RANGE;
use outbound_paginate::{End, PageErrorKind, PaginateLayer, Range};

use crate::bodies;
use crate::support::{Body, all, api, json, pages};

/// A part of a list, as `status` and `Content-Range` say.
fn part(status: u16, range: &str, body: &str) -> Response<Body> {
    let mut response = json(body);
    *response.status_mut() = status.try_into().unwrap();
    if !range.is_empty() {
        let range = range.parse().unwrap();
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    response
}

#[tokio::test]
async fn a_part_is_a_part_whatever_its_status() {
    for status in [200, 206] {
        for items_at in [None, Some("")] {
            let api = api(move |_, n| match n {
                0 => part(status, "0-1/*", "[1,2]"),
                1 => part(status, "2-3/*", "[3,4]"),
                _ => part(status, "*/*", "[]"),
            });
            let mut layer = PaginateLayer::new(Range::unit("items").bare().by(2));
            if let Some(pointer) = items_at {
                layer = layer.items_at(pointer);
            }
            let mut stream = pages(&api, layer, "/people").await;
            let (got, error) = all(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(bodies(&got), ["[1,2]", "[3,4]", "[]"]);
            assert_eq!(stream.end(), Some(End::Complete));
        }
    }
    // Without a range it is the whole.
    let api = api(|_, _| part(200, "", "[1,2,3]"));
    let layer = PaginateLayer::new(Range::unit("items").by(2));
    let items = Pin::into_inner(pages(&api, layer, "/a").await);
    let (items, error) = all(items.items::<u64>("")).await;
    assert_eq!((items, error.is_none()), (vec![1, 2, 3], true));
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_part_without_content_is_the_end() {
    let api = api(|_, n| match n {
        0 => part(206, "items 0-1/*", "[1,2]"),
        _ => part(204, "", ""),
    });
    let layer = PaginateLayer::new(Range::unit("items").by(2));
    let items = Pin::into_inner(pages(&api, layer, "/a").await);
    let (items, error) = all(items.items::<u64>("")).await;
    assert_eq!((items, error.is_none()), (vec![1, 2], true));
}

#[tokio::test]
async fn a_range_that_is_refused_is_the_end_unless_the_list_is_longer() {
    for (range, kind) in [
        ("", None),
        ("items */2", None),
        ("items */*", None),
        ("items */9", Some(PageErrorKind::Malformed)),
    ] {
        let api = api(move |_, n| match n {
            0 => part(206, "items 0-1/*", "[1,2]"),
            _ => part(416, range, "{}"),
        });
        let layer = PaginateLayer::new(Range::unit("items").by(2));
        let items = Pin::into_inner(pages(&api, layer, "/a").await);
        let (items, error) = all(items.items::<u64>("")).await;
        assert_eq!(
            (items, error.map(|error| error.kind())),
            (vec![1, 2], kind),
            "{range}"
        );
    }
}

#[tokio::test]
async fn nothing_is_handed_out_of_a_part_that_was_not_asked_for() {
    for (status, range, body) in [
        (200, "", "[1,2,3,4]"),
        (206, "", "[3,4]"),
        (206, "items 0-1/4", "[1,2]"),
        (200, "items 0-3/4", "[1,2,3,4]"),
        (200, "items of some kind", "[3,4]"),
        (206, "items */4", "[3,4]"),
    ] {
        let api = api(move |_, n| match n {
            0 => part(206, "items 0-1/4", "[1,2]"),
            _ => part(status, range, body),
        });
        let layer = PaginateLayer::new(Range::unit("items").by(2));
        let stream = Pin::into_inner(pages(&api, layer, "/a").await);
        let mut items = Box::pin(stream.items::<u64>(""));
        let (got, error) = all(&mut items).await;
        let kind = error.map(|error| error.kind());
        assert_eq!(
            (got, kind),
            (vec![1, 2], Some(PageErrorKind::Malformed)),
            "{range}"
        );
        assert_eq!(items.checkpoint().position().to_string(), "page 2");
    }
}

#[tokio::test]
async fn a_part_with_items_that_says_it_has_none_is_no_end() {
    let api = api(|_, n| match n {
        0 => part(206, "items 0-1/*", "[1,2]"),
        _ => part(206, "items */*", "[3,4]"),
    });
    let layer = PaginateLayer::new(Range::unit("items").by(2)).items_at("");
    let (_, error) = all(pages(&api, layer, "/a").await).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::Malformed);
}

/// How many of five items come, and how the list ends, if each part of two tells `total`.
async fn told(range: Range, total: u64) -> (usize, Result<End, PageErrorKind>) {
    let api = api(move |_, n| match n {
        0 => part(206, &format!("0-1/{total}"), "[1,2]"),
        1 => part(206, &format!("2-3/{total}"), "[3,4]"),
        2 => part(206, &format!("4-4/{total}"), "[5]"),
        _ => part(416, &format!("*/{total}"), ""),
    });
    let layer = PaginateLayer::new(range.by(2)).items_at("");
    let mut stream = pages(&api, layer, "/a").await;
    let (got, error) = all(&mut stream).await;
    let end = match error {
        Some(error) => Err(error.kind()),
        None => Ok(stream.end().unwrap()),
    };
    (got.len(), end)
}

#[tokio::test]
async fn a_total_that_its_own_part_exceeds_or_that_is_an_estimate_ends_no_list() {
    const DONE: Result<End, PageErrorKind> = Ok(End::Complete);
    let range = || Range::unit("items");
    for total in [0, 1, 2, 4, 5, 100] {
        let estimate = told(range().estimated(), total).await;
        assert_eq!(estimate, (3, DONE), "{total}");
    }
    for (total, pages) in [(0, 3), (1, 3), (2, 1), (4, 2), (5, 3)] {
        assert_eq!(told(range(), total).await, (pages, DONE), "{total}");
    }
    let more = Err(PageErrorKind::Malformed);
    assert_eq!(told(range(), 100).await, (3, more));
}
