//! Pages that are asked for ahead of the consumer: what it saves, and what it must not
//! change.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::Full;
use outbound_http::{BoxError, Spawn, TokioSpawn};
use outbound_paginate::{
    Checkpoint, End, LinkHeader, Offset, PageErrorKind, PageNumber, PaginateLayer, Strategy, Token,
    body, query,
};
use proptest::prelude::*;
use support::{all, get};
use test_support::{Body, Recorded, Scripted, Step, Strict};
use tokio::time::{Instant, sleep};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};

const MS: Duration = Duration::from_millis(1);

fn number(request: &Recorded, name: &str) -> u64 {
    let query = request.uri.query().unwrap_or_default();
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map_or(1, |value| value.parse().unwrap())
}

/// `count` linked pages of two items, each after 10 ms.
fn linked(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "p");
        let step = Step::ok(format!("[{page}0,{page}1]")).delay(10 * MS);
        if page < count {
            step.header("link", &format!("<?p={}>; rel=next", page + 1))
        } else {
            step
        }
    })
}

/// The same by a token in the body, behind the items.
fn tokens(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "p");
        let next = if page < count {
            (page + 1).to_string()
        } else {
            "null".into()
        };
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"next":{next}}}"#)).delay(10 * MS)
    })
}

/// `count` numbered pages of two items that tell how many there are, each after 10 ms.
fn numbered(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "page");
        assert!(page <= count, "page {page} is past the known end");
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":{count}}}"#)).delay(10 * MS)
    })
}

fn by_link() -> PaginateLayer<LinkHeader, TokioSpawn> {
    PaginateLayer::new(LinkHeader::next())
        .items_at("")
        .spawn_on(TokioSpawn::new())
}

fn by_token() -> PaginateLayer<Token, TokioSpawn> {
    let token = Token::from(body("/next")).to(query("p"));
    PaginateLayer::new(token)
        .items_at("/items")
        .spawn_on(TokioSpawn::new())
}

fn by_number() -> PaginateLayer<PageNumber, TokioSpawn> {
    let strategy = PageNumber::query("page").total_pages(body("/pages"));
    PaginateLayer::new(strategy)
        .items_at("/items")
        .spawn_on(TokioSpawn::new())
}

fn expected(pages: u64) -> Vec<u64> {
    (1..=pages)
        .flat_map(|page| [page * 10, page * 10 + 1])
        .collect()
}

/// Drains by pages or by items, with a pause of `work` after each page.
async fn drain<P>(
    layer: PaginateLayer<P, TokioSpawn>,
    service: &Scripted,
    pointer: Option<&'static str>,
    work: Duration,
) -> (Vec<u64>, Duration)
where
    P: Strategy<support::Body> + Clone,
{
    let start = Instant::now();
    let stream = layer
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap();
    let mut items = Vec::new();
    if let Some(pointer) = pointer {
        let mut stream = pin!(stream.items::<u64>(pointer));
        while let Some(item) = stream.next().await {
            items.push(item.unwrap());
            if items.len() % 2 == 0 {
                sleep(work).await;
            }
        }
    } else {
        let mut stream = pin!(stream);
        while let Some(page) = stream.next().await {
            let page = page.unwrap();
            let pointer = if page.body.starts_with(b"[") {
                ""
            } else {
                "/items"
            };
            items.extend(page.items::<u64>(pointer).unwrap());
            sleep(work).await;
        }
    }
    (items, start.elapsed())
}

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
    // It says two and goes on by its other rules.
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

