//! The tower contract, over and under other middleware.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, Stream, StreamExt};
use http::Request;
use http_body_util::Full;
use outbound_http::BoxError;
use outbound_paginate::{
    End, Items, LinkHeader, NoNext, PageError, PageErrorKind, PageNumber, Pages, Paginate,
    PaginateLayer,
};
use support::{all, get};
use test_support::{Body, Scripted, Step, Strict, assert_send, assert_send_sync};
use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::trace::TraceLayer;

type Sent = Request<Full<Bytes>>;

/// Three pages of two items, linked, each after a pause.
fn three_pages(pause: Duration) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = match request.uri.query() {
            None => 1,
            Some(query) => query.strip_prefix("p=").unwrap().parse::<u32>().unwrap(),
        };
        let step = Step::ok(format!("[{page}0,{page}1]")).delay(pause);
        match page {
            1 | 2 => step.header("link", &format!("<?p={}>; rel=next", page + 1)),
            _ => step,
        }
    })
}

const ITEMS: [u64; 6] = [10, 11, 20, 21, 30, 31];

fn layer() -> PaginateLayer<LinkHeader> {
    PaginateLayer::new(LinkHeader::next())
}

async fn drain<S, RB>(inner: S) -> (Vec<u64>, Option<PageError>)
where
    S: Service<Sent, Response = http::Response<RB>> + Clone,
    S::Error: Into<BoxError> + std::fmt::Debug,
    RB: http_body::Body<Error: Into<BoxError>>,
{
    let pages = layer().layer(inner).oneshot(get("/a")).await.unwrap();
    all(pages.items::<u64>("")).await
}

#[tokio::test(start_paused = true)]
async fn each_send_uses_an_instance_of_its_own_readiness() {
    let strict = Strict::with(three_pages(Duration::ZERO));
    let handle = strict.handle();
    let mut service = layer().layer(strict);
    for round in 1..=2 {
        let pages = test_support::send(&mut service, get("/a")).await.unwrap();
        assert_eq!(handle.held(), 0);
        let (items, error) = all(pages.items::<u64>("")).await;
        assert!(error.is_none());
        assert_eq!(items, ITEMS);
        assert_eq!(
            (handle.calls(), handle.readied(), handle.held()),
            (3 * round, 3 * round, 0)
        );
    }
}

#[test]
fn the_first_request_is_sent_by_call_and_no_other_before_it_is_asked_for() {
    let strict = Strict::with(support::api(|_, n| {
        support::linked("[]", &format!("<?p={n}>; rel=next"))
    }));
    let handle = strict.handle();
    let mut service = layer().layer(strict);
    let ready = task::spawn(()).enter(|cx, _| Service::<Sent>::poll_ready(&mut service, cx));
    assert_ready_ok!(ready);
    assert_eq!((handle.calls(), handle.held()), (0, 1));
    let future = service.call(get("/a"));
    assert_eq!((handle.calls(), handle.held()), (1, 0));
    let pages = assert_ready_ok!(task::spawn(future).poll());
    let mut pages = task::spawn(pages);
    assert_eq!((handle.calls(), handle.held()), (1, 0));
    for calls in 1..=4 {
        assert!(assert_ready!(pages.poll_next()).unwrap().is_ok());
        // The consumer is busy: nothing is in flight and nothing is held.
        assert_eq!(
            (handle.calls(), handle.readied(), handle.held()),
            (calls, calls, 0)
        );
    }
}

