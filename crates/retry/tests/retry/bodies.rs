//! With which head and bytes each attempt is sent.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use outbound_http::{NoReplay, ReplayBody, ResendCount};
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

use crate::at_once;

#[tokio::test]
async fn every_attempt_has_the_same_head_and_body() {
    let api = Scripted::from_fn(|_| Step::status(503));
    let request = Request::put("https://api.test/items?key=1")
        .header("accept", "b")
        .header("accept", "a")
        .extension("theirs")
        .body(Full::new(Bytes::from("body")))
        .unwrap();
    let _ = send(&mut at_once().layer(api.clone()), request).await;

    let requests = api.requests();
    assert_eq!(requests.len(), 4);
    for (resend, sent) in requests.iter().enumerate() {
        assert_eq!(sent.method, Method::PUT);
        assert_eq!(sent.uri, "https://api.test/items?key=1");
        assert!(sent.headers.get_all("accept").iter().eq(["b", "a"]));
        assert_eq!(sent.extensions.get::<&str>(), Some(&"theirs"));
        assert_eq!(
            ResendCount::of(&sent.extensions),
            ResendCount(resend as u32)
        );
        assert_eq!(sent.body, "body");
    }
}

#[tokio::test]
async fn a_streaming_body_is_recorded_and_sent_whole_each_time() {
    let api = Scripted::new([Step::status(503).early(), Step::status(503), Step::ok("")]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["ab", "cd", "ef"]))
        .unwrap();
    let mut client = at_once().buffer_body(64).layer(api.clone());

    assert_eq!(send(&mut client, request).await.unwrap().status(), 200);

    let bodies: Vec<_> = api.requests().into_iter().map(|sent| sent.body).collect();
    assert_eq!(
        bodies,
        ["", "abcdef", "abcdef"],
        "the first was answered before it was read"
    );
}

#[tokio::test]
async fn trailers_are_sent_again() {
    let api = Scripted::new([Step::status(503), Step::status(503), Step::ok("")]);
    let mut trailers = HeaderMap::new();
    trailers.insert("digest", HeaderValue::from_static("d"));
    let body = Body::chunks(["ab", "cd", "ef"]).with_trailers(trailers.clone());
    let request = Request::put("https://h/").body(body).unwrap();
    let mut client = at_once().buffer_body(64).layer(api.clone());
    assert_eq!(send(&mut client, request).await.unwrap().status(), 200);
    for sent in api.requests() {
        assert_eq!(sent.body, "abcdef");
        assert_eq!(sent.trailers, Some(trailers.clone()));
    }
}

#[tokio::test]
async fn trailers_are_sent_again_over_a_transport_that_stops_at_them() {
    let mut trailers = HeaderMap::new();
    trailers.insert("digest", HeaderValue::from_static("d"));
    let body = Body::chunks(["ab"]).with_trailers(trailers.clone());
    let request = Request::put("https://h/").body(body).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sent = Arc::clone(&seen);
    // As hyper does: it asks for no frame after them.
    let api = tower::service_fn(move |request: Request<ReplayBody<Body>>| {
        let sent = Arc::clone(&sent);
        async move {
            let mut frames = request.into_body();
            let mut trailers = None;
            while trailers.is_none() {
                let Some(frame) = frames.frame().await else {
                    break;
                };
                trailers = frame.unwrap().into_trailers().ok();
            }
            sent.lock().unwrap().push(trailers);
            let busy = Response::builder().status(503);
            busy.body(Full::<Bytes>::default())
                .map_err(io::Error::other)
        }
    });
    let mut client = at_once().buffer_body(64).layer(api);
    assert_eq!(send(&mut client, request).await.unwrap().status(), 503);
    assert_eq!(*seen.lock().unwrap(), vec![Some(trailers); 4]);
}

#[tokio::test]
async fn a_body_over_the_limit_is_sent_once_and_whole() {
    let api = Scripted::new([Step::status(503)]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["0123", "4567"]))
        .unwrap();
    let response = send(&mut at_once().buffer_body(6).layer(api.clone()), request)
        .await
        .unwrap();

    assert_eq!(response.status(), 503);
    assert_eq!(api.requests()[0].body, "01234567");
}

#[tokio::test]
async fn a_body_that_cannot_be_repeated_is_sent_once_and_not_refused() {
    let api = Scripted::new([Step::status(503)]);
    let request = Request::put("https://h/")
        .body(Body::chunks(["ab"]))
        .unwrap();
    let response = send(&mut at_once().replay(NoReplay).layer(api.clone()), request)
        .await
        .unwrap();

    assert_eq!(response.status(), 503);
    assert_eq!(api.requests()[0].body, "ab");
}

#[tokio::test]
async fn a_request_body_that_fails_is_not_retried() {
    let api = Scripted::new([Step::ok("")]);
    let broken = Body::failing_after(["ab"], io::Error::from(io::ErrorKind::ConnectionReset));
    let request = Request::put("https://h/").body(broken).unwrap();
    let error = send(&mut at_once().buffer_body(64).layer(api.clone()), request)
        .await
        .unwrap_err();

    assert!(error.is::<io::Error>());
    assert_eq!(api.calls(), 1);
}