#[tokio::test(start_paused = true)]
async fn one_permit_is_enough_for_stream_and_consumer() {
    for (prefetch, concurrency) in [(1, 1), (3, 1), (0, 4), (2, 4)] {
        let inner = ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .service(Strict::with(numbered(5)));
        let layer = by_number().prefetch(prefetch).concurrency(concurrency);
        let pages = layer.layer(inner.clone()).oneshot(get("/a")).await.unwrap();
        let mut items = pin!(pages.items::<u64>("/items"));
        let mut seen = Vec::new();
        while let Some(item) = items.next().await {
            seen.push(item.unwrap());
            // The consumer uses the same service, whose only permit others want too.
            let own = inner.clone().oneshot(get("/a?page=1"));
            let own = tokio::time::timeout(Duration::from_secs(60), own).await;
            own.expect("no deadlock").unwrap();
        }
        assert_eq!(seen, expected(5));

        let linked = ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .service(Strict::with(linked(5)));
        let layer = by_link().prefetch(prefetch.max(1));
        let pages = layer
            .layer(linked.clone())
            .oneshot(get("/a"))
            .await
            .unwrap();
        let mut pages = pin!(pages);
        let mut count = 0;
        while let Some(page) = pages.next().await {
            page.unwrap();
            count += 1;
            let own = linked.clone().oneshot(get("/a?p=1"));
            let own = tokio::time::timeout(Duration::from_secs(60), own).await;
            own.expect("no deadlock").unwrap();
        }
        assert_eq!(count, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn readiness_is_held_by_nobody_while_the_consumer_is_away() {
    let strict = Strict::with(linked(5));
    let handle = strict.handle();
    let layer = by_link().prefetch(2);
    let mut pages = pin!(layer.layer(strict).oneshot(get("/a")).await.unwrap());
    while let Some(page) = pages.next().await {
        page.unwrap();
        sleep(50 * MS).await;
        assert_eq!(handle.held(), 0);
    }
    assert_eq!(handle.calls(), 5);
}

/// Counts the tasks that are alive.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Spawn for Counted {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let alive = self.0.clone();
        alive.fetch_add(1, SeqCst);
        tokio::spawn(async move {
            future.await;
            alive.fetch_sub(1, SeqCst);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_ends_its_tasks() {
    let spawn = Counted::default();
    let strategy = PageNumber::query("page").total_pages(body("/pages"));
    let layer = PaginateLayer::new(strategy)
        .items_at("/items")
        .spawn_on(spawn.clone())
        .concurrency(4);
    let service = numbered(9);
    let mut pages = Box::pin(
        layer
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap(),
    );
    pages.next().await.unwrap().unwrap();
    tokio::task::yield_now().await;
    assert_eq!(spawn.0.load(SeqCst), 4);
    drop(pages);
    sleep(MS).await;
    assert_eq!(
        spawn.0.load(SeqCst),
        0,
        "they end at once, not when they are answered"
    );
    assert_eq!(service.calls(), 5);
    // A first page that nobody waits for any more is given up too.
    let mut first = Box::pin(layer.layer(service).oneshot(get("/a")));
    assert!((&mut first).now_or_never().is_none());
    sleep(MS).await;
    assert_eq!(spawn.0.load(SeqCst), 1);
    drop(first);
    sleep(MS).await;
    assert_eq!(spawn.0.load(SeqCst), 0);
}

/// A body without an end, which counts what is read of it.
struct Endless(Arc<AtomicUsize>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.fetch_add(1000, SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1000])))))
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_is_read_ahead_than_is_allowed() {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let service = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let mut response = Response::new(Endless(counted.clone()));
        if request.uri().query().is_none() {
            let link = "<?p=2>; rel=next".parse().unwrap();
            response.headers_mut().insert("link", link);
        }
        std::future::ready(Ok::<_, BoxError>(response))
    });
    let layer = by_link().read_ahead(10_000);
    let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
    sleep(10 * MS).await;
    assert_eq!(read.load(SeqCst), 10_000);
    drop(pages);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_lost_is_an_error_and_not_a_wait() {
    /// Starts the first task and drops every other.
    #[derive(Clone, Default)]
    struct Forgetful(Arc<AtomicUsize>);

    impl Spawn for Forgetful {
        fn spawn<F>(&self, future: F)
        where
            F: Future<Output = ()> + Send + 'static,
        {
            if self.0.fetch_add(1, SeqCst) == 0 {
                tokio::spawn(future);
            }
        }
    }

    let layer = PaginateLayer::new(LinkHeader::next()).spawn_on(Forgetful::default());
    let pages = layer
        .prefetch(1)
        .layer(linked(3))
        .oneshot(get("/a"))
        .await
        .unwrap();
    let (pages, error) = all(pages).await;
    assert_eq!(pages.len(), 1);
    let error = error.unwrap();
    assert_eq!(error.kind(), PageErrorKind::Service);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the task that fetched the page ended early");
}

