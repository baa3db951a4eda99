//! What hyper-util's client reports, over a wire that fails.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound_http::{BoxError, CollectLayer};
use outbound_retry::{Exponential, Report, RetryLayer};
use test_support::{Act, Body, FaultyServer, send};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceBuilder};

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        // hyper-util's own silent resend would be counted as ours.
        .retry_canceled_requests(false)
        .build_http()
}

fn request(method: &Method, url: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(Full::from("body"))
        .expect("a request")
}

/// How often a request is sent whose connections all do the same.
async fn sends(act: Act, method: Method) -> u32 {
    let server = FaultyServer::start([[act]]).await.repeat_last();
    let (mut request, report) = (request(&method, &server.url("/")), Report::new());
    request.extensions_mut().insert(report.clone());
    let mut client = ServiceBuilder::new()
        .layer(at_once())
        .layer(CollectLayer::new(1 << 20))
        .service(client());
    let _ = send(&mut client, request).await;
    report.attempts()
}

#[tokio::test]
async fn a_lost_connection_is_retried_for_idempotent_methods_alone() {
    for (act, name) in [
        (Act::close(), "closed after the request"),
        (Act::reset(), "reset after the request"),
        (
            Act::reset_before_request(),
            "reset before the request was read",
        ),
        (Act::reset_in_head(), "reset within the head"),
        (Act::reset_in_body("0123456789", 4), "reset within the body"),
        (Act::truncate("0123456789", 4), "body cut short"),
        (
            Act::truncate_chunked("0123456789", 4),
            "chunked body cut short",
        ),
        (
            Act::truncate_chunked("0123456789", 10),
            "last chunk missing",
        ),
    ] {
        assert_eq!(sends(act.clone(), Method::GET).await, 4, "GET, {name}");
        assert_eq!(sends(act.clone(), Method::PUT).await, 4, "PUT, {name}");
        assert_eq!(sends(act, Method::POST).await, 1, "POST, {name}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_not_retried() {
    assert_eq!(sends(Act::garbage(), Method::GET).await, 1);
    let malformed = Act::raw("HTTP/1.1 abc\r\n\r\n").then_close();
    assert_eq!(sends(malformed, Method::GET).await, 1);
}

/// The error of a call and how often it was sent.
async fn failure(request: Request<Full<Bytes>>) -> (BoxError, u32) {
    let (mut request, report) = (request, Report::new());
    request.extensions_mut().insert(report.clone());
    let error = send(&mut at_once().layer(client()), request)
        .await
        .expect_err("a failure");
    (error.into(), report.attempts())
}

#[tokio::test]
async fn a_refused_connection_is_retried_for_any_method() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    for method in [Method::GET, Method::POST, Method::PATCH] {
        let (error, sends) = failure(request(&method, &url)).await;
        assert_eq!(sends, 4, "{method}");
        assert!(error.is::<hyper_util::client::legacy::Error>());
    }
}

#[tokio::test]
async fn the_caller_s_own_mistakes_are_sent_once() {
    // No authority, and a scheme that the connector does not have.
    for url in ["/relative", "ftp://127.0.0.1/"] {
        assert_eq!(failure(request(&Method::GET, url)).await.1, 1, "{url}");
    }
}

/// How often a request is sent through a connector that fails so, and wraps the error like hyper-rustls
/// or not.
async fn sends_with_connector(kind: io::ErrorKind, wraps: bool) -> u32 {
    let connector = tower::service_fn(move |_: http::Uri| {
        let mut error = io::Error::new(kind, "as rustls reports it");
        if wraps {
            error = io::Error::other(error);
        }
        std::future::ready(Err::<TokioIo<TcpStream>, _>(error))
    });
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let (mut request, report) = (request(&Method::GET, "http://h/"), Report::new());
    request.extensions_mut().insert(report.clone());
    assert!(send(&mut at_once().layer(client), request).await.is_err());
    report.attempts()
}

#[tokio::test]
async fn a_certificate_that_is_wrong_stays_wrong() {
    for wraps in [false, true] {
        let sends = |kind| sends_with_connector(kind, wraps);
        assert_eq!(sends(io::ErrorKind::InvalidData).await, 1, "{wraps}");
        assert_eq!(sends(io::ErrorKind::TimedOut).await, 4, "{wraps}");
    }
}

#[tokio::test]
async fn a_body_that_fails_is_the_caller_s_mistake() {
    let server = FaultyServer::start([[Act::ok("[]")]]).await.repeat_last();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let broken = Body::failing_after(["ab"], "source lost");
    let (mut request, report) = (
        Request::put(server.url("/")).body(broken).unwrap(),
        Report::new(),
    );
    request.extensions_mut().insert(report.clone());
    let mut client = at_once().buffer_body(64).layer(client);
    assert!(send(&mut client, request).await.is_err());
    assert_eq!(report.attempts(), 1);
}

#[tokio::test]
async fn a_new_attempt_has_all_of_a_body_that_the_old_one_was_still_sending() {
    // The first answer comes before the upload has ended.
    let server = FaultyServer::start([
        vec![Act::respond(503, &[], "busy").early().then_close()],
        vec![Act::ok("[]")],
    ])
    .await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let chunks = vec![Bytes::from(vec![b'a'; 16 * 1024]); 8];
    let body = Body::drip(chunks, Duration::from_millis(2));
    let request = Request::put(server.url("/")).body(body).unwrap();
    let mut client = at_once().buffer_body(1 << 20).layer(client);
    let response = send(&mut client, request).await.unwrap();

    assert_eq!(response.status(), 200);
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.body.len(), 128 * 1024);
}

