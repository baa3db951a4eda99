//! When items are handed out: while their page arrives, and not while it may be the one before again.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;
#[path = "support/tap.rs"]
mod tap;

use std::pin::{Pin, pin};

use futures_util::{FutureExt, StreamExt};
use http::Response;
use outbound_paginate::{NoNext, OnRepeat, PageErrorKind, PageNumber, PaginateLayer};

use tap::Tap;

use support::{api, ids, json, pages, try_api};

#[tokio::test]
async fn items_are_handed_out_before_the_page_has_ended() {
    let tap = Tap::default();
    let body = tap.clone();
    let api = try_api(move |_, _| Ok(Response::new(body.clone())));
    let pages = Pin::into_inner(pages(&api, PaginateLayer::new(NoNext), "/a").await);
    let mut items = pin!(pages.items::<u64>("/items"));
    assert!(items.next().now_or_never().is_none());
    tap.open("{\"items\":[1");
    assert!(items.next().now_or_never().is_none());
    tap.open("0,2");
    assert_eq!(items.next().now_or_never().unwrap().unwrap().unwrap(), 10);
    assert!(items.next().now_or_never().is_none());
    tap.send(Some(Err("stalled".into())));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Body);
    assert_eq!(
        error.to_string(),
        "page 1, item 2: the body could not be read to its end"
    );
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "stalled"
    );
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn a_counted_page_is_held_back_only_until_it_differs() {
    let taps = [Tap::default(), Tap::default()];
    let bodies = taps.clone();
    let api = try_api(move |_, n| Ok(Response::new(bodies[n].clone())));
    let layer = PaginateLayer::new(PageNumber::query("page"));
    let pages = Pin::into_inner(pages(&api, layer, "/a").await);
    let mut items = pin!(pages.items::<u64>(""));
    taps[0].open("[1,2,3]");
    taps[0].send(None);
    for expected in [1, 2, 3] {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
    }
    taps[1].open("[1,2,");
    assert!(items.next().now_or_never().is_none());
    taps[1].open("4");
    for expected in [1, 2] {
        assert_eq!(
            items.next().now_or_never().unwrap().unwrap().unwrap(),
            expected
        );
    }
    assert!(items.next().now_or_never().is_none());
    taps[1].open(",");
    assert_eq!(items.next().now_or_never().unwrap().unwrap().unwrap(), 4);
}

#[tokio::test]
async fn no_item_of_a_page_that_repeats_is_handed_out() {
    let stuck = || api(|_, n| json(if n == 0 { "[1,2]" } else { "[3,4]" }));
    let layer = PaginateLayer::new(PageNumber::query("page"));
    let api = stuck();
    assert_eq!(
        ids(layer.clone(), &api, "").await,
        (vec![1, 2, 3, 4], Some(PageErrorKind::Stalled))
    );
    assert_eq!(api.requests(), 3);
    assert_eq!(
        ids(layer.clone().on_repeat(OnRepeat::End), &stuck(), "").await,
        (vec![1, 2, 3, 4], None)
    );
    let allowed = layer.on_repeat(OnRepeat::Allow).max_items(7);
    assert_eq!(
        ids(allowed, &stuck(), "").await,
        (vec![1, 2, 3, 4, 3, 4, 3], None)
    );
}

#[tokio::test]
async fn a_page_that_only_begins_like_the_one_before_is_handed_out() {
    let api = api(|_, n| json(["[1,2,3]", "[1,2]", "[1,2,4]", "[]"][n].to_owned()));
    let layer = PaginateLayer::new(PageNumber::query("page"));
    assert_eq!(
        ids(layer, &api, "").await,
        (vec![1, 2, 3, 1, 2, 1, 2, 4], None)
    );
}
