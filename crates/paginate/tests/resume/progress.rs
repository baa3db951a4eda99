//! What is known of a stream on its way.

use std::pin::pin;

use futures_util::{Stream, StreamExt};
use outbound_http::TokioSpawn;
use outbound_paginate::{End, LinkHeader, NextUrl, Offset, PaginateLayer, Total, body};
use tower::{Layer, ServiceExt};

use crate::support::{all, api, get, json, pages};
use crate::{link, numbers, stream, token};

#[tokio::test]
async fn what_is_known_of_a_streams_length_is_no_lie() {
    let api = numbers();
    let pages = stream(&api, token()).await;
    assert_eq!(pages.size_hint(), (0, None));
    let mut pages = pin!(stream(&api, token().max_pages(2)).await);
    assert_eq!(pages.size_hint(), (0, Some(2)));
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.size_hint(), (0, Some(1)));
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.size_hint(), (0, Some(0)));
    let mut items = pin!(
        stream(&api, token().max_items(5))
            .await
            .items::<u64>("/items")
    );
    assert_eq!(items.size_hint(), (0, Some(5)));
    items.next().await.unwrap().unwrap();
    assert_eq!(items.size_hint(), (0, Some(4)));
}

#[tokio::test]
async fn progress_can_be_watched_from_elsewhere() {
    let api = api(|uri, _| {
        let offset: u64 = uri
            .split_once("o=")
            .unwrap()
            .1
            .split_once('&')
            .unwrap()
            .0
            .parse()
            .unwrap();
        json(format!(
            r#"{{"items":[{offset},{}],"total":4}}"#,
            offset + 1
        ))
    });
    let layer = PaginateLayer::new(Offset::query("o", "l").by(2).total(body("/total")));
    let mut pages = stream(&api, layer).await;
    let handle = pages.progress_handle();
    assert_eq!(handle.get(), pages.progress());
    let mut items = pin!(pages.items::<u64>("/items"));
    for n in 1..=4 {
        items.next().await.unwrap().unwrap();
        assert_eq!(handle.get().items, n);
        assert_eq!(handle.get(), items.progress());
    }
    assert!(items.next().await.is_none());
    let last = std::thread::spawn(move || handle.get()).join().unwrap();
    assert_eq!((last.pages, last.items), (2, 4));
    assert_eq!(last.total, Some(Total::exact(4)));
    assert!(last.bytes > 40);
}

#[tokio::test]
async fn items_come_as_they_were_written() {
    let api = api(|_, _| json("[ 1.0 , {\"a\" : 1e400},\"\\u0061\"]"));
    let (items, error) = all(stream(&api, link()).await.raw_items("")).await;
    assert!(error.is_none());
    assert_eq!(items, ["1.0", "{\"a\" : 1e400}", "\"\\u0061\""]);
}

#[tokio::test]
async fn the_size_hint_holds_where_the_last_page_that_is_wanted_cannot_be_split() {
    let api = api(|_, _| json("{}"));
    let layer = PaginateLayer::new(LinkHeader::next()).items_at("/items");
    let mut pages = pages(&api, layer.max_pages(1), "/a").await;
    assert_eq!(pages.size_hint(), (0, Some(1)));
    assert!(pages.next().await.unwrap().is_ok());
    assert_eq!(pages.size_hint(), (0, Some(0)));
    assert!(pages.next().await.is_none());
    assert_eq!(pages.end(), Some(End::Limited));
}

#[tokio::test]
async fn the_bytes_of_a_page_that_comes_again_since_it_did_not_say_what_follows_count_once() {
    const PAGES: [&str; 3] = [
        r#"{"items":[1],"next":7}"#,
        r#"{"items":[1],"next":"b"}"#,
        r#"{"items":[2]}"#,
    ];
    const AFTER: usize = PAGES[1].len() + PAGES[2].len();
    for ahead in [0, 1] {
        let stream = || {
            let layer = PaginateLayer::new(NextUrl::at("/next")).items_at("/items");
            let layer = layer.spawn_on(TokioSpawn::new()).prefetch(ahead);
            let service = layer.layer(api(|_, n| json(PAGES[n])));
            service.oneshot(get("/a"))
        };
        let mut pages = pin!(stream().await.unwrap());
        assert!(all(pages.as_mut()).await.1.is_some());
        assert_eq!(pages.progress().bytes, PAGES[0].len() as u64);
        assert!(pages.as_mut().try_again());
        assert!(all(pages.as_mut()).await.1.is_none());
        assert_eq!(pages.progress().bytes, AFTER as u64);

        let mut items = pin!(stream().await.unwrap().items::<u64>("/items"));
        assert!(all(items.as_mut()).await.1.is_some());
        assert!(items.as_mut().try_again());
        assert!(all(items.as_mut()).await.1.is_none());
        assert_eq!(items.progress().bytes, AFTER as u64);
    }
}
