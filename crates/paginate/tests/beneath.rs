//! Layers beneath: each page passes through all of them, with what they know by then.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, TokioSpawn};
use outbound_paginate::{LinkHeader, PageErrorKind, PaginateLayer};
use test_support::{Scripted, Step};
use tokio::time::Instant;
use tower::{Layer, ServiceBuilder, ServiceExt};

use support::{all, get};

type Sent = Request<Full<Bytes>>;

const MS: Duration = Duration::from_millis(1);

fn layer() -> PaginateLayer<LinkHeader> {
    PaginateLayer::new(LinkHeader::next())
}

/// Three pages of one item, of which each is refused so many times before it comes.
fn refused(times: usize) -> Scripted {
    let asked = AtomicUsize::new(0);
    Scripted::from_fn(move |request| {
        if asked.fetch_add(1, Relaxed) % (times + 1) < times {
            return Step::status(503);
        }
        let page: u64 = request
            .uri
            .query()
            .map_or(1, |query| query[2..].parse().unwrap());
        let step = Step::ok(format!("[{page}]"));
        match page {
            3 => step,
            page => step.header("link", &format!("<?p={}>; rel=next", page + 1)),
        }
    })
}

/// Tries again so many times what was refused.
#[derive(Clone)]
struct Times(usize);

impl<RB> tower::retry::Policy<Sent, Response<RB>, BoxError> for Times {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Sent,
        result: &mut Result<Response<RB>, BoxError>,
    ) -> Option<Self::Future> {
        let refused = result
            .as_ref()
            .is_ok_and(|response| response.status() == 503);
        self.0 = self.0.checked_sub(usize::from(refused))?;
        refused.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Sent) -> Option<Sent> {
        Some(request.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn each_page_is_tried_again_by_itself() {
    for (tries, items, calls) in [(2, vec![1, 2, 3], 9), (1, vec![], 2)] {
        let scripted = refused(2);
        let service = ServiceBuilder::new()
            .retry(Times(tries))
            .service(scripted.clone());
        let pages = layer().layer(service).oneshot(get("/a")).await.unwrap();
        let (got, error) = all(pages.items::<u64>("")).await;
        let kind = error.map(|error| error.kind());
        let refused = (tries == 1).then_some(PageErrorKind::Status);
        assert_eq!((got, kind, scripted.calls()), (items, refused, calls));
        // What is tried again is the same page.
        let asked = scripted.requests();
        let pages: Vec<_> = asked.iter().map(|sent| sent.uri.query()).collect();
        let each = [None, Some("p=2"), Some("p=3")];
        let expected: Vec<_> = each.into_iter().flat_map(|page| [page; 3]).collect();
        assert_eq!(pages, expected[..calls]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_rate_is_for_pages_too() {
    let scripted = refused(0);
    let service = ServiceBuilder::new()
        .rate_limit(1, 100 * MS)
        .service(scripted.clone());
    let service = ServiceBuilder::new().buffer(1).service(service);
    let begun = Instant::now();
    let pages = layer().layer(service).oneshot(get("/a")).await.unwrap();
    let (got, error) = all(pages.items::<u64>("")).await;
    assert!(error.is_none());
    assert_eq!(got, [1, 2, 3]);
    let sent = scripted.requests();
    let times: Vec<_> = sent.iter().map(|sent| sent.at - begun).collect();
    // The timer's granularity is a millisecond.
    for (n, time) in times.iter().enumerate() {
        let due = 100 * MS * u32::try_from(n).unwrap();
        assert!(due <= *time && *time <= due + 3 * MS, "{times:?}");
    }
}

#[tokio::test]
async fn a_credential_that_changes_between_pages_is_the_new_one_on_the_next() {
    let token = Arc::new(AtomicUsize::new(0));
    let scripted = refused(0);
    let newest = token.clone();
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Sent| {
            let value = format!("Bearer {}", newest.load(Relaxed));
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().insert("authorization", value);
            request
        })
        .service(scripted.clone());
    let mut pages = pin!(layer().layer(service).oneshot(get("/a")).await.unwrap());
    while let Some(page) = pages.next().await {
        page.unwrap();
        token.fetch_add(1, Relaxed);
    }
    let sent = scripted.requests();
    let tokens: Vec<_> = sent
        .iter()
        .map(|sent| &sent.headers["authorization"])
        .collect();
    assert_eq!(tokens, ["Bearer 0", "Bearer 1", "Bearer 2"]);
}

/// Three pages, of which the second panics on its way, the first time.
fn panicking() -> impl tower::Service<
    Sent,
    Response = Response<Full<Bytes>>,
    Error = BoxError,
    Future = impl Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send,
> + Clone {
    let asked = Arc::new(AtomicUsize::new(0));
    tower::service_fn(move |_: Sent| {
        let n = asked.fetch_add(1, Relaxed);
        async move {
            tokio::task::yield_now().await;
            assert!(n != 1, "on purpose");
            let link = if n < 3 { "<?p=2>; rel=next" } else { "" };
            Ok(support::linked(format!("[{n}]"), link))
        }
    })
}

#[tokio::test]
async fn a_panic_beneath_is_the_consumers_own_and_leaves_the_service_usable() {
    let service = layer()
        .on_repeat(outbound_paginate::OnRepeat::Allow)
        .layer(panicking());
    let mut pages = Box::pin(service.clone().oneshot(get("/a")).await.unwrap());
    assert_eq!(pages.next().await.unwrap().unwrap().body, "[0]");
    loop {
        let poll = AssertUnwindSafe(|| pages.next().now_or_never());
        match std::panic::catch_unwind(poll) {
            Ok(None) => tokio::task::yield_now().await,
            Ok(Some(_)) => panic!("it was not to come"),
            Err(_) => break,
        }
    }
    drop(pages);
    let (got, error) = all(service.oneshot(get("/a")).await.unwrap()).await;
    assert!(error.is_none());
    assert_eq!(got.len(), 2);
}

#[tokio::test]
async fn a_panic_in_a_task_is_an_error_of_its_page_and_not_a_wait() {
    let layer = layer().spawn_on(TokioSpawn::new()).prefetch(1);
    let pages = layer.layer(panicking()).oneshot(get("/a")).await.unwrap();
    let drained = tokio::time::timeout(Duration::from_secs(60), all(pages)).await;
    let (got, error) = drained.expect("it is not waited for");
    let error = error.unwrap();
    assert_eq!((got.len(), error.kind()), (1, PageErrorKind::Service));
    assert_eq!(error.position().page, 1);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the task that fetched the page ended early");
}
