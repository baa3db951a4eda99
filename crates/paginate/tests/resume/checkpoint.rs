//! Checkpoints: where they stand, and what goes on behind them.

use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, StatusCode};
use http_body_util::Full;
use outbound_paginate::{
    Checkpoint, End, MAX_CURSOR_BYTES, PageErrorKind, PageNumber, PaginateLayer, Token, body,
    json as to_json,
};
use tower::{Layer, ServiceExt};

use crate::support::{all, api, get, json};
use crate::{link, numbers, rest, stream, token};

#[tokio::test]
async fn a_list_goes_on_behind_any_item_in_another_process() {
    let api = numbers();
    for taken in 0..=9 {
        let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
        for n in 1..=taken {
            assert_eq!(items.next().await.unwrap().unwrap(), n);
        }
        let expected: Vec<u64> = (taken + 1..=9).collect();
        assert_eq!(rest(&api, token(), &items.checkpoint()).await, expected);
    }
}

#[tokio::test]
async fn a_cursor_that_is_followed_can_be_kept_however_long_it_is() {
    // What is longest as text is what JSON has to escape: here each second byte.
    let token = |len: usize| {
        format!(
            r#""{}{}""#,
            "a".repeat(len % 2),
            r#"\""#.repeat(len / 2 - 1)
        )
    };
    // As text it has `t[` and `]` around it.
    for (len, fits) in [(MAX_CURSOR_BYTES - 3, true), (MAX_CURSOR_BYTES - 2, false)] {
        let text = token(len);
        assert_eq!(text.len(), len);
        let api = api(move |_, n| match n {
            0 => json(format!(r#"{{"items":[1],"next":{text}}}"#)),
            _ => json(r#"{"items":[2]}"#),
        });
        let layer = || PaginateLayer::new(Token::from(body("/next")).to(to_json("/next")));
        let first = || {
            let request = Request::post("https://api.test/a");
            request.body(Full::<Bytes>::from("{}")).unwrap()
        };
        let pages = layer().layer(api.clone()).oneshot(first()).await.unwrap();
        let mut items = pin!(pages.items::<u64>("/items"));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let second = items.next().await.unwrap();
        if !fits {
            assert_eq!(second.unwrap_err().kind(), PageErrorKind::TooLarge);
            continue;
        }
        assert_eq!(second.unwrap(), 2);
        let at = items.checkpoint().before_last_item().unwrap();
        let at: Checkpoint = at.to_string().parse().expect("it can be read");
        let layer = layer().resume(at);
        let pages = layer.layer(api).oneshot(first()).await.unwrap();
        let (items, error) = all(pages.items::<u64>("/items")).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items, [2]);
    }
}

#[tokio::test]
async fn a_list_goes_on_behind_any_page_and_asks_for_no_page_twice() {
    let api = numbers();
    for taken in 0..3 {
        let before = api.requests();
        let mut pages = pin!(stream(&api, token()).await);
        for _ in 0..taken {
            pages.next().await.unwrap().unwrap();
        }
        let checkpoint = pages.checkpoint();
        assert_eq!(checkpoint.position().page, taken);
        let left = all(stream(&api, token().resume(checkpoint)).await).await.0;
        let indices: Vec<u64> = left.iter().map(|page| page.index).collect();
        assert_eq!(indices, (taken..3).collect::<Vec<_>>());
        // The first page's request is sent by the call that makes the stream.
        assert_eq!(api.requests() - before, 3 + usize::from(taken == 0));
    }
}

#[tokio::test]
async fn a_finished_list_is_done_and_sends_nothing() {
    let api = numbers();
    let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
    while items.next().await.is_some() {}
    let done = items.checkpoint();
    assert!(done.is_done());
    let before = api.requests();
    assert_eq!(rest(&api, token(), &done).await, [] as [u64; 0]);
    assert_eq!(api.requests(), before);
    let resumed = stream(&api, token().resume(done)).await;
    assert_eq!(resumed.end(), Some(End::Complete));

    let mut pages = pin!(stream(&api, token()).await);
    while pages.next().await.is_some() {}
    assert!(pages.checkpoint().is_done());
}

#[tokio::test]
async fn a_limit_of_items_leaves_the_rest_to_the_next_run() {
    let api = numbers();
    let layer = || token().max_items(4);
    let mut items = pin!(stream(&api, layer()).await.items::<u64>("/items"));
    let mut first = Vec::new();
    while let Some(item) = items.next().await {
        first.push(item.unwrap());
    }
    assert_eq!((first, items.end()), (vec![1, 2, 3, 4], Some(End::Limited)));
    assert_eq!(api.requests(), 2);
    let checkpoint = items.checkpoint();
    assert_eq!(checkpoint.position().to_string(), "page 2, item 2");
    assert!(!checkpoint.is_done());
    // Limits count from there.
    assert_eq!(rest(&api, layer(), &checkpoint).await, [5, 6, 7, 8]);
    assert_eq!(api.requests(), 4);
}

#[tokio::test]
async fn a_limit_of_pages_leaves_the_rest_to_the_next_run() {
    let api = numbers();
    let mut pages = pin!(stream(&api, token().max_pages(2)).await);
    while pages.next().await.is_some() {}
    assert_eq!(pages.end(), Some(End::Limited));
    assert_eq!(rest(&api, token(), &pages.checkpoint()).await, [7, 8, 9]);
    assert_eq!(api.requests(), 3);
}

#[tokio::test]
async fn what_was_counted_before_counts_after() {
    let pages_of_two = |uri: &str, _| {
        let page: u64 = uri.split_once("page=").unwrap().1.parse().unwrap();
        match page {
            1..=2 => json(format!(
                r#"{{"items":[{},{}],"total":4}}"#,
                page * 2 - 1,
                page * 2
            )),
            _ => panic!("past the known end"),
        }
    };
    let api = api(pages_of_two);
    let layer = || PaginateLayer::new(PageNumber::query("page").total(body("/total")));
    let mut items = pin!(stream(&api, layer()).await.items::<u64>("/items"));
    for _ in 0..3 {
        items.next().await.unwrap().unwrap();
    }
    assert_eq!(rest(&api, layer(), &items.checkpoint()).await, [4]);
    assert_eq!(items.checkpoint().position().to_string(), "page 2, item 2");
}

#[tokio::test]
async fn an_item_that_cannot_be_decoded_counts_as_taken_and_one_that_is_no_json_does_not() {
    for (page, kind, position) in [
        ("[1,\"x\",3]", PageErrorKind::Decode, "page 1, item 3"),
        ("[1,{x},3]", PageErrorKind::NotJson, "page 1, item 2"),
    ] {
        let api = api(move |_, _| json(page));
        let mut items = pin!(stream(&api, link()).await.items::<u64>(""));
        items.next().await.unwrap().unwrap();
        assert_eq!(items.next().await.unwrap().unwrap_err().kind(), kind);
        assert_eq!(items.checkpoint().position().to_string(), position);
        assert_eq!(items.position().to_string(), position);
    }
}

#[tokio::test]
async fn a_consumer_that_could_not_deal_with_an_item_steps_back() {
    let api = numbers();
    let mut items = pin!(stream(&api, token()).await.items::<u64>("/items"));
    assert_eq!(items.checkpoint().before_last_item(), None);
    for _ in 0..4 {
        items.next().await.unwrap().unwrap();
    }
    let before = items.checkpoint().before_last_item().unwrap();
    assert_eq!(before.position().to_string(), "page 2");
    assert_eq!(rest(&api, token(), &before).await, [4, 5, 6, 7, 8, 9]);
    assert!(before.belongs_to(&get("/a?x=1")) && !before.belongs_to(&get("/a")));
}

#[tokio::test]
async fn a_numbered_list_that_was_interrupted_may_end_with_an_answer_without_a_body() {
    let api = api(|uri, _| match uri.contains("page=1") {
        true => json(r#"{"items":[1,2]}"#),
        false => {
            let mut nothing = json("");
            *nothing.status_mut() = StatusCode::NO_CONTENT;
            nothing
        }
    });
    let layer = PaginateLayer::new(PageNumber::query("page"));
    let mut first = pin!(
        stream(&api, layer.clone().max_pages(1))
            .await
            .items::<u64>("/items")
    );
    while let Some(item) = first.next().await {
        item.unwrap();
    }
    assert_eq!(first.end(), Some(End::Limited));
    let nothing: [u64; 0] = [];
    assert_eq!(rest(&api, layer, &first.checkpoint()).await, nothing);
}

#[tokio::test]
async fn a_circle_that_a_limit_hides_is_found_by_the_next_run() {
    let api = api(|_, _| json(r#"{"items":[1],"next":"a"}"#));
    let layer = || token().max_pages(1);
    let mut handed_out = 0;
    let mut checkpoint: Option<Checkpoint> = None;
    let mut ends = Vec::new();
    for _ in 0..3 {
        let layer = match checkpoint.take() {
            Some(checkpoint) => layer().resume(checkpoint),
            None => layer(),
        };
        let mut pages = Box::pin(stream(&api, layer).await);
        let (got, error) = all(&mut pages).await;
        handed_out += got.len();
        ends.push(error.map_or(Ok(pages.end()), |error| Err(error.kind())));
        checkpoint = Some(pages.checkpoint());
    }
    let limited = Ok(Some(End::Limited));
    assert_eq!(ends, [limited, limited, Err(PageErrorKind::Repeated)]);
    assert_eq!((handed_out, api.requests()), (2, 3));
}

#[tokio::test]
async fn a_circle_of_more_pages_than_a_run_asks_for_is_found_by_the_runs_together() {
    for (period, run) in [(3, 1), (3, 2), (20, 1), (20, 7), (20, 21)] {
        // Each page leads to the next number, and the last one back to the beginning.
        let api = api(move |uri, _| {
            let here: u64 = uri.split_once("t=").map_or(0, |(_, t)| t.parse().unwrap());
            json(format!(
                r#"{{"items":[{here}],"next":"{}"}}"#,
                (here + 1) % period
            ))
        });
        let mut layer = token().max_items(run);
        let error = loop {
            let mut items = pin!(stream(&api, layer).await.items::<u64>("/items"));
            let (_, error) = all(items.as_mut()).await;
            if let Some(error) = error {
                break error;
            }
            let text = items.checkpoint().to_string();
            layer = token().max_items(run).resume(text.parse().unwrap());
            // A run that ends with the last item of a page has that page come again.
            let most = 6 * usize::try_from(period).unwrap() + 2;
            assert!(api.requests() <= most, "{period} by {run}");
        };
        assert_eq!(error.kind(), PageErrorKind::Repeated, "{period} by {run}");
    }
}

#[tokio::test]
async fn a_list_that_is_no_circle_is_drained_by_runs_of_any_length() {
    let api = api(|uri, _| {
        let here: u64 = uri.split_once("t=").map_or(0, |(_, t)| t.parse().unwrap());
        match here {
            40 => json(r#"{"items":[40]}"#),
            _ => json(format!(r#"{{"items":[{here}],"next":"{}"}}"#, here + 1)),
        }
    });
    for run in [1, 2, 3, 50] {
        let mut layer = token().max_items(run);
        let mut got = Vec::new();
        loop {
            let mut items = pin!(stream(&api, layer).await.items::<u64>("/items"));
            let (items_of_run, error) = all(items.as_mut()).await;
            assert!(error.is_none(), "{error:?}");
            got.extend(items_of_run);
            let checkpoint = items.checkpoint();
            if checkpoint.is_done() {
                break;
            }
            layer = token().max_items(run).resume(checkpoint);
        }
        assert!(got.into_iter().eq(0..=40), "by {run}");
    }
}
