//! Streams that are dropped on their way: what is in flight ends with them, and nothing follows.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use http_body::Frame;
use outbound_http::BoxError;
use outbound_paginate::{LinkHeader, PaginateLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use support::{Body as Sent, get};

/// How many requests were sent, and what of them is alive.
#[derive(Clone, Default)]
struct Counts {
    sent: Arc<AtomicUsize>,
    futures: Arc<AtomicUsize>,
    bodies: Arc<AtomicUsize>,
}

impl Counts {
    /// Requests that were sent, responses that are waited for, bodies that are read.
    fn get(&self) -> (usize, usize, usize) {
        let of = |count: &AtomicUsize| count.load(SeqCst);
        (of(&self.sent), of(&self.futures), of(&self.bodies))
    }
}

/// Is counted while it is there.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A page that begins and does not end.
struct Begun {
    first: Option<Bytes>,
    _alive: Alive,
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Poll::Pending,
        }
    }
}

/// Pages by a link, each of which comes after a second and is without an end.
fn service(
    counts: Counts,
) -> impl Service<
    Request<Sent>,
    Response = Response<Begun>,
    Error = BoxError,
    Future = impl Future<Output = Result<Response<Begun>, BoxError>> + Unpin,
> + Clone {
    service_fn(move |_: Request<Sent>| {
        counts.sent.fetch_add(1, SeqCst);
        let waited_for = Alive::new(&counts.futures);
        let bodies = counts.bodies.clone();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(waited_for);
            let mut response = Response::new(Begun {
                first: Some(Bytes::from_static(b"[1,2,")),
                _alive: Alive::new(&bodies),
            });
            let link = "<?p=2>; rel=next".parse().unwrap();
            response.headers_mut().insert("link", link);
            Ok(response)
        })
    })
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_is_dropped_with_its_stream_and_nothing_is_sent_behind_it() {
    let counts = Counts::default();
    let service = PaginateLayer::new(LinkHeader::next()).layer(service(counts.clone()));
    let later = async |seen: (usize, usize, usize)| {
        assert_eq!(counts.get(), seen);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(counts.get(), seen);
    };

    // Before the first page's head.
    let mut first = Box::pin(service.clone().oneshot(get("/a")));
    assert!((&mut first).now_or_never().is_none());
    assert_eq!(counts.get(), (1, 1, 0));
    drop(first);
    later((1, 0, 0)).await;

    // With a head whose body nobody has looked at.
    let pages = service.clone().oneshot(get("/a")).await.unwrap();
    assert_eq!(counts.get(), (2, 0, 1));
    drop(pages);
    later((2, 0, 0)).await;

    // Within a page.
    let mut pages = Box::pin(service.clone().oneshot(get("/a")).await.unwrap());
    assert!(pages.next().now_or_never().is_none());
    assert_eq!(counts.get(), (3, 0, 1));
    drop(pages);
    later((3, 0, 0)).await;

    // Between two items of one.
    let pages = service.clone().oneshot(get("/a")).await.unwrap();
    let mut items = Box::pin(pages.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert_eq!(counts.get(), (4, 0, 1));
    drop(items);
    later((4, 0, 0)).await;

    // Whose service is wanted back.
    let pages = service.clone().oneshot(get("/a")).await.unwrap();
    let mut items = Box::pin(pages.items::<u64>(""));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let service = Pin::into_inner(items).into_inner();
    assert_eq!(counts.get(), (5, 0, 0));
    drop(service.oneshot(get("/a")).await.unwrap());
    later((6, 0, 0)).await;
}
