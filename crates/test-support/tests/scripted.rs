//! The service that answers by a script.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use test_support::{Body, Scripted, Step, assert_send_sync, send};
use tokio::time::{Instant, timeout};
use tokio_test::{assert_pending, assert_ready, task};
use tower_service::Service;

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).expect("a request")
}

async fn text(response: Response<Body>) -> Bytes {
    let body = response.into_body().collect().await;
    body.expect("a whole body").to_bytes()
}

#[tokio::test]
async fn steps_are_answered_in_their_order_and_counted_down() {
    let mut service = Scripted::new([
        Step::status(503).header("retry-after", "7").body("later"),
        Step::ok("[1]"),
    ]);
    assert_eq!((service.calls(), service.remaining()), (0, 2));

    let first = send(&mut service, get("/a")).await.unwrap();
    assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(first.headers()["retry-after"], "7");
    assert_eq!(text(first).await, "later");
    assert_eq!((service.calls(), service.remaining()), (1, 1));

    let second = send(&mut service, get("/b")).await.unwrap();
    assert_eq!(second.status(), StatusCode::OK);
    assert_eq!(second.headers()["content-type"], "application/json");
    assert_eq!(text(second).await, "[1]");
    assert_eq!((service.calls(), service.remaining()), (2, 0));
}

#[tokio::test]
async fn clones_share_script_and_record() {
    let mut service = Scripted::new([Step::ok("1"), Step::ok("2")]);
    let mut clone = service.clone();
    let first = send(&mut service, get("/a")).await.unwrap();
    let second = send(&mut clone, get("/b")).await.unwrap();
    assert_eq!(
        (text(first).await, text(second).await),
        ("1".into(), "2".into())
    );
    assert_eq!((service.calls(), clone.calls()), (2, 2));
    assert_eq!((service.remaining(), clone.remaining()), (0, 0));
}

#[tokio::test]
#[should_panic(expected = "the script has no step for request 2")]
async fn running_out_of_steps_panics_and_says_at_which_request() {
    let mut service = Scripted::new([Step::ok("1")]);
    for _ in 0..2 {
        send(&mut service, get("/")).await.unwrap();
    }
}

#[tokio::test]
async fn an_error_is_the_one_of_the_script() {
    let mut service = Scripted::new([Step::error("no route")]);
    let error = send(&mut service, get("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "no route");
    assert_eq!(service.calls(), 1);
}

#[tokio::test]
async fn requests_are_recorded_with_all_that_they_have() {
    let mut service = Scripted::new([Step::ok("")]);
    let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("\"1\""))]);
    let mut request = Request::put("http://host/a?b=c")
        .version(Version::HTTP_2)
        .header("x-twice", "1")
        .header("x-twice", "2")
        .body(Body::chunks(["one ", "two"]).with_trailers(trailers.clone()))
        .unwrap();
    request.extensions_mut().insert(42_u8);
    send(&mut service, request).await.unwrap();

    let recorded = &service.requests()[0];
    assert_eq!(recorded.method, Method::PUT);
    assert_eq!(recorded.uri, "http://host/a?b=c");
    assert_eq!(recorded.version, Version::HTTP_2);
    let twice: Vec<_> = recorded.headers.get_all("x-twice").iter().collect();
    assert_eq!(twice, ["1", "2"]);
    assert_eq!(recorded.extensions.get(), Some(&42_u8));
    assert_eq!(recorded.body, "one two");
    assert_eq!(recorded.trailers, Some(trailers));
}