#[tokio::test]
async fn a_connection_is_used_again_after_its_response_was_drained() {
    let busy = || Act::respond(503, &[], vec![b'x'; 48 * 1024]);
    let acts = vec![busy(), busy(), Act::ok("[]")];
    let server = FaultyServer::start([acts]).await;
    let mut client = RetryLayer::new()
        .backoff(|_| std::iter::repeat(Duration::from_millis(150)))
        .layer(client());
    let response = send(&mut client, request(&Method::GET, &server.url("/"))).await;

    assert_eq!(response.unwrap().status(), 200);
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn a_connection_is_closed_if_its_response_was_not_drained() {
    let slow = || vec![Act::respond(503, &[], vec![b'x'; 512 * 1024])];
    let server = FaultyServer::start([slow(), slow(), vec![Act::ok("[]")]]).await;
    let mut client = RetryLayer::new()
        .drain(1024)
        .backoff(|_| std::iter::repeat(Duration::from_millis(20)))
        .layer(client());
    let response = send(&mut client, request(&Method::GET, &server.url("/"))).await;

    assert_eq!(response.unwrap().status(), 200);
    assert_eq!((server.requests().len(), server.connections()), (3, 3));
}

#[tokio::test]
async fn what_hyper_rewrites_does_not_reach_the_next_attempt() {
    let server = FaultyServer::start([
        vec![Act::respond(503, &[], "").then_close()],
        vec![Act::ok("[]")],
    ])
    .await;
    let mut request = request(&Method::PUT, &server.url("/items?key=1"));
    for value in ["b", "a"] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append("accept", value);
    }
    send(&mut at_once().layer(client()), request).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].head, requests[1].head);
    assert_eq!(requests[0].body, requests[1].body);
}

/// How often a request is sent that an HTTP/2 server refuses with `reason`: its stream, or the
/// whole connection.
async fn refusals(reason: h2::Reason, method: Method, goes_away: bool) -> u32 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.expect("HTTP/2");
                while let Some(Ok((_, mut reply))) = connection.accept().await {
                    if goes_away {
                        connection.abrupt_shutdown(reason);
                    } else {
                        reply.send_reset(reason);
                    }
                }
            });
        }
    });
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .retry_canceled_requests(false)
        .build_http();
    let (mut request, report) = (request(&method, &url), Report::new());
    request.extensions_mut().insert(report.clone());
    let outcome: Result<Response<_>, _> = send(&mut at_once().layer(client), request).await;
    assert!(outcome.is_err());
    server.abort();
    report.attempts()
}

#[tokio::test]
async fn a_refused_stream_is_retried_for_any_method_and_other_resets_for_idempotent_ones() {
    use h2::Reason;

    assert_eq!(
        refusals(Reason::REFUSED_STREAM, Method::POST, false).await,
        4
    );
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL] {
        assert_eq!(refusals(reason, Method::GET, false).await, 4, "{reason:?}");
        assert_eq!(refusals(reason, Method::POST, false).await, 1, "{reason:?}");
    }
    for reason in [Reason::PROTOCOL_ERROR, Reason::HTTP_1_1_REQUIRED] {
        assert_eq!(refusals(reason, Method::GET, false).await, 1, "{reason:?}");
    }
}

#[tokio::test]
async fn a_connection_that_goes_away_is_ambiguous() {
    let reason = h2::Reason::NO_ERROR;
    assert_eq!(refusals(reason, Method::GET, true).await, 4);
    assert_eq!(refusals(reason, Method::POST, true).await, 1);
}

#[tokio::test]
async fn a_stale_connection_is_replaced() {
    let server =
        FaultyServer::start([vec![Act::ok("[1]"), Act::hang_up()], vec![Act::ok("[2]")]]).await;
    let mut client = at_once().layer(client());
    for expected in ["[1]", "[2]"] {
        let response = send(&mut client, request(&Method::GET, &server.url("/"))).await;
        let body = response.unwrap().into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), expected);
    }
}
