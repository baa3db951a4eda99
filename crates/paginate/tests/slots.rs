//! Pages side by side over what holds a slot until a body has ended.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use outbound_http::{BoxError, Spawn};
use outbound_paginate::{PageNumber, PaginateLayer, body};
use support::{all, get};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tower::{Layer, ServiceExt, service_fn};

const PAGES: u64 = 7;

/// A body in pieces, which holds its slot until it is dropped.
struct Held {
    pieces: VecDeque<&'static [u8]>,
    _slot: OwnedSemaphorePermit,
}

impl Body for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let piece = self.pieces.pop_front();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(Bytes::from_static(piece)))))
    }
}

async fn page(
    slots: Arc<Semaphore>,
    request: Request<support::Body>,
) -> Result<Response<Held>, BoxError> {
    let slot = slots.acquire_owned().await?;
    let number: u64 = request
        .uri()
        .query()
        .and_then(|query| query.strip_prefix("page="))
        .map_or(1, |number| number.parse().unwrap());
    assert!(number <= PAGES);
    Ok(Response::new(Held {
        pieces: [&b"{\"items\":[1,"[..], b"2", b"],", b"\"pages\":7}"].into(),
        _slot: slot,
    }))
}

/// Starts each task before those that were spawned earlier, as runtimes of several threads do.
#[derive(Clone, Default)]
struct LastFirst(Arc<AtomicUsize>);

impl Spawn for LastFirst {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turns = 100 - 10 * self.0.fetch_add(1, SeqCst);
        drop(tokio::spawn(async move {
            for _ in 0..turns {
                yield_now().await;
            }
            future.await;
        }));
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_page_has_its_slot_before_a_later_one_whoever_is_started_first() {
    for slots in 1..=4 {
        let slots = Arc::new(Semaphore::new(slots));
        let service = service_fn({
            let slots = slots.clone();
            move |request| page(slots.clone(), request)
        });
        let strategy = PageNumber::query("page").total_pages(body("/pages"));
        let layer = PaginateLayer::new(strategy)
            .spawn_on(LastFirst::default())
            // No body ends before its consumer comes.
            .read_ahead(1)
            .on_repeat(outbound_paginate::OnRepeat::Allow)
            .concurrency(4);
        let drained = async {
            let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
            all(pin!(pages.items::<u64>("/items"))).await
        };
        let drained = tokio::time::timeout(Duration::from_secs(60), drained).await;
        let (items, error) = drained.expect("no page waits for a later one");
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items.len() as u64, 2 * PAGES);
    }
}

#[tokio::test(start_paused = true)]
async fn slots_are_given_back_by_pages_that_nobody_comes_to() {
    let slots = Arc::new(Semaphore::new(4));
    let service = service_fn({
        let slots = slots.clone();
        move |request| page(slots.clone(), request)
    });
    let strategy = PageNumber::query("page").total_pages(body("/pages"));
    let layer = PaginateLayer::new(strategy)
        .spawn_on(LastFirst::default())
        .read_ahead(1)
        .items_at("/items")
        .on_repeat(outbound_paginate::OnRepeat::Allow)
        .concurrency(4);
    let pages = layer.layer(service).oneshot(get("/a")).await.unwrap();
    let mut pages = Box::pin(pages);
    futures_util::StreamExt::next(&mut pages)
        .await
        .unwrap()
        .unwrap();
    drop(pages);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(slots.available_permits(), 4);
}
