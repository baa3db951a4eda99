//! What a client sees of a server that fails, and what the server saw of the client.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use test_support::{Act, Body, FaultyServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Long enough for anything on loopback that happens at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough to believe that nothing happens.
const SHORT: Duration = Duration::from_millis(100);

type Http<B> = Client<HttpConnector, B>;

fn client<B>() -> Http<B>
where
    B: http_body::Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http()
}

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).expect("a request")
}

async fn ask(server: &FaultyServer) -> Result<Response<Incoming>, ClientError> {
    let sent = client().request(get(&server.url("/")));
    timeout(PATIENCE, sent).await.expect("an answer in time")
}

/// One connection with one act, asked once. The server must outlive what is read from it.
async fn meet(act: Act) -> (FaultyServer, Result<Response<Incoming>, ClientError>) {
    let server = FaultyServer::start([[act]]).await;
    let result = ask(&server).await;
    (server, result)
}

async fn read(response: Response<Incoming>) -> Result<Bytes, hyper::Error> {
    let body = response.into_body().collect();
    let body = timeout(PATIENCE, body).await.expect("an end in time");
    Ok(body?.to_bytes())
}

/// The body's frames until it breaks, and how it breaks.
async fn broken(response: Response<Incoming>) -> (Vec<u8>, hyper::Error) {
    let mut body = response.into_body();
    let mut received = Vec::new();
    loop {
        let frame = timeout(PATIENCE, body.frame())
            .await
            .expect("an end in time");
        match frame.expect("an end that is an error") {
            Ok(frame) => received.extend_from_slice(&frame.into_data().expect("data")),
            Err(error) => return (received, error),
        }
    }
}

fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    cause::<io::Error>(error).map(io::Error::kind)
}

fn hyper_cause(error: &ClientError) -> &hyper::Error {
    cause(error).expect("an error of hyper's")
}

#[tokio::test]
async fn a_whole_answer_arrives_as_it_was_scripted() {
    let act = Act::respond(503, &[("retry-after", "7")], "later").header("x-more", "yes");
    let (_server, result) = meet(act).await;
    let response = result.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["x-more"], "yes");
    assert_eq!(response.headers()["content-length"], "5");
    assert_eq!(read(response).await.unwrap(), "later");

    let (_server, result) = meet(Act::ok("[1]")).await;
    let response = result.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(read(response).await.unwrap(), "[1]");
}

#[tokio::test]
async fn a_status_without_body_has_no_length() {
    let (_server, result) = meet(Act::respond(204, &[], "")).await;
    let response = result.unwrap();
    assert!(!response.headers().contains_key("content-length"));
    assert_eq!(read(response).await.unwrap(), "");
}

#[tokio::test]
async fn a_reset_instead_of_an_answer_is_an_io_error_of_that_kind() {
    for act in [Act::reset(), Act::reset_in_head()] {
        let (_server, result) = meet(act.clone()).await;
        let error = result.unwrap_err();
        assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{act:?}");
        assert!(!error.is_connect(), "{act:?}");
    }
}