#[tokio::test(start_paused = true)]
async fn delays_pass_before_the_head_and_the_record_has_the_time_of_the_call() {
    let delay = Duration::from_millis(1500);
    let mut service = Scripted::new([Step::ok("1").delay(delay), Step::ok("2")]);
    let start = Instant::now();
    send(&mut service, get("/")).await.unwrap();
    assert_eq!(start.elapsed(), delay);
    send(&mut service, get("/")).await.unwrap();
    assert_eq!(start.elapsed(), delay);

    let times: Vec<_> = service
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    assert_eq!(times, [start, start + delay]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_was_seen_and_has_used_its_step() {
    let delay = Duration::from_secs(9);
    let mut service = Scripted::new([Step::ok("1").delay(delay), Step::ok("2")]);
    let call = send(&mut service, get("/dropped"));
    timeout(Duration::from_secs(1), call).await.unwrap_err();
    assert_eq!((service.calls(), service.remaining()), (1, 1));
    assert_eq!(service.requests()[0].uri, "/dropped");
}

#[tokio::test]
async fn a_call_that_is_never_polled_was_seen() {
    let mut service = Scripted::new([Step::ok("1")]);
    drop(service.call(get("/")));
    assert_eq!((service.calls(), service.remaining()), (1, 0));
}

#[tokio::test]
async fn an_early_answer_does_not_wait_for_the_body_and_has_none_of_it() {
    let mut service = Scripted::new([Step::status(413).early()]);
    let request = Request::new(Body::stalling_after(["some"]));
    let mut call = task::spawn(service.call(request));
    let response = assert_ready!(call.poll()).unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(service.requests()[0].body, "");
}

#[tokio::test]
async fn an_answer_that_is_not_early_waits_for_the_body() {
    let mut service = Scripted::new([Step::status(413)]);
    let request = Request::new(Body::stalling_after(["some"]));
    let mut call = task::spawn(service.call(request));
    assert_pending!(call.poll());
}

#[tokio::test]
async fn a_body_that_fails_is_the_error_unless_the_answer_is_early() {
    let mut service = Scripted::new([Step::ok("1"), Step::ok("2").early()]);
    let request = || Request::new(Body::failing_after(["some"], "torn"));
    let error = send(&mut service, request()).await.unwrap_err();
    assert_eq!(error.to_string(), "torn");
    assert_eq!(
        text(send(&mut service, request()).await.unwrap()).await,
        "2"
    );
}

#[tokio::test]
async fn answers_can_depend_on_the_request_and_its_body() {
    let mut service = Scripted::from_fn(|recorded| match recorded.uri.path() {
        "/echo" => Step::status(200).body(recorded.body.clone()),
        _ => Step::status(404),
    });
    let request = Request::post("/echo").body(Body::from("hello")).unwrap();
    assert_eq!(
        text(send(&mut service, request).await.unwrap()).await,
        "hello"
    );
    let missing = send(&mut service, get("/other")).await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!((service.calls(), service.remaining()), (2, 0));
}

#[tokio::test]
async fn responses_have_the_version_and_the_extensions_of_their_step() {
    let step = Step::ok("1").version(Version::HTTP_2).extension(42_u8);
    let response = send(&mut Scripted::new([step]), get("/")).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.extensions().get(), Some(&42_u8));
}

#[tokio::test(start_paused = true)]
async fn a_body_drips_at_the_pace_of_its_step() {
    let pause = Duration::from_millis(250);
    let step = Step::status(200).body_with(Body::drip(["a", "b", "c"], pause));
    let start = Instant::now();
    let response = send(&mut Scripted::new([step]), get("/")).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(text(response).await, "abc");
    assert_eq!(start.elapsed(), 3 * pause);
}

#[tokio::test]
async fn a_body_fails_after_what_came_before() {
    let step = Step::status(200).body_with(Body::failing_after(["a", "b"], "torn"));
    let response = send(&mut Scripted::new([step]), get("/")).await.unwrap();
    let mut body = response.into_body();
    for expected in ["a", "b"] {
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
    }
    assert_eq!(body.frame().await.unwrap().unwrap_err().to_string(), "torn");
    assert!(body.frame().await.is_none());
}

#[test]
fn lengths_are_told_beforehand_where_they_are_known() {
    let exact = |body: Body| http_body::Body::size_hint(&body).exact();
    assert_eq!(exact(Body::empty()), Some(0));
    assert_eq!(exact(Body::full("abc")), Some(3));
    assert_eq!(exact(Body::chunks(["abc"])), None);
    assert!(http_body::Body::is_end_stream(&Body::empty()));
    assert!(!http_body::Body::is_end_stream(&Body::full("abc")));
}

#[test]
fn it_may_cross_threads() {
    assert_send_sync::<Scripted>();
}