#[tokio::test(start_paused = true)]
async fn a_first_page_that_fails_is_the_calls_own_error() {
    let service = Scripted::new([Step::error("refused")]);
    let error = by_link()
        .layer(service)
        .oneshot(get("/a"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "refused");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_stands_at_the_consumer_and_not_at_what_was_read_ahead() {
    let service = tokens(5);
    for taken in 0..=10_usize {
        let layer = by_token().prefetch(1);
        let stream = layer
            .clone()
            .layer(service.clone())
            .oneshot(get("/a"))
            .await
            .unwrap();
        let mut items = pin!(stream.items::<u64>("/items"));
        for _ in 0..taken {
            items.next().await.unwrap().unwrap();
            sleep(50 * MS).await;
        }
        let at: Checkpoint = items.checkpoint().to_string().parse().unwrap();
        let resumed = layer.resume(at).layer(service.clone());
        let rest = resumed.oneshot(get("/a")).await.unwrap();
        let (rest, error) = all(rest.items::<u64>("/items")).await;
        assert!(error.is_none());
        assert_eq!(rest, expected(5)[taken..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_breaks_off_is_asked_for_again_under_overlap_too() {
    let broke = Arc::new(Mutex::new(false));
    let service = Scripted::from_fn(move |request| {
        let page = number(request, "page");
        let mut broke = broke.lock().unwrap();
        if page == 3 && !*broke {
            *broke = true;
            let half = Body::failing_after([r#"{"items":[30,3"#], "reset");
            return Step::status(200).body_with(half);
        }
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":5}}"#))
    });
    let layer = by_number().concurrency(3).refetch(1);
    let (items, _) = drain(layer, &service, Some("/items"), Duration::ZERO).await;
    assert_eq!(items, expected(5));
}

#[tokio::test(start_paused = true)]
async fn errors_in_items_come_in_their_place() {
    let service = Scripted::from_fn(|request| {
        let page = number(request, "p");
        let body = ["[1,\"x\",2]", "[3,{x},4]", "[5]"][usize::try_from(page).unwrap() - 1];
        Step::ok(body).header("link", &format!("<?p={}>; rel=next", page + 1))
    });
    let pages = by_link()
        .prefetch(1)
        .layer(service)
        .oneshot(get("/a"))
        .await
        .unwrap();
    let mut items = pin!(pages.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Decode);
    assert_eq!(error.position().to_string(), "page 1, item 2");
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    assert_eq!(items.next().await.unwrap().unwrap(), 3);
    assert_eq!(items.end(), None);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::NotJson);
    assert_eq!(items.end(), Some(End::Failed));
    assert!(items.next().await.is_none());
    assert_eq!(items.checkpoint().position().to_string(), "page 2, item 2");
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

/// The service a stream gives back is the one that went in.
#[tokio::test(start_paused = true)]
async fn the_service_comes_back() {
    let service = linked(2);
    let mut pages = Box::pin(
        by_link()
            .prefetch(1)
            .layer(service)
            .oneshot(get("/a"))
            .await
            .unwrap(),
    );
    while pages.next().await.is_some() {}
    let service: Scripted = Pin::into_inner(pages).into_inner().into_inner();
    let response = service.oneshot(get("/a?p=2")).await.unwrap();
    assert_eq!(response.status(), 200);
}
