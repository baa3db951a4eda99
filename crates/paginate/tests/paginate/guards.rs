//! Repetitions and limits.

use std::pin::Pin;

use outbound_paginate::{
    DEFAULT_MAX_EMPTY_PAGES, End, LinkHeader, NoNext, Offset, OnRepeat, PageErrorKind, PageNumber,
    PaginateLayer, Strategy, Token, body, query,
};

use crate::support::{Api, Body, all, api, json, linked, pages};

#[tokio::test]
async fn a_counted_page_that_equals_the_one_before_is_not_handed_out() {
    let stuck = || api(|_, _| json("[1,2]"));
    let layer = PaginateLayer::new(PageNumber::query("page")).items_at("");
    let api = stuck();
    let (got, error) = all(pages(&api, layer.clone(), "/a").await).await;
    let error = error.unwrap();
    assert_eq!(
        (got.len(), error.kind(), error.position().page),
        (1, PageErrorKind::Stalled, 1)
    );
    assert_eq!(api.requests(), 2);

    let mut stream = pages(&stuck(), layer.clone().on_repeat(OnRepeat::End), "/a").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!((got.len(), stream.end()), (1, Some(End::Repeated)));

    let (got, error) = all(pages(
        &stuck(),
        layer.on_repeat(OnRepeat::Allow).max_pages(5),
        "/a",
    )
    .await)
    .await;
    assert!(error.is_none());
    assert_eq!(got.len(), 5);
}

#[tokio::test]
async fn too_many_empty_pages_in_a_row_are_an_error_and_fewer_are_not() {
    for (full, expected) in [(3, None), (4, Some(PageErrorKind::EmptyPages))] {
        let api = api(move |_, n| {
            let item = if n % full == full - 1 { "1" } else { "" };
            json(format!(
                r#"{{"items":[{item}],"next":{}}}"#,
                if n < 7 { n.to_string() } else { "null".into() }
            ))
        });
        let strategy = Token::from(body("/next")).to(query("c"));
        let layer = PaginateLayer::new(strategy)
            .items_at("/items")
            .max_empty_pages(2);
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert_eq!(error.map(|error| error.kind()), expected);
        assert_eq!(got.len(), if expected.is_some() { 3 } else { 8 });
    }
}

