//! The small layers: what they limit, and what they leave alone.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Empty};
use outbound_http::{
    BodyTooLarge, BoxError, BrokenBody, CollectBody, CollectLayer, DeadlineExceeded, DeadlineLayer,
    EffectiveUri, EffectiveUriLayer, IdleTimeoutExceeded, IdleTimeoutLayer,
};
use test_support::{Body, Scripted, Step, send};
use tokio::time::{Instant, advance, sleep};
use tower::{Layer, ServiceExt, service_fn};

fn request() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

#[tokio::test]
async fn a_collected_body_keeps_its_bytes_and_trailers() {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("7"));
    let body = Body::chunks(["ab", "cd", "ef"]).with_trailers(trailers.clone());
    let mut client = CollectLayer::new(6).layer(Scripted::new([Step::status(200).body_with(body)]));

    let response = send(&mut client, request()).await.unwrap();

    assert_eq!(response.body().bytes(), "abcdef");
    assert_eq!(response.body().size_hint().exact(), Some(6));
    assert_eq!(response.body().trailers(), Some(&trailers));
    let read = response.into_body().collect().await.unwrap();
    assert_eq!(read.trailers(), Some(&trailers));
    assert_eq!(read.to_bytes(), "abcdef");
}

#[tokio::test]
async fn a_body_that_is_one_frame_is_not_copied() {
    let whole = Bytes::from("one frame");
    let body = Body::full(whole.clone());
    let mut client =
        CollectLayer::default().layer(Scripted::new([Step::status(200).body_with(body)]));

    let response = send(&mut client, request()).await.unwrap();

    assert_eq!(response.body().bytes().as_ptr(), whole.as_ptr());
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error_that_names_the_limit() {
    for body in [Body::full("1234567"), Body::chunks(["123", "4567"])] {
        let mut client =
            CollectLayer::new(6).layer(Scripted::new([Step::status(200).body_with(body)]));
        let error = send(&mut client, request()).await.unwrap_err();
        assert_eq!(
            error
                .downcast_ref::<BodyTooLarge>()
                .map(BodyTooLarge::limit),
            Some(6)
        );
    }
}

#[tokio::test]
async fn a_body_that_breaks_midway_fails_the_call_with_its_own_error() {
    let body = Body::failing_after(
        ["ab"],
        std::io::Error::from(std::io::ErrorKind::UnexpectedEof),
    );
    let mut client =
        CollectLayer::default().layer(Scripted::new([Step::status(200).body_with(body)]));

    let error = send(&mut client, request()).await.unwrap_err();

    let broken: &BrokenBody = error.downcast_ref().expect("a body that broke");
    let own: &std::io::Error = broken.get_ref().downcast_ref().expect("its own error");
    assert_eq!(own.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(std::error::Error::source(broken).is_some_and(|source| source.is::<std::io::Error>()));
}

/// This many empty frames, and then an end.
struct Empties(usize);

impl http_body::Body for Empties {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        Poll::Ready(left.map(|_| Ok(Frame::data(Bytes::new()))))
    }
}

#[tokio::test]
async fn a_body_of_very_many_frames_gives_other_tasks_their_turn() {
    let mut call = tokio_test::task::spawn(CollectBody::new(Empties(1_000), 8));
    let mut polls = 1;
    while call.poll().is_pending() {
        assert!(call.is_woken(), "it goes on by itself");
        polls += 1;
    }
    assert_eq!(polls, 4);

    // Those of a usual body are read at once.
    let mut call = tokio_test::task::spawn(CollectBody::new(Empties(200), 8));
    assert!(call.poll().is_ready());
}

#[tokio::test]
async fn an_announced_length_without_a_body_is_no_breach_of_the_limit() {
    let step = Step::status(200)
        .header("content-length", "1000000")
        .body_with(Body::empty());
    let mut client = CollectLayer::new(10).layer(Scripted::new([step]));
    let mut head = request();
    *head.method_mut() = Method::HEAD;

    let response = send(&mut client, head).await.unwrap();

    assert_eq!(response.headers()["content-length"], "1000000");
    assert!(response.body().is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn a_call_is_dropped_at_its_deadline_and_not_before() {
    let limit = Duration::from_secs(3);
    let mut client = DeadlineLayer::new(limit).layer(Scripted::new([
        Step::ok("").delay(Duration::from_millis(2_999)),
        Step::ok("").delay(Duration::from_millis(3_001)),
    ]));

    assert!(send(&mut client, request()).await.is_ok());

    let start = Instant::now();
    let error = send(&mut client, request()).await.unwrap_err();
    assert_eq!(start.elapsed(), limit);
    assert_eq!(
        error
            .downcast_ref::<DeadlineExceeded>()
            .map(DeadlineExceeded::limit),
        Some(limit)
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_no_clock_can_count_never_comes() {
    let mut client = DeadlineLayer::new(Duration::MAX).layer(Scripted::new([
        Step::ok("").delay(Duration::from_secs(1 << 20))
    ]));
    assert!(send(&mut client, request()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_drops_the_call_in_flight() {
    struct OnDrop(tokio::sync::mpsc::UnboundedSender<Instant>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(Instant::now());
        }
    }
    let (sender, mut dropped) = tokio::sync::mpsc::unbounded_channel();
    let client =
        DeadlineLayer::new(Duration::from_secs(1)).layer(service_fn(move |_: Request<()>| {
            let guard = OnDrop(sender.clone());
            async move {
                let _guard = guard;
                sleep(Duration::from_secs(9)).await;
                Ok::<_, BoxError>(())
            }
        }));
    let start = Instant::now();
    assert!(client.oneshot(Request::new(())).await.is_err());
    assert_eq!(
        dropped.recv().await.unwrap() - start,
        Duration::from_secs(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_fails_after_the_idle_time() {
    let limit = Duration::from_secs(5);
    let step = Step::status(200).body_with(Body::stalling_after(["ab"]));
    let mut client = IdleTimeoutLayer::new(limit).layer(Scripted::new([step]));
    let mut body = send(&mut client, request()).await.unwrap().into_body();

    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "ab"
    );
    let start = Instant::now();
    let error = body.frame().await.unwrap().unwrap_err();

    assert_eq!(start.elapsed(), limit);
    assert_eq!(
        error
            .downcast_ref::<IdleTimeoutExceeded>()
            .map(IdleTimeoutExceeded::limit),
        Some(limit)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_and_a_slow_reader_are_not_idle() {
    let drip = Body::drip(["a", "b", "c"], Duration::from_secs(4));
    let step = Step::status(200).body_with(drip);
    let mut client = IdleTimeoutLayer::new(Duration::from_secs(5)).layer(Scripted::new([step]));
    let mut body = send(&mut client, request()).await.unwrap().into_body();

    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        read.extend_from_slice(&frame.unwrap().into_data().unwrap());
        advance(Duration::from_secs(60)).await;
    }
    assert_eq!(read, b"abc");
}

#[tokio::test]
async fn the_uri_that_was_asked_stands_on_the_response() {
    let mut client = EffectiveUriLayer::new().layer(Scripted::new([Step::status(404)]));
    let mut asked = request();
    *asked.uri_mut() = Uri::from_static("https://h/p?q");

    let response = send(&mut client, asked).await.unwrap();

    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        response.extensions().get::<EffectiveUri>(),
        Some(&EffectiveUri(Uri::from_static("https://h/p?q")))
    );
}
