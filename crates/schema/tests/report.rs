//! A report changes nothing: not a byte, not a frame, not the time at which it comes.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty};
use outbound_schema::{Contract, Mode, Rejection, ValidateLayer};
use test_support::{Body, Scripted, Step, send};
use tokio::time::Instant;
use tower::{Layer, Service};

fn get() -> Request<Empty<Bytes>> {
    Request::get("https://h/").body(Empty::new()).unwrap()
}

/// What a reader of a body notices: each frame with the size hint before it and the time at
/// which it came, and how it ended.
#[derive(Debug, PartialEq)]
struct Noticed {
    head: (u16, HeaderMap, Duration),
    frames: Vec<(Duration, (u64, Option<u64>), bool, String)>,
}

async fn notice<S, RB>(service: &mut S) -> Noticed
where
    S: Service<Request<Empty<Bytes>>, Response = Response<RB>, Error: std::fmt::Debug>,
    RB: http_body::Body<Data = Bytes, Error: ToString>,
{
    let start = Instant::now();
    let response = send(service, get()).await.unwrap();
    let (head, body) = response.into_parts();
    let mut body = std::pin::pin!(body);
    let mut noticed = Noticed {
        head: (head.status.as_u16(), head.headers, start.elapsed()),
        frames: Vec::new(),
    };
    loop {
        let hint = body.size_hint();
        let hint = (hint.lower(), hint.exact());
        let was_at_end = body.is_end_stream();
        let frame = body.frame().await;
        let text = match &frame {
            None => "end".to_owned(),
            Some(Err(error)) => error.to_string(),
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref()) {
                (Some(data), _) => format!("{:?} {data:?}", data.as_ptr()),
                (_, trailers) => format!("{trailers:?}"),
            },
        };
        noticed
            .frames
            .push((start.elapsed(), hint, was_at_end, text));
        if frame.is_none() {
            return noticed;
        }
    }
}

/// Bodies that meet the contract, break it, are no JSON, are slow, or fail.
fn steps() -> Vec<Box<dyn Fn() -> Step>> {
    fn trailers() -> HeaderMap {
        HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("7"))])
    }
    fn slow(chunks: &'static [&'static str]) -> Body {
        Body::drip(chunks.iter().copied(), Duration::from_millis(30))
    }
    let json = || Step::ok("");
    vec![
        Box::new(move || Step::ok(r#"{"id":1}"#)),
        Box::new(move || Step::ok(r#"{"id":"1"}"#)),
        Box::new(move || Step::ok("{")),
        Box::new(json),
        Box::new(move || Step::status(200).body("<p>")),
        Box::new(move || Step::ok("{}").header("content-encoding", "gzip")),
        Box::new(move || Step::ok("{}").delay(Duration::from_secs(3))),
        Box::new(move || json().body_with(slow(&["{\"id\"", ":", "1}"]))),
        Box::new(move || json().body_with(slow(&["{\"id\"", ":", "\"1\"", "}"]))),
        Box::new(move || json().body_with(slow(&["{", "", "x", "}"]))),
        Box::new(move || json().body_with(slow(&["[", "1,2,3,4,5,6,7,8,9,10", "]"]))),
        Box::new(move || json().body_with(Body::full("{}").with_trailers(trailers()))),
        Box::new(move || json().body_with(slow(&["{", "}"]).with_trailers(trailers()))),
        Box::new(move || json().body_with(Body::failing_after(["{\"id\""], "cut"))),
        Box::new(move || Step::status(404).body("no")),
        Box::new(move || Step::status(204)),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_report_changes_neither_bytes_nor_frames_nor_their_time() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let layer = ValidateLayer::new(Contract::required(["/id: integer"]).unwrap())
        .mode(Mode::Report)
        .limit(16)
        .on_violation(move |_| {
            count.fetch_add(1, Relaxed);
        });
    for step in steps() {
        // One body without the layer, one with each of its forms; their static bytes are shared.
        let bare = notice(&mut Scripted::new([step()])).await;
        let client = notice(&mut layer.clone().layer(Scripted::new([step()]))).await;
        assert_eq!(client, bare);
        let server = layer.clone().reject_with(Rejection::problem);
        let server = notice(&mut server.layer(Scripted::new([step()]))).await;
        assert_eq!(server, bare);
    }
    // Told of ten, by the client's form and by the server's: not of the two that meet the
    // contract, the one over the limit, the one that fails, the 404 and the 204.
    assert_eq!(told.load(Relaxed), 2 * 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_judged_only_when_its_last_frame_has_been_handed_on() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let layer = ValidateLayer::new(Contract::required(["/id"]).unwrap())
        .mode(Mode::Report)
        .on_violation(move |_| {
            count.fetch_add(1, Relaxed);
        });
    let api = Scripted::new([Step::ok("{}"), Step::ok("{}")]);
    let mut client = layer.layer(api);

    let mut body = send(&mut client, get()).await.unwrap().into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "{}"
    );
    assert_eq!(told.load(Relaxed), 0, "the frame is on its way");
    assert!(body.frame().await.is_none());
    assert_eq!(told.load(Relaxed), 1);
    drop(body);
    assert_eq!(told.load(Relaxed), 1, "once");

    // A reader that knows from the size hint that nothing follows does not ask for more.
    let mut body = send(&mut client, get()).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    assert!(body.is_end_stream());
    assert_eq!(told.load(Relaxed), 1);
    drop(body);
    assert_eq!(told.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_gives_up_is_no_violation() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let layer = ValidateLayer::new(Contract::any())
        .mode(Mode::Report)
        .on_violation(move |_| {
            count.fetch_add(1, Relaxed);
        });
    let body = Body::chunks(["{", "]"]);
    let api = Scripted::new([Step::ok("").body_with(body)]);
    let mut client = layer.layer(api);
    let mut body = send(&mut client, get()).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    assert_eq!(told.load(Relaxed), 0);
}
