//! Cursors that come again, and those that may.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::Full;
use outbound_http::BoxError;
use outbound_paginate::{
    End, LinkHeader, MAX_REMEMBERED_CURSORS, OnRepeat, PageErrorKind, PaginateLayer, Token, body,
    header, query,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{all, api, get, ids, json, linked, pages};

fn token() -> Token {
    Token::from(body("/next")).to(query("c"))
}

#[tokio::test]
async fn a_circle_is_refused_before_its_second_round() {
    // The next page's token for each request, and how many pages there are to see.
    for (tokens, requests) in [
        (&["A", "A"][..], 2),
        (&["A", "B", "A"], 3),
        (&["A", "B", "B"], 3),
    ] {
        for by_items in [false, true] {
            let api = api(move |_, n| json(format!(r#"{{"items":[{n}],"next":"{}"}}"#, tokens[n])));
            let stream = pages(&api, PaginateLayer::new(token()), "/a").await;
            let (got, error) = match by_items {
                false => {
                    let (got, error) = all(stream).await;
                    (got.len(), error)
                }
                true => {
                    let (items, error) = all(Pin::into_inner(stream).items::<u64>("/items")).await;
                    (items.len(), error)
                }
            };
            // All that was had is handed out, and the page that leads back is named.
            let error = error.unwrap();
            assert_eq!((got, api.requests()), (requests, requests));
            assert_eq!(error.kind(), PageErrorKind::Repeated);
            let position = format!("page {requests}");
            assert_eq!(error.position().to_string(), position);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(['A', 'B']), "{shown}");
        }
    }
    // Tokens that differ are none.
    let api = api(|_, n| {
        json(match n {
            3 => "{}".to_owned(),
            n => format!(r#"{{"next":"{}"}}"#, ["A", "B", "C"][n]),
        })
    });
    let (got, error) = all(pages(&api, PaginateLayer::new(token()), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 4);
}

#[tokio::test]
async fn a_link_to_its_own_page_is_a_circle() {
    for link in [
        "<>; rel=next",
        "</a>; rel=next",
        "<https://API.test/a#x>; rel=next",
    ] {
        let api = api(move |_, _| linked("[]", link));
        let (got, error) =
            all(pages(&api, PaginateLayer::new(LinkHeader::next()), "/a").await).await;
        assert_eq!(
            (got.len(), error.unwrap().kind()),
            (1, PageErrorKind::Repeated),
            "{link}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn a_circle_behind_more_pages_than_are_remembered_is_found() {
    let (way, period) = (MAX_REMEMBERED_CURSORS + 10, 100);
    let service = service_fn(move |request: Request<Full<Bytes>>| {
        let here = request.headers().get("x-page");
        let here: usize = here.map_or(0, |page| page.to_str().unwrap().parse().unwrap());
        let mut response = Response::new(Full::<Bytes>::default());
        let next = match here + 1 {
            next if next == way + period => way,
            next => next,
        };
        response.headers_mut().insert("x-next", next.into());
        std::future::ready(Ok::<_, BoxError>(response))
    });
    let strategy = Token::from(header("x-next")).to(header("x-page"));
    let layer = PaginateLayer::new(strategy).max_empty_pages(u64::MAX);
    let mut pages = Box::pin(layer.layer(service).oneshot(get("/a")).await.unwrap());
    for pages_had in 0..=3 * (way + period) {
        if let Err(error) = pages.next().await.unwrap() {
            assert_eq!(error.kind(), PageErrorKind::Repeated);
            assert!(pages_had >= way + period, "{pages_had}");
            return;
        }
    }
    panic!("it is not found");
}

#[tokio::test]
async fn equal_pages_under_different_cursors_are_no_circle() {
    let equal = || {
        api(|_, n| match n {
            0..3 => linked("[1]", &format!("<?p={n}>; rel=next")),
            _ => json("[1]"),
        })
    };
    let layer = PaginateLayer::new(LinkHeader::next());
    let (got, error) = all(pages(&equal(), layer.clone(), "/a").await).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 4);
    assert_eq!(ids(layer, &equal(), "").await, (vec![1; 4], None));
}

#[tokio::test]
async fn a_token_that_stays_the_same_can_be_the_end_or_allowed() {
    let api_of = || api(|_, n| json(if n < 9 { r#"{"next":"A"}"# } else { "{}" }));
    for (on_repeat, requests, end) in [
        (OnRepeat::End, 2, End::Repeated),
        (OnRepeat::Allow, 10, End::Complete),
    ] {
        let api = api_of();
        let layer = PaginateLayer::new(token()).on_repeat(on_repeat);
        let mut stream = pages(&api, layer, "/a").await;
        let (got, error) = all(&mut stream).await;
        assert!(error.is_none());
        assert_eq!(
            (got.len(), api.requests(), stream.end()),
            (requests, requests, Some(end))
        );
    }
}

#[tokio::test]
async fn a_token_that_stays_the_same_by_design_leads_through_a_hundred_pages() {
    let scroll = || {
        api(|_, n| {
            json(match n {
                0..100 => format!(r#"{{"items":[{n}],"next":"S"}}"#),
                _ => r#"{"items":[],"next":"S"}"#.to_owned(),
            })
        })
    };
    let strategy = token().end_on_empty_page();
    let layer = PaginateLayer::new(strategy)
        .items_at("/items")
        .on_repeat(OnRepeat::Allow);
    let api = scroll();
    let found = ids(layer.clone(), &api, "/items").await;
    assert_eq!(found, ((0..100).collect(), None));
    assert_eq!(api.requests(), 101);
    let api = scroll();
    let mut stream = pages(&api, layer, "/a").await;
    let (got, error) = all(&mut stream).await;
    assert!(error.is_none());
    assert_eq!((got.len(), api.requests()), (101, 101));
    assert_eq!(stream.end(), Some(End::Complete));
}
