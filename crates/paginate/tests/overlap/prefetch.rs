//! The next page while the consumer works on this one.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use test_support::{Body, Scripted, Step};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};

use crate::support::get;
use crate::{MS, by_link, by_number, by_token, drain, expected, linked, number, numbered, tokens};

#[tokio::test(start_paused = true)]
async fn the_next_page_comes_while_the_consumer_works() {
    // 5 pages of 10 ms each, and 10 ms of work on each.
    for pointer in [None, Some("")] {
        let service = linked(5);
        let (items, time) = drain(by_link().prefetch(1), &service, pointer, 10 * MS).await;
        assert_eq!((items, time), (expected(5), 60 * MS));
        assert_eq!(service.calls(), 5);
    }
    for pointer in [None, Some("/items")] {
        let service = tokens(5);
        let (items, time) = drain(by_token().prefetch(1), &service, pointer, 10 * MS).await;
        assert_eq!((items, time), (expected(5), 60 * MS));
        assert_eq!(service.calls(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_request_has_left_before_the_consumer_has_anything_to_work_on() {
    // Pages that are there as a whole when the stream comes to them, on one thread: who works on
    // the first item without a pause lets no task begin.
    let api = linked(4);
    let pages = by_link().prefetch(1).layer(api.clone());
    let mut pages = pin!(pages.oneshot(get("/a")).await.unwrap());
    for page in 1..4 {
        pages.next().await.unwrap().unwrap();
        assert_eq!(api.calls(), page + 1);
        sleep(50 * MS).await;
    }

    let api = linked(4);
    let pages = by_link().prefetch(1).layer(api.clone());
    let mut items = pin!(pages.oneshot(get("/a")).await.unwrap().items::<u64>(""));
    for page in 1..4 {
        items.next().await.unwrap().unwrap();
        assert_eq!(api.calls(), page + 1);
        items.next().await.unwrap().unwrap();
        sleep(50 * MS).await;
    }

    let api = tokens(4);
    let pages = by_token().prefetch(1).layer(api.clone());
    let pages = pages.oneshot(get("/a")).await.unwrap();
    let mut items = pin!(pages.items::<u64>("/items"));
    for page in 1..4 {
        items.next().await.unwrap().unwrap();
        assert_eq!(api.calls(), page + 1);
        items.next().await.unwrap().unwrap();
        sleep(50 * MS).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_it_nothing_is_asked_for_before_it_is_wanted() {
    for pointer in [None, Some("")] {
        let service = linked(5);
        let (items, time) = drain(by_link(), &service, pointer, 10 * MS).await;
        assert_eq!((items, time), (expected(5), 100 * MS));
    }
    let service = linked(3);
    let mut pages = pin!(
        by_link()
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap()
    );
    pages.next().await.unwrap().unwrap();
    sleep(100 * MS).await;
    assert_eq!(service.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_tells_is_enough() {
    // Bodies take 20 ms after their heads; the next head is asked for meanwhile.
    let service = Scripted::from_fn(|request| {
        let page = number(request, "p");
        let step = Step::status(200)
            .body_with(Body::drip(
                [format!("[{page}0,"), format!("{page}1]")],
                10 * MS,
            ))
            .delay(10 * MS);
        if page < 3 {
            step.header("link", &format!("<?p={}>; rel=next", page + 1))
        } else {
            step
        }
    });
    for pointer in [None, Some("")] {
        let before = service.calls();
        let start = Instant::now();
        let (items, time) = drain(by_link().prefetch(1), &service, pointer, Duration::ZERO).await;
        assert_eq!(items, expected(3));
        let sent: Vec<_> = service.requests()[before..]
            .iter()
            .map(|sent| sent.at - start)
            .collect();
        assert_eq!(sent[..2], [Duration::ZERO, 10 * MS]);
        assert!(time < 90 * MS, "{time:?}");
        assert_eq!(service.calls() - before, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn heads_lead_as_many_pages_ahead_as_are_wanted_and_no_more() {
    for prefetch in 1..=4 {
        let service = linked(9);
        let layer = by_link().prefetch(prefetch);
        let mut pages = pin!(
            layer
                .layer(service.clone())
                .oneshot(get("/a"))
                .await
                .unwrap()
        );
        pages.next().await.unwrap().unwrap();
        // The chain goes on when the stream is polled.
        for _ in 0..6 {
            sleep(50 * MS).await;
            if let Some(page) = pages.next().now_or_never() {
                assert!(page.unwrap().unwrap().index < 7);
            }
        }
        sleep(50 * MS).await;
        let handed_out = usize::try_from(pages.progress().pages).unwrap();
        assert!(service.calls() <= handed_out + prefetch);
        assert!(service.calls() > handed_out);
    }
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_overrun_by_pages_asked_for_ahead() {
    for prefetch in [1, 3] {
        for pointer in [None, Some("")] {
            let service = linked(9);
            let layer = by_link().prefetch(prefetch).max_pages(3);
            let (items, _) = drain(layer, &service, pointer, 10 * MS).await;
            assert_eq!((items, service.calls()), (expected(3), 3));

            let service = linked(9);
            let layer = by_link().prefetch(prefetch).max_items(6);
            let (items, _) = drain(layer, &service, pointer, 10 * MS).await;
            assert_eq!((items, service.calls()), (expected(3), 3));
        }
        let service = numbered(9);
        let layer = by_number().concurrency(prefetch + 1).max_items(5);
        let (items, _) = drain(layer, &service, Some("/items"), 10 * MS).await;
        assert_eq!((items.len(), service.calls()), (5, 3));
        let service = numbered(9);
        let layer = by_number().concurrency(prefetch + 1).max_pages(4);
        let (items, _) = drain(layer, &service, None, 10 * MS).await;
        assert_eq!((items, service.calls()), (expected(4), 4));
    }
}