#[tokio::test]
async fn a_reset_before_the_request_leaves_it_unread() {
    let server = FaultyServer::start([[Act::reset_before_request()]]).await;
    let error = ask(&server).await.unwrap_err();
    assert_eq!(
        io_kind(&error),
        Some(ErrorKind::ConnectionReset),
        "{error:?}"
    );
    assert_eq!((server.connections(), server.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_reset_in_the_body_comes_after_the_head_and_what_was_sent() {
    let (_server, result) = meet(Act::reset_in_body("0123456789", 4)).await;
    let response = result.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let (received, error) = broken(response).await;
    assert_eq!(received, b"0123");
    assert_eq!(
        io_kind(&error),
        Some(ErrorKind::ConnectionReset),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_close_instead_of_an_answer_is_an_incomplete_message() {
    let (_server, result) = meet(Act::close()).await;
    let error = result.unwrap_err();
    assert!(hyper_cause(&error).is_incomplete_message(), "{error:?}");
    assert_eq!(io_kind(&error), None);
}

#[tokio::test]
async fn a_truncated_body_ends_with_an_unexpected_end() {
    for act in [
        Act::truncate("0123456789", 4),
        Act::truncate_chunked("0123456789", 4),
        Act::truncate_chunked("0123", 4),
    ] {
        let (_server, result) = meet(act.clone()).await;
        let response = result.unwrap();
        let (received, error) = broken(response).await;
        assert_eq!(received, b"0123", "{act:?}");
        assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{act:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_truncated_at_its_end_is_whole() {
    let (_server, result) = meet(Act::truncate("0123", 4)).await;
    let response = result.unwrap();
    assert_eq!(read(response).await.unwrap(), "0123");
}

#[tokio::test]
async fn garbage_cannot_be_parsed() {
    let (_server, result) = meet(Act::garbage()).await;
    let error = result.unwrap_err();
    assert!(hyper_cause(&error).is_parse(), "{error:?}");
}

#[tokio::test]
async fn a_stall_sends_what_it_should_and_then_nothing() {
    for act in [Act::stall(), Act::stall_in_head()] {
        let server = FaultyServer::start([[act]]).await;
        let client = client();
        let sent = client.request(get(&server.url("/")));
        assert!(timeout(SHORT, sent).await.is_err());
        assert_eq!(server.requests().len(), 1);
    }

    let server = FaultyServer::start([[Act::stall_in_body("0123456789", 4)]]).await;
    let mut body = ask(&server).await.unwrap().into_body();
    let frame = timeout(PATIENCE, body.frame()).await.unwrap().unwrap();
    assert_eq!(frame.unwrap().into_data().unwrap(), "0123");
    assert!(timeout(SHORT, body.frame()).await.is_err());
}

#[tokio::test]
async fn a_stall_ends_when_the_server_is_dropped() {
    let server = FaultyServer::start([[Act::stall()]]).await;
    let sent = tokio::spawn(client().request(get(&server.url("/"))));
    while server.requests().is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    let address = server.addr();
    drop(server);
    let error = timeout(PATIENCE, sent).await.unwrap().unwrap().unwrap_err();
    assert!(hyper_cause(&error).is_incomplete_message(), "{error:?}");
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_slow_drip_takes_its_time_and_arrives_whole() {
    let pause = Duration::from_millis(10);
    let start = Instant::now();
    let (_server, result) = meet(Act::drip("0123", pause)).await;
    let response = result.unwrap();
    assert_eq!(response.headers()["content-length"], "4");
    assert_eq!(read(response).await.unwrap(), "0123");
    assert!(start.elapsed() >= 4 * pause);
}

#[tokio::test]
async fn a_delay_comes_before_the_head() {
    let start = Instant::now();
    let delay = Duration::from_millis(50);
    let (_server, result) = meet(Act::ok("1").delay(delay)).await;
    result.unwrap();
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn raw_bytes_arrive_byte_for_byte() {
    let bytes = "HTTP/1.1 200 Fine\r\nX-Odd:  \t value\r\nContent-Length: 2\r\n\r\nok";
    let server = FaultyServer::start([[Act::raw(bytes), Act::close()]]).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut received = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(received, bytes);
}

#[tokio::test]
async fn a_response_to_head_has_a_length_and_no_body() {
    let server = FaultyServer::start([[Act::ok("[1]")]]).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"HEAD / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut received = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut received))
        .await
        .unwrap()
        .unwrap();
    assert!(received.contains("content-length: 3\r\n"), "{received}");
    assert!(received.ends_with("\r\n\r\n"), "{received}");
}

#[tokio::test]
async fn an_early_answer_does_not_wait_for_the_body() {
    let server = FaultyServer::start([[Act::respond(413, &[], "").early()]]).await;
    let request = Request::post(server.url("/")).body(Body::stalling_after(["some"]));
    let sent = client().request(request.unwrap());
    let response = timeout(PATIENCE, sent).await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!server.requests()[0].complete);
}

#[tokio::test]
async fn an_answer_that_is_not_early_waits_for_the_body() {
    let server = FaultyServer::start([[Act::respond(413, &[], "")]]).await;
    let request = Request::post(server.url("/")).body(Body::stalling_after(["some"]));
    let client = client();
    let sent = client.request(request.unwrap());
    assert!(timeout(SHORT, sent).await.is_err());
    assert_eq!(server.requests()[0].body, "some");
    assert!(!server.requests()[0].complete);
}

#[tokio::test]
async fn requests_are_received_byte_for_byte() {
    let server = FaultyServer::start([[Act::ok(""), Act::ok("")]]).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let first = "PUT /a?b=%20 HTTP/1.1\r\nHost:x\r\nX-Twice: 1\r\nx-twice:  2 \r\nContent-Length: 3\r\n\r\n";
    let second = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let sent = [
        first,
        "a\r\n",
        second,
        "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
    ];
    // In pieces that split everything that can be split.
    for byte in sent.concat().into_bytes() {
        stream.write_all(&[byte]).await.unwrap();
    }
    let mut received = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut received))
        .await
        .unwrap()
        .unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].head, first);
    assert_eq!(requests[0].body, "a\r\n");
    assert_eq!(
        (requests[0].method(), requests[0].target()),
        ("PUT", "/a?b=%20")
    );
    assert_eq!(requests[0].header("HOST"), Some("x"));
    assert_eq!(requests[0].header("x-twice"), Some("1"));
    assert_eq!(requests[0].header("x-none"), None);
    assert_eq!(requests[1].head, second);
    assert_eq!(requests[1].body, "abc0123456789");
    assert!(requests.iter().all(|request| request.complete));
    let places = requests
        .iter()
        .map(|request| (request.connection, request.index));
    assert_eq!(places.collect::<Vec<_>>(), [(0, 0), (0, 1)]);
}

#[tokio::test]
async fn a_chunked_body_of_a_client_is_received_without_its_framing() {
    let server = FaultyServer::start([[Act::ok("")]]).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri(server.url("/"))
        .body(Body::chunks(["one ", "two ", "three"]))
        .unwrap();
    timeout(PATIENCE, client().request(request))
        .await
        .unwrap()
        .unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("transfer-encoding"), Some("chunked"));
    assert_eq!(request.body, "one two three");
}

#[tokio::test]
async fn a_connection_is_used_again_until_its_acts_are_over() {
    let server = FaultyServer::start([vec![Act::ok("1"), Act::ok("2")], vec![Act::ok("3")]]).await;
    let client = client();
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let response = client.request(get(&server.url("/"))).await.unwrap();
        bodies.push((
            response.headers().contains_key("connection"),
            read(response).await.unwrap(),
        ));
        // The client puts a connection back a little after its body has ended.
        sleep(Duration::from_millis(20)).await;
    }
    let expected = [(false, "1"), (true, "2"), (true, "3")];
    assert_eq!(bodies, expected.map(|(closes, body)| (closes, body.into())));
    assert_eq!(server.connections(), 2);
    let places: Vec<_> = server
        .requests()
        .iter()
        .map(|request| (request.connection, request.index))
        .collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0)]);
}