#[test]
fn readiness_is_given_back_where_nothing_is_to_be_sent() {
    let strict = Strict::with(support::api(|_, _| support::json("[]")));
    let handle = strict.handle();
    let mut service = layer().max_pages(0).layer(strict);
    let ready = task::spawn(()).enter(|cx, _| Service::<Sent>::poll_ready(&mut service, cx));
    assert_ready_ok!(ready);
    let pages = assert_ready_ok!(task::spawn(service.call(get("/a"))).poll());
    assert_eq!((handle.calls(), handle.held()), (0, 0));
    assert!(assert_ready!(task::spawn(pages).poll_next()).is_none());
    assert_eq!((handle.calls(), handle.held()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn two_streams_over_one_permit_take_turns() {
    let limited = ServiceBuilder::new()
        .concurrency_limit(1)
        .service(Strict::with(three_pages(Duration::from_millis(10))));
    let service = layer().layer(limited);
    let mut one = Box::pin(service.clone().oneshot(get("/a")).await.unwrap());
    let mut two = Box::pin(service.clone().oneshot(get("/a")).await.unwrap());
    for page in ["[10,11]", "[20,21]", "[30,31]"] {
        assert_eq!(one.next().await.unwrap().unwrap().body, page);
        assert_eq!(two.next().await.unwrap().unwrap().body, page);
        // And a call of the consumer's own in between.
        drop(service.clone().oneshot(get("/a")).await.unwrap());
    }
    assert!(one.next().await.is_none() && two.next().await.is_none());
}

#[test]
fn a_finished_future_that_is_kept_holds_no_permit() {
    let api = support::api(|_, _| support::json("[]"));
    let limited = ServiceBuilder::new().concurrency_limit(1).service(api);
    let mut service = layer().layer(limited);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let ready = task::spawn(()).enter(|cx, _| Service::<Sent>::poll_ready(&mut service, cx));
        assert_ready_ok!(ready);
        let mut future = task::spawn(service.call(get("/a")));
        let _pages = assert_ready_ok!(future.poll());
        kept.push(future);
    }
}

#[tokio::test(start_paused = true)]
async fn item_streams_over_one_permit_take_turns_within_their_pages() {
    let limited = ServiceBuilder::new()
        .concurrency_limit(1)
        .service(Strict::with(three_pages(Duration::ZERO)));
    let service = layer().layer(limited);
    let one = service
        .clone()
        .oneshot(get("/a"))
        .await
        .unwrap()
        .items::<u64>("");
    let two = service.oneshot(get("/a")).await.unwrap().items::<u64>("");
    let (mut one, mut two) = (one.boxed(), two.boxed());
    for item in ITEMS {
        assert_eq!(one.next().await.unwrap().unwrap(), item);
        assert_eq!(two.next().await.unwrap().unwrap(), item);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_pass_through_buffer_load_shed_and_timeout() {
    let scripted = three_pages(Duration::from_millis(10));
    let service = ServiceBuilder::new()
        .buffer(4)
        .load_shed()
        .timeout(Duration::from_secs(1))
        .concurrency_limit(1)
        .service(Strict::with(scripted.clone()));
    let (items, error) = drain(service).await;
    assert!(error.is_none());
    assert_eq!(items, ITEMS);
    assert_eq!(scripted.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_beneath_is_for_each_page_and_is_found_in_the_error() {
    let service = |last: u64| {
        ServiceBuilder::new()
            .timeout(Duration::from_millis(100))
            .service(Scripted::new([
                Step::ok("[1]")
                    .header("link", "<?p=2>; rel=next")
                    .delay(Duration::from_millis(60)),
                Step::ok("[2]").delay(Duration::from_millis(last)),
            ]))
    };
    let (items, error) = drain(service(60)).await;
    assert!(error.is_none());
    assert_eq!(items, [1, 2]);
    let (items, error) = drain(service(160)).await;
    let error = error.unwrap();
    assert_eq!((items, error.kind()), (vec![1], PageErrorKind::Service));
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<tower::timeout::error::Elapsed>(), "{source:?}");
}

#[tokio::test(start_paused = true)]
async fn load_that_is_shed_is_an_error_and_not_an_end() {
    let limited = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(1)
        .service(three_pages(Duration::from_millis(10)));
    let mut other = limited.clone();
    let mut pages = Box::pin(layer().layer(limited).oneshot(get("/a")).await.unwrap());
    pages.next().await.unwrap().unwrap();
    std::future::poll_fn(|cx| Service::<Sent>::poll_ready(&mut other, cx))
        .await
        .unwrap();
    let held = other.call(get("/a"));
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Service);
    assert!(pages.next().await.is_none());
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn pages_pass_through_trace_redirects_and_decompression() {
    // `[1,2]`, gzipped.
    let zipped: [u8; 25] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 139, 54, 212, 49, 138, 5, 0, 191, 80, 139, 8, 5, 0, 0, 0,
    ];
    let scripted = Scripted::new([
        Step::status(302).header("location", "/b"),
        Step::ok(Bytes::copy_from_slice(&zipped))
            .header("content-encoding", "gzip")
            .header("link", "<?p=2>; rel=next"),
        Step::ok("[3]"),
    ]);
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(DecompressionLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(outbound_http::EffectiveUriLayer::new())
        .service(scripted.clone());
    let (items, error) = drain(service).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(items, [1, 2, 3]);
    let uris: Vec<_> = scripted
        .requests()
        .iter()
        .map(|r| r.uri.to_string())
        .collect();
    // The link is relative to where the redirect led.
    assert_eq!(
        uris,
        [
            "https://api.test/a",
            "https://api.test/b",
            "https://api.test/b?p=2"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_streams_leave_the_service_usable() {
    let limited = ServiceBuilder::new()
        .concurrency_limit(1)
        .service(three_pages(Duration::from_millis(10)));
    let service = layer().layer(limited);
    // While the first page is on its way, before it, and while the second is.
    let mut first = Box::pin(service.clone().oneshot(get("/a")));
    assert!((&mut first).now_or_never().is_none());
    drop(first);
    drop(service.clone().oneshot(get("/a")).await.unwrap());
    let mut pages = Box::pin(service.clone().oneshot(get("/a")).await.unwrap());
    pages.next().await.unwrap().unwrap();
    assert!(pages.next().now_or_never().is_none());
    drop(pages);
    let (items, error) = all(service.oneshot(get("/a")).await.unwrap().items::<u64>("")).await;
    assert!(error.is_none());
    assert_eq!(items, ITEMS);
}

#[test]
fn a_service_that_is_not_ready_is_waited_for() {
    let (mock, mut handle) = tower_mock();
    let service = layer().layer(mock);
    handle.allow(1);
    let mut first = task::spawn(service.oneshot(get("/a")));
    assert_pending!(first.poll());
    let (_, answer) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    answer.send_response(support::linked("[]", "<?p=2>; rel=next"));
    let mut pages = task::spawn(assert_ready_ok!(first.poll()));
    assert!(assert_ready!(pages.poll_next()).unwrap().is_ok());
    assert_pending!(pages.poll_next());
    assert_pending!(task::spawn(handle.next_request()).poll());
    handle.allow(1);
    assert!(pages.is_woken());
    assert_pending!(pages.poll_next());
    let (request, answer) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    assert_eq!(request.uri(), "https://api.test/a?p=2");
    answer.send_error("broken");
    let error = assert_ready!(pages.poll_next()).unwrap().unwrap_err();
    assert_eq!(error.kind(), PageErrorKind::Service);
    assert!(assert_ready!(pages.poll_next()).is_none());
}

#[tokio::test(start_paused = true)]
async fn bodies_that_break_off_or_stall_end_in_an_error() {
    let broken = Body::failing_after(["[1,", "2,3"], "reset");
    let (items, error) = drain(Scripted::new([Step::status(200).body_with(broken)])).await;
    let error = error.unwrap();
    assert_eq!((items, error.kind()), (vec![1, 2], PageErrorKind::Body));
    assert_eq!(error.position().item, Some(2));

    let idle = ServiceBuilder::new()
        .layer(outbound_http::IdleTimeoutLayer::new(Duration::from_secs(5)))
        .service(Scripted::new([
            Step::status(200).body_with(Body::stalling_after(["[1,2,"]))
        ]));
    let (items, error) = drain(idle).await;
    let error = error.unwrap();
    assert_eq!((items, error.kind()), (vec![1, 2], PageErrorKind::Body));
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while source.is_some_and(|source| !source.is::<outbound_http::IdleTimeoutExceeded>()) {
        source = source.and_then(std::error::Error::source);
    }
    assert!(source.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_breaks_off_keeps_what_arrived() {
    let broken = Body::failing_after(["no ", "ent"], "reset");
    let refusing = Scripted::new([Step::status(403).body_with(broken)]);
    let (_, error) = drain(refusing).await;
    assert_eq!(error.unwrap().into_response().unwrap().body, "no ent");
}

#[tokio::test(start_paused = true)]
async fn trailers_are_part_of_a_page() {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-sum", "1".parse().unwrap());
    let body = Body::chunks(["[", "1]"]).with_trailers(trailers.clone());
    let scripted = Scripted::new([Step::status(200).body_with(body)]);
    let pages = PaginateLayer::new(NoNext)
        .layer(scripted)
        .oneshot(get("/a"))
        .await
        .unwrap();
    let (pages, error) = all(pages).await;
    assert!(error.is_none());
    assert_eq!(pages[0].body, "[1]");
    assert_eq!(pages[0].trailers.as_ref(), Some(&trailers));
}

#[tokio::test]
async fn streams_may_cross_threads_and_be_unpin() {
    fn unpin<T: Unpin>(_: &T) {}
    fn stream<T>(_: &impl Stream<Item = Result<T, PageError>>) {}
    let api = support::api(|_, _| support::json("[]"));
    let service = PaginateLayer::new(PageNumber::query("p")).layer(api);
    let future = service.oneshot(get("/a"));
    assert_send(&future);
    let pages = future.await.unwrap();
    assert_send(&pages);
    // The test's API has a future and a body that are.
    unpin(&pages);
    let items = pages.items::<String>("");
    assert_send(&items);
    unpin(&items);
    stream::<String>(&items);
    assert_send_sync::<PageError>();
    assert_send_sync::<Paginate<support::Api, LinkHeader>>();
    type Client = support::Api;
    let named: Items<Client, PageNumber, support::Body, support::Body, _> = items;
    let service: Client = named.into_inner();
    let pages: Pages<Client, LinkHeader, support::Body, support::Body> =
        layer().layer(service).oneshot(get("/a")).await.unwrap();
    drop(pages.boxed());
}

/// Compiles for a type that is not `Send`, and is ambiguous for one that is.
trait NotSend<Hint> {
    fn check(_: &Self) {}
}

impl<T> NotSend<()> for T {}

#[allow(dead_code, reason = "it is a type alone")]
struct Ambiguous;

impl<T: Send> NotSend<Ambiguous> for T {}

/// A service of one thread.
#[derive(Clone)]
struct Local(std::rc::Rc<()>);

impl Service<Sent> for Local {
    type Response = http::Response<support::Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Self::Response, BoxError>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Sent) -> Self::Future {
        let Self(_alive) = self;
        std::future::ready(Ok(support::json("[1]")))
    }
}

#[tokio::test]
async fn streams_of_a_service_of_one_thread_stay_in_it() {
    let service = layer().layer(Local(std::rc::Rc::new(())));
    let future = service.oneshot(get("/a"));
    NotSend::<_>::check(&future);
    let pages = future.await.unwrap();
    NotSend::<_>::check(&pages);
    let items = pages.items::<u64>("");
    NotSend::<_>::check(&items);
    let (items, error) = all(items).await;
    assert_eq!((items, error.is_none()), (vec![1], true));
}

#[tokio::test]
async fn a_stream_says_that_it_is_terminated_when_it_is() {
    let api = support::api(|uri, _| match uri.contains("p=2") {
        true => support::json("[2]"),
        false => support::linked("[1]", "<?p=2>; rel=next"),
    });
    let mut pages = support::pages(&api, layer().items_at(""), "/a").await;
    assert!(!pages.is_terminated());
    assert!(pages.next().await.unwrap().is_ok());
    assert!(!pages.is_terminated());
    assert!(pages.next().await.unwrap().is_ok());
    // With the last page it is known, as `end` and the size hint say too.
    assert!(pages.is_terminated());
    assert_eq!(
        (pages.end(), pages.size_hint()),
        (Some(End::Complete), (0, Some(0)))
    );
    assert!(pages.next().await.is_none());

    let pages = support::pages(&api, layer(), "/a").await;
    let mut items = Box::pin(std::pin::Pin::into_inner(pages).items::<u64>(""));
    assert!(!items.is_terminated());
    while items.next().await.is_some() {}
    assert!(items.is_terminated());

    // After an error as well, until it goes on.
    let api = support::api(|_, n| match n {
        1 => support::json("[2"),
        _ => support::linked("[1]", "<?p=2>; rel=next"),
    });
    let mut pages = support::pages(&api, layer().items_at(""), "/a").await;
    assert!(pages.next().await.unwrap().is_ok());
    assert!(pages.next().await.unwrap().is_err());
    assert!(pages.is_terminated());
    assert!(pages.as_mut().try_again());
    assert!(!pages.is_terminated());
}

fn tower_mock() -> (
    tower_test::mock::Mock<Sent, http::Response<support::Body>>,
    tower_test::mock::Handle<Sent, http::Response<support::Body>>,
) {
    tower_test::mock::pair()
}
