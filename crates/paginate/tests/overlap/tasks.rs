//! What tasks hold, and how they end.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::Full;
use outbound_http::{BoxError, Spawn};
use outbound_paginate::{LinkHeader, PageErrorKind, PageNumber, PaginateLayer, body};
use test_support::{Scripted, Strict};
use tokio::time::sleep;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::support::{all, get};
use crate::{MS, by_link, by_number, expected, linked, numbered};

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