#[tokio::test]
async fn an_end_that_was_not_announced_meets_the_next_request() {
    let acts = vec![Act::ok("1"), Act::reset_before_request()];
    let server = FaultyServer::start([acts, vec![Act::ok("2")]]).await;
    let client = client();
    let first = client.request(get(&server.url("/"))).await.unwrap();
    assert!(!first.headers().contains_key("connection"));
    read(first).await.unwrap();
    sleep(Duration::from_millis(20)).await;
    let error = client.request(get(&server.url("/"))).await.unwrap_err();
    assert_eq!(
        io_kind(&error),
        Some(ErrorKind::ConnectionReset),
        "{error:?}"
    );
    assert_eq!((server.connections(), server.requests().len()), (1, 1));

    let third = client.request(get(&server.url("/"))).await.unwrap();
    assert_eq!(read(third).await.unwrap(), "2");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn hanging_up_closes_without_waiting_and_without_a_word() {
    for acts in [
        vec![Act::ok("1"), Act::hang_up()],
        vec![Act::ok("1").then_close()],
    ] {
        let server = FaultyServer::start([acts]).await;
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut received = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut received))
            .await
            .unwrap()
            .unwrap();
        assert!(received.ends_with("\r\n\r\n1"), "{received}");
        assert!(!received.contains("connection"), "{received}");
    }
}

#[tokio::test]
async fn connections_beyond_the_script_are_closed_at_once() {
    let server = FaultyServer::start([[Act::ok("1")]]).await;
    ask(&server).await.unwrap();
    for _ in 0..2 {
        ask(&server).await.unwrap_err();
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let end = timeout(PATIENCE, stream.read(&mut [0; 8])).await.unwrap();
        assert_eq!(end.unwrap(), 0);
    }
    assert_eq!((server.connections(), server.requests().len()), (5, 1));
}

#[tokio::test]
async fn the_last_connection_can_be_repeated_and_no_other_is() {
    let server = FaultyServer::start([vec![Act::close()], vec![Act::ok("last")]]).await;
    let server = server.repeat_last();
    ask(&server).await.unwrap_err();
    for _ in 0..3 {
        let response = ask(&server).await.unwrap();
        assert_eq!(read(response).await.unwrap(), "last");
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn answers_can_depend_on_the_request() {
    let server = FaultyServer::with(|received| match received.target() {
        "/echo" => Act::respond(200, &[], received.body.clone()),
        "/reset" => Act::reset(),
        _ => Act::respond(404, &[], ""),
    })
    .await;
    let client = client();
    for text in ["one", "two"] {
        let request = Request::post(server.url("/echo"))
            .body(Full::from(text))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(read(response).await.unwrap(), text);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections(), 1);
    let error = client
        .request(get(&server.url("/reset")))
        .await
        .unwrap_err();
    assert_eq!(
        io_kind(&error),
        Some(ErrorKind::ConnectionReset),
        "{error:?}"
    );
    let missing = client.request(get(&server.url("/other"))).await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn resets_never_overtake_what_was_sent_before_them() {
    for _ in 0..100 {
        let (_server, result) = meet(Act::reset_in_body("0123456789", 4)).await;
        let response = result.unwrap();
        assert_eq!(broken(response).await.0, b"0123");
    }
}
