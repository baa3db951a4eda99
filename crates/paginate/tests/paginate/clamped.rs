//! Servers that do not do as they are asked: pages that are clamped, repeated, counted beyond all
//! numbers.

use std::pin::Pin;

use http::header::CONTENT_RANGE;
use outbound_paginate::{
    End, Offset, OnRepeat, PageErrorKind, PageNumber, PaginateLayer, Range, Strategy, body, header,
};

use crate::support::{Body, all, api, ids, json, pages};

/// 250 rows, of which a page has at most 100, whatever is asked for.
fn rows(tail: &'static str) -> crate::support::Api {
    api(move |uri, _| {
        let (_, query) = uri.split_once("o=").unwrap();
        let (from, _) = query.split_once("&l=1000").unwrap();
        let from: u64 = from.parse().unwrap();
        let rows: Vec<_> = (from..250).take(100).map(|row| row.to_string()).collect();
        json(format!(r#"{{"items":[{}]{tail}}}"#, rows.join(",")))
    })
}

#[tokio::test]
async fn a_limit_that_is_clamped_skips_no_row_and_ends_no_list() {
    let offset = || Offset::query("o", "l").by(1000);
    let found = ((0..250).collect(), None);

    // Only a page without items says that there are no more.
    let api = rows("");
    assert_eq!(
        ids(PaginateLayer::new(offset()), &api, "/items").await,
        found
    );
    let froms = [0, 100, 200, 250];
    assert_eq!(api.paths(), froms.map(|n| format!("/a?o={n}&l=1000")));

    let api = rows(r#","total":250"#);
    let told = offset().total(body("/total"));
    assert_eq!(ids(PaginateLayer::new(told), &api, "/items").await, found);
    assert_eq!(api.requests(), 3);

    let api = rows(r#","pages":3"#);
    let told = offset().total_pages(body("/pages"));
    assert_eq!(ids(PaginateLayer::new(told), &api, "/items").await, found);
    assert_eq!(api.requests(), 3);
}

#[tokio::test]
async fn a_range_that_is_clamped_skips_no_row() {
    let api = api(|_, n| {
        let (first, last) = [(0, 1), (2, 3), (4, 4)][n];
        let rows: Vec<_> = (first..=last).map(|row: u64| row.to_string()).collect();
        let mut part = json(format!("[{}]", rows.join(",")));
        let range = format!("items {first}-{last}/5").parse().unwrap();
        part.headers_mut().insert(CONTENT_RANGE, range);
        part
    });
    let layer = PaginateLayer::new(Range::unit("items").by(50));
    assert_eq!(ids(layer, &api, "").await, ((0..5).collect(), None));
    let ranges: Vec<_> = api
        .asked()
        .iter()
        .map(|asked| asked.headers["range"].clone())
        .collect();
    assert_eq!(ranges, ["items=0-49", "items=2-51", "items=4-53"]);
}

#[tokio::test]
async fn an_offset_that_is_ignored_is_refused_and_none_of_it_comes_twice() {
    let stuck = || api(|_, _| json("[1,2]"));
    let layer = PaginateLayer::new(Offset::query("o", "l").by(2));
    for (on_repeat, end) in [
        (OnRepeat::Error, Err(PageErrorKind::Stalled)),
        (OnRepeat::End, Ok(End::Repeated)),
    ] {
        let layer = layer.clone().on_repeat(on_repeat);
        let api = stuck();
        let mut whole = pages(&api, layer.clone().items_at(""), "/a").await;
        let (got, error) = all(&mut whole).await;
        let position = error.as_ref().map_or(1, |error| error.position().page);
        let ended = error.map_or(Ok(whole.end().unwrap()), |error| Err(error.kind()));
        assert_eq!((got.len(), ended, position), (1, end, 1));
        assert_eq!(api.paths(), ["/a?o=0&l=2", "/a?o=2&l=2"]);

        let api = stuck();
        let stream = Pin::into_inner(pages(&api, layer, "/a").await);
        let mut items = Box::pin(stream.items::<u64>(""));
        let (got, error) = all(&mut items).await;
        let position = error.as_ref().map_or(1, |error| error.position().page);
        let ended = error.map_or(Ok(items.end().unwrap()), |error| Err(error.kind()));
        assert_eq!((got, ended, position), (vec![1, 2], end, 1));
        assert_eq!(api.requests(), 2);
    }
}

#[tokio::test]
async fn no_number_overflows() {
    async fn fails<P>(strategy: P, path: &str, range: Option<&'static str>)
    where
        P: Strategy<Body> + Clone,
    {
        for by_items in [false, true] {
            let api = api(move |_, _| {
                let mut page = json("[1]");
                let headers = page.headers_mut();
                headers.insert("x-step", u64::MAX.into());
                if let Some(range) = range {
                    headers.insert(CONTENT_RANGE, range.parse().unwrap());
                }
                page
            });
            let layer = PaginateLayer::new(strategy.clone()).items_at("");
            let stream = pages(&api, layer, path).await;
            let (got, error) = match by_items {
                false => {
                    let (got, error) = all(stream).await;
                    (got.len(), error)
                }
                true => {
                    let (got, error) = all(Pin::into_inner(stream).items::<u64>("")).await;
                    (got.len(), error)
                }
            };
            let error = error.expect(path);
            assert_eq!((got, error.kind()), (1, PageErrorKind::Malformed), "{path}");
            assert_eq!((api.requests(), error.position().page), (1, 0), "{path}");
        }
    }

    let max = u64::MAX;
    fails(Offset::query("o", "l"), &format!("/a?o={max}"), None).await;
    fails(PageNumber::query("p"), &format!("/a?p={max}"), None).await;
    let step = Offset::query("o", "l").step(header("x-step"));
    fails(step, "/a?o=1", None).await;
    let whole = "items 0-18446744073709551615/*";
    fails(Range::unit("items"), "/a", Some(whole)).await;
    // Here the last of the rows that would be asked for has no number.
    let most = "items 0-18446744073709551613/*";
    fails(Range::unit("items"), "/a", Some(most)).await;
}

#[tokio::test]
async fn the_highest_number_that_there_is_is_asked_for() {
    for (path, strategy) in [
        ("/a?o=18446744073709551614", "offset"),
        ("/a?p=18446744073709551614", "page"),
    ] {
        let api = api(|_, n| json(["[1]", "[]"][n]));
        let found = match strategy {
            "offset" => {
                let layer = PaginateLayer::new(Offset::query("o", "l")).items_at("");
                all(pages(&api, layer, path).await).await
            }
            _ => {
                let layer = PaginateLayer::new(PageNumber::query("p")).items_at("");
                all(pages(&api, layer, path).await).await
            }
        };
        assert!(found.1.is_none(), "{path}");
        assert!(api.paths()[1].contains("=18446744073709551615"), "{path}");
    }
}

#[tokio::test]
async fn an_empty_page_ends_a_counted_list_though_its_total_is_not_reached() {
    let short = || {
        api(|_, n| {
            json(match n {
                0 => r#"{"items":[1],"total":9}"#,
                _ => r#"{"items":[],"total":9}"#,
            })
        })
    };
    async fn check<P: Strategy<Body> + Clone>(api: crate::support::Api, strategy: P) {
        let layer = PaginateLayer::new(strategy).items_at("/items");
        let mut stream = pages(&api, layer, "/a").await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!((got.len(), api.requests()), (2, 2));
        assert_eq!(stream.end(), Some(End::Complete));
        let progress = stream.progress();
        assert_eq!((progress.items, progress.total.unwrap().n), (1, 9));
    }
    check(short(), Offset::query("o", "l").total(body("/total"))).await;
    check(short(), PageNumber::query("p").total(body("/total"))).await;
}