#[tokio::test]
async fn data_behind_97_pages_without_items_is_delivered_where_so_many_are_allowed() {
    const DEFAULT: u64 = DEFAULT_MAX_EMPTY_PAGES;
    for (allowed, requests) in [(Some(97), 98), (Some(50), 51), (None, DEFAULT as usize + 1)] {
        for by_items in [false, true] {
            let api = api(|_, n| {
                json(match n {
                    0..97 => format!(r#"{{"items":[],"next":"{n}"}}"#),
                    _ => r#"{"items":[7]}"#.to_owned(),
                })
            });
            let token = Token::from(body("/next")).to(query("c"));
            let mut layer = PaginateLayer::new(token).items_at("/items");
            if let Some(allowed) = allowed {
                layer = layer.max_empty_pages(allowed);
            }
            let stream = pages(&api, layer, "/a").await;
            let (items, error) = match by_items {
                true => all(Pin::into_inner(stream).items::<u64>("/items")).await,
                false => {
                    let (pages, error) = all(stream).await;
                    assert_eq!(pages.len(), requests);
                    let items = pages
                        .iter()
                        .map(|page| page.items::<u64>("/items").unwrap());
                    (items.flatten().collect(), error)
                }
            };
            assert_eq!(api.requests(), requests, "{allowed:?}");
            let at = error.map(|error| (error.kind(), error.position().page));
            if requests == 98 {
                assert_eq!((items, at), (vec![7], None));
            } else {
                let last = requests as u64 - 1;
                assert_eq!(
                    (items, at),
                    (vec![], Some((PageErrorKind::EmptyPages, last)))
                );
            }
        }
    }
}

#[tokio::test]
async fn the_limit_of_pages_is_exact() {
    for (max, requests, end) in [
        (0, 0, End::Limited),
        (1, 1, End::Limited),
        (3, 3, End::Limited),
        (4, 4, End::Complete),
        (9, 4, End::Complete),
    ] {
        let api = api(|_, n| {
            linked(
                "[]",
                &if n < 3 {
                    format!("<?p={n}>; rel=next")
                } else {
                    String::new()
                },
            )
        });
        let mut stream = pages(
            &api,
            PaginateLayer::new(LinkHeader::next()).max_pages(max),
            "/a",
        )
        .await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!(
            (got.len(), api.requests(), stream.end()),
            (requests, requests, Some(end))
        );
    }
}

#[tokio::test]
async fn a_limit_of_pages_is_a_limit_whatever_flags_say() {
    let endless = || {
        api(|_, n| {
            json(format!(
                r#"{{"items":[{n}],"next":"{n}","more":true,"pages":99}}"#
            ))
        })
    };
    async fn check<P>(api: Api, strategy: P)
    where
        P: Strategy<Body> + Clone,
    {
        let layer = PaginateLayer::new(strategy).items_at("/items").max_pages(3);
        let mut stream = pages(&api, layer.clone(), "/a").await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!((got.len(), api.requests()), (3, 3));
        assert_eq!(stream.end(), Some(End::Limited));
        let checkpoint = stream.checkpoint();
        assert!(!checkpoint.is_done());
        assert_eq!(checkpoint.position().to_string(), "page 4");
        let stream = Pin::into_inner(pages(&api, layer, "/a").await);
        let (items, error) = all(stream.items::<u64>("/items")).await;
        assert_eq!((items, error.is_none()), (vec![3, 4, 5], true));
        assert_eq!(api.requests(), 6);
    }
    let token = Token::from(body("/next")).to(query("c"));
    check(endless(), token.more("/more")).await;
    check(endless(), PageNumber::query("p").more("/more")).await;
    let pages = PageNumber::query("p").total_pages(body("/pages"));
    check(endless(), pages).await;
    check(endless(), Offset::query("o", "l").more("/more")).await;
}

#[tokio::test]
async fn pages_are_counted_by_items_where_those_are_known_and_by_themselves_otherwise() {
    for (items_at, requests) in [(None, 4), (Some(""), 2)] {
        let api = api(|_, n| linked("[1,2]", &format!("<?p={n}>; rel=next")));
        let mut layer = PaginateLayer::new(LinkHeader::next()).max_items(4);
        if let Some(items_at) = items_at {
            layer = layer.items_at(items_at);
        }
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert!(error.is_none());
        assert_eq!((got.len(), api.requests()), (requests, requests));
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_refused_and_one_that_fits_is_not() {
    for (max, expected) in [(9, Some(PageErrorKind::TooLarge)), (10, None)] {
        let api = api(|_, _| json("0123456789"));
        let (_, error) =
            all(pages(&api, PaginateLayer::new(NoNext).max_page_bytes(max), "/a").await).await;
        assert_eq!(error.map(|error| error.kind()), expected);
    }
}

#[tokio::test]
async fn a_page_that_repeats_its_items_is_refused_whatever_surrounds_them() {
    let clamped = |what: &'static str| {
        api(move |_, n| {
            let (id, now) = (n.min(2), format!("req-{n}"));
            json(match what {
                "before" => format!(r#"{{"request":"{now}","items":[{{"id":{id}}},7]}}"#),
                _ => format!(r#"{{"items":[{{"id":{id}}},7],"request":"{now}"}}"#),
            })
        })
    };
    for what in ["before", "behind"] {
        let layer = PaginateLayer::new(PageNumber::query("page")).max_pages(9);
        let stream = pages(&clamped(what), layer.clone().items_at("/items"), "/a").await;
        let (got, error) = all(stream).await;
        assert_eq!(
            (got.len(), error.unwrap().kind()),
            (3, PageErrorKind::Stalled)
        );

        let stream = Pin::into_inner(pages(&clamped(what), layer.clone(), "/a").await);
        let (got, error) = all(stream.raw_items("/items")).await;
        assert_eq!(
            (got.len(), error.unwrap().kind()),
            (6, PageErrorKind::Stalled)
        );

        // It can be meant so.
        let layer = layer.on_repeat(OnRepeat::Allow);
        let stream = Pin::into_inner(pages(&clamped(what), layer, "/a").await);
        let (got, error) = all(stream.raw_items("/items")).await;
        assert_eq!((got.len(), error.is_none()), (18, true));
    }
    // The same bytes in other items are no repetition.
    for by_items in [false, true] {
        let api = api(|_, n| json(["[[1,2]]", "[1,2]", "[12]", "[1,2,3]", "[1]", "[]"][n]));
        let layer = PaginateLayer::new(PageNumber::query("page")).items_at("");
        let stream = pages(&api, layer, "/a").await;
        let error = match by_items {
            true => all(Pin::into_inner(stream).raw_items("")).await.1,
            false => all(stream).await.1,
        };
        assert!(error.is_none(), "{error:?}");
    }
}
