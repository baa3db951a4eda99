//! Counted pages side by side.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, TokioSpawn};
use outbound_paginate::{Offset, PageErrorKind, PaginateLayer, body};
use proptest::prelude::*;
use test_support::{Scripted, Step};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};

use crate::support::{all, get};
use crate::{MS, by_number, drain, expected, number, numbered};

#[tokio::test(start_paused = true)]
async fn counted_pages_come_side_by_side_in_order_and_none_is_asked_for_in_vain() {
    for pointer in [None, Some("/items")] {
        let service = numbered(10);
        let (items, time) = drain(
            by_number().concurrency(4),
            &service,
            pointer,
            Duration::ZERO,
        )
        .await;
        assert_eq!(items, expected(10));
        // The first alone, then nine in fours: 10 + 3 x 10 ms.
        assert_eq!((service.calls(), time), (10, 40 * MS));
        let sent = service.requests();
        let in_flight = |at: Instant| {
            let begun = sent.iter().filter(|sent| sent.at <= at);
            begun.filter(|sent| sent.at + 10 * MS > at).count()
        };
        assert_eq!(sent.iter().map(|sent| in_flight(sent.at)).max(), Some(4));
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_does_not_come_stops_the_window() {
    let service = numbered(20);
    let layer = by_number().concurrency(4);
    let mut pages = pin!(
        layer
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap()
    );
    pages.next().await.unwrap().unwrap();
    sleep(1000 * MS).await;
    assert_eq!(service.calls(), 5);
    pages.next().await.unwrap().unwrap();
    sleep(1000 * MS).await;
    assert_eq!(service.calls(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_an_error_behind_all_before_it_and_ends_all_behind_it() {
    let (begun, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counts, ends) = (begun.clone(), done.clone());
    let service = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let page: u64 = request.uri().query().unwrap()[5..].parse().unwrap();
        let ends = ends.clone();
        counts.fetch_add(1, SeqCst);
        async move {
            // Those behind the seventh take longer.
            sleep(if page > 7 { 100 * MS } else { 10 * MS }).await;
            ends.fetch_add(1, SeqCst);
            if page == 7 {
                return Err::<_, BoxError>("refused".into());
            }
            let page = format!(r#"{{"items":[{page}],"pages":10}}"#);
            Ok(Response::new(Full::<Bytes>::from(page)))
        }
    });
    let layer = by_number().concurrency(4);
    let pages = layer
        .clone()
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap();
    let mut items = pin!(pages.items::<u64>("/items"));
    for n in 1..=6 {
        assert_eq!(items.next().await.unwrap().unwrap(), n);
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.position().page),
        (PageErrorKind::Service, 6)
    );
    assert!(items.next().await.is_none());
    let checkpoint = items.checkpoint();
    assert_eq!(checkpoint.position().to_string(), "page 7");
    sleep(1000 * MS).await;
    // The first six and the one that failed; those behind it were begun and given up.
    assert_eq!(done.load(SeqCst), 7);
    assert!(begun.load(SeqCst) > 7);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_wrong_is_dropped_and_the_pages_believed() {
    // 25 items in pages of 10, but the second page is a short one.
    let service = Scripted::from_fn(|request| {
        let offset = number(request, "o");
        let end = match offset {
            10 => 15,
            offset => (offset + 10).min(25),
        };
        let items: Vec<String> = (offset..end).map(|n| n.to_string()).collect();
        Step::ok(format!(r#"{{"items":[{}],"total":25}}"#, items.join(","))).delay(10 * MS)
    });
    let strategy = Offset::query("o", "l").by(10).total(body("/total"));
    for concurrency in 1..=4 {
        let layer = PaginateLayer::new(strategy.clone()).items_at("/items");
        let layer = layer.spawn_on(TokioSpawn::new()).concurrency(concurrency);
        let (items, _) = drain(layer, &service, Some("/items"), Duration::ZERO).await;
        assert_eq!(items, (0..25).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_clamps_pages_is_planned_with_as_it_answers() {
    // 25 items, 5 a page whatever is asked for: by the size that was asked for there is one page.
    for asked in [3, 5, 1000] {
        let service = Scripted::from_fn(|request| {
            let offset = number(request, "o");
            assert_eq!(
                offset % 5,
                0,
                "none is asked for that begins within another"
            );
            let items: Vec<String> = (offset..offset + 5).map(|n| n.to_string()).collect();
            Step::ok(format!(r#"{{"items":[{}],"total":25}}"#, items.join(","))).delay(10 * MS)
        });
        let strategy = Offset::query("o", "l").by(asked).total(body("/total"));
        let layer = PaginateLayer::new(strategy).items_at("/items");
        let layer = layer.spawn_on(TokioSpawn::new()).concurrency(4);
        let (items, time) = drain(layer, &service, Some("/items"), Duration::ZERO).await;
        assert_eq!(items, (0..25).collect::<Vec<_>>());
        // The first alone, and the other four side by side.
        assert_eq!((service.calls(), time), (5, 20 * MS), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_that_lies_costs_nothing_but_its_requests() {
    // It says ten and then three: what is behind the third is dropped, whatever it is.
    let service = Scripted::from_fn(|request| match number(request, "page") {
        page @ 1..=3 => {
            let pages = if page == 1 { 10 } else { 3 };
            Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":{pages}}}"#)).delay(10 * MS)
        }
        _ => Step::status(404),
    });
    let (items, _) = drain(by_number().concurrency(4), &service, None, Duration::ZERO).await;
    assert_eq!(items, expected(3));
    // The first, and the four that it promised; none once the second has told better.
    assert_eq!(service.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_total_that_is_too_low_ends_the_plan_and_not_the_list() {
    // It says three pages of five, and one more with each that follows.
    let service = Scripted::from_fn(|request| match number(request, "page") {
        page @ 1..=5 => {
            let pages = page.max(2) + u64::from(page < 5);
            Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":{pages}}}"#)).delay(10 * MS)
        }
        page => panic!("page {page}"),
    });
    let (items, _) = drain(by_number().concurrency(4), &service, None, Duration::ZERO).await;
    assert_eq!((items, service.calls()), (expected(5), 5));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the latencies, the sizes of pages and the window: the same items as one
    /// request after the other gives.
    #[test]
    fn side_by_side_is_the_same_as_one_after_the_other(
        sizes in proptest::collection::vec(1_u64..5, 1..12),
        delays in proptest::collection::vec(0_u64..30, 12),
        window in 1_usize..6,
        prefetch in 0_usize..3,
        read_ahead in 0_usize..64,
        claimed in 0_u64..60,
        limit in proptest::option::of(0_u64..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            // The server's pages are as long as it likes, and its total is `claimed`
            // until the end is near.
            let all_items: u64 = sizes.iter().sum();
            let lengths = sizes.clone();
            let service = Scripted::from_fn(move |request| {
                let offset = number(request, "o");
                let length = lengths[usize::try_from(offset).unwrap() % lengths.len()];
                let items: Vec<String> = (offset..(offset + length).min(all_items))
                    .map(|n| n.to_string())
                    .collect();
                let total = all_items.max(claimed);
                let delay = delays[usize::try_from(offset).unwrap() % delays.len()];
                Step::ok(format!(r#"{{"items":[{}],"total":{total}}}"#, items.join(",")))
                    .delay(Duration::from_millis(delay))
            });
            let strategy = Offset::query("o", "l").total(body("/total"));
            let lazy = PaginateLayer::new(strategy).max_items(limit.unwrap_or(u64::MAX));
            let serial = lazy.clone().layer(service.clone()).oneshot(get("/a")).await.unwrap();
            let (serial, error) = all(serial.items::<u64>("/items")).await;
            prop_assert!(error.is_none());
            let layer = lazy
                .items_at("/items")
                .spawn_on(TokioSpawn::new())
                .concurrency(window)
                .prefetch(prefetch)
                .read_ahead(read_ahead);
            let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
            let items = all(pages.items::<u64>("/items"));
            let items = tokio::time::timeout(Duration::from_secs(60), items).await;
            let (items, error) = items.expect("nothing is waited for that never comes");
            prop_assert!(error.is_none());
            prop_assert_eq!(items, serial);
            Ok(())
        })?;
    }
}
