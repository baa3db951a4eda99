//! What becomes of a response that is discarded.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use outbound_http::BoxError;
use outbound_retry::{Exponential, RetryLayer};
use test_support::{Body, send};
use tokio::time::Instant;
use tower::{Layer, service_fn};

const SECOND: Duration = Duration::from_secs(1);

/// What happened to the body of the first response.
#[derive(Clone, Debug, Default)]
struct Seen {
    bytes: Arc<AtomicUsize>,
    alive: Arc<()>,
}

impl Seen {
    fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    fn is_alive(&self) -> bool {
        Arc::strong_count(&self.alive) > 1
    }
}

/// A body that tells what is read of it and that it is dropped.
struct Watched {
    inner: Body,
    bytes: Arc<AtomicUsize>,
    _alive: Arc<()>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let read = frame.data_ref().map_or(0, Bytes::len);
            self.bytes.fetch_add(read, Relaxed);
        }
        frame
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Answers first with `response`, then with 200; tells what becomes of the first body, which is
/// looked at when half of the pause is over.
async fn first(response: Response<Body>, method: &str, layer: RetryLayer) -> (usize, bool, Seen) {
    let seen = Seen::default();
    let (parts, body) = response.into_parts();
    let watched = Watched {
        inner: body,
        bytes: Arc::clone(&seen.bytes),
        _alive: Arc::clone(&seen.alive),
    };
    let answers = Arc::new(std::sync::Mutex::new(Some(Response::from_parts(
        parts, watched,
    ))));
    let api = service_fn(move |_: Request<Full<Bytes>>| {
        let first = answers.lock().expect("not poisoned").take();
        async move {
            Ok::<_, BoxError>(first.unwrap_or_else(|| {
                Response::new(Watched {
                    inner: Body::empty(),
                    bytes: Arc::default(),
                    _alive: Arc::default(),
                })
            }))
        }
    });
    let mut client = layer.backoff(|_| [2 * SECOND].into_iter()).layer(api);
    let request = Request::builder().method(method).body(Full::default());
    let start = Instant::now();
    let call = send(&mut client, request.expect("a request"));
    tokio::pin!(call);
    assert!(tokio::time::timeout(SECOND, &mut call).await.is_err());
    let (bytes, alive) = (seen.bytes(), seen.is_alive());
    assert_eq!(call.await.expect("an answer").status(), 200);
    assert_eq!(start.elapsed(), 2 * SECOND, "the pause was prolonged");
    (bytes, alive, seen)
}

fn busy(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    response
}

#[tokio::test(start_paused = true)]
async fn a_discarded_body_is_read_to_its_end_during_the_pause_and_dropped() {
    let body = Body::drip(["0123"; 3], SECOND / 10);
    assert_eq!(first(busy(body), "GET", RetryLayer::new()).await.0, 12);
    let body = Body::full("0123");
    let (bytes, alive, _) = first(busy(body), "GET", RetryLayer::new()).await;
    assert_eq!((bytes, alive), (4, false));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_does_not_prolong_the_pause() {
    let body = Body::stalling_after(["0123"]);
    let (bytes, alive, seen) = first(busy(body), "GET", RetryLayer::new()).await;
    assert_eq!((bytes, alive), (4, true));
    assert!(!seen.is_alive(), "it outlived the pause");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_is_read_and_one_chunk() {
    let layer = RetryLayer::new().drain(20);
    // Its size is not told, so that it is begun.
    let unknown = Body::drip(["01234567"; 9], Duration::from_millis(1));
    assert_eq!(first(busy(unknown), "GET", layer).await.0, 24);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_known_to_exceed_the_limit_is_not_begun() {
    let layer = RetryLayer::new().drain(20);
    let (bytes, alive, _) = first(busy(Body::full([0; 21].to_vec())), "GET", layer).await;
    assert_eq!((bytes, alive), (0, false));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_discarded_body_is_ignored() {
    let body = Body::failing_after(["0123"], "connection lost");
    let (bytes, alive, _) = first(busy(body), "GET", RetryLayer::new()).await;
    assert_eq!((bytes, alive), (4, false));
}

#[tokio::test(start_paused = true)]
async fn where_there_is_nothing_to_gain_nothing_is_read_or_held() {
    let layer = RetryLayer::new;
    let mut http_2 = busy(Body::full("0123"));
    *http_2.version_mut() = Version::HTTP_2;
    for (response, method, layer) in [
        (http_2, "GET", layer()),
        (busy(Body::full("0123")), "HEAD", layer()),
        (busy(Body::full("0123")), "GET", layer().drain(0)),
    ] {
        let (bytes, alive, _) = first(response, method, layer).await;
        assert_eq!((bytes, alive), (0, false), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_returned_is_not_read() {
    let api = service_fn(async |_: Request<Full<Bytes>>| Ok::<_, BoxError>(busy(Body::full("0"))));
    let mut client = RetryLayer::new()
        .backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
        .layer(api);
    let response = send(&mut client, Request::default()).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await;
    assert_eq!(body.unwrap().to_bytes(), "0");
}
