//! Requests are held to their contracts before a client sends them.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use outbound_http::{BodyTooLarge, BoxError, CollectBody};
use outbound_schema::{
    Contract, Contracts, Mode, OtherMedia, Otherwise, Requests, Side, Skipped, ValidateLayer,
    ValidatedBody, Violation,
};
use test_support::{Body, Scripted, Step, Strict, assert_send, assert_send_sync, send};
use tokio_test::{assert_pending, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

fn age() -> Contract {
    Contract::required(["/age: integer"]).unwrap()
}

fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("https://user:pw@api.test/users?key=canary")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

fn json(text: &'static str) -> Request<Body> {
    post(Body::full(text))
}

/// A service that must not be called.
fn unreachable() -> Scripted {
    Scripted::new([])
}

/// Sends through a client's layer.
async fn sent(
    layer: ValidateLayer<Requests>,
    request: Request<Body>,
) -> Result<Scripted, BoxError> {
    let api = Scripted::from_fn(|_| Step::ok("{}"));
    send(&mut layer.layer(api.clone()), request).await?;
    Ok(api)
}

async fn violation(request: Request<Body>) -> Violation {
    let mut client = ValidateLayer::requests(age()).layer(unreachable());
    let error = send(&mut client, request).await.map(|_| ()).unwrap_err();
    error
        .downcast_ref::<Violation>()
        .expect("a violation")
        .clone()
}

#[tokio::test]
async fn a_request_that_meets_its_contract_is_sent_as_it_is() {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("7"));
    let body = Body::chunks([r#"{"age"#, r#"":1}"#]).with_trailers(trailers.clone());
    let mut request = post(body);
    request.extensions_mut().insert(7_u8);
    request
        .headers_mut()
        .insert("x", HeaderValue::from_static("y"));
    let api = sent(ValidateLayer::requests(age()), request).await.unwrap();
    let requests = api.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body, r#"{"age":1}"#);
    assert_eq!(requests[0].trailers.as_ref(), Some(&trailers));
    assert_eq!(requests[0].extensions.get::<u8>(), Some(&7));
    assert_eq!(requests[0].headers["x"], "y");
    assert_eq!(requests[0].uri, "https://user:pw@api.test/users?key=canary");
}

#[tokio::test]
async fn the_same_bytes_are_sent_without_a_copy() {
    let whole = Bytes::from(r#"{"age":1}"#);
    let api = service_fn(async |request: Request<ValidatedBody<Full<Bytes>>>| {
        let hint = request.body().size_hint().exact();
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(format!(
            "{:?} {:?}",
            hint,
            body.as_ptr()
        )))))
    });
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(Full::new(whole.clone()))
        .unwrap();
    let mut client = ValidateLayer::requests(age()).layer(api);
    let response = send(&mut client, request).await.unwrap();
    let told = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(told, format!("Some(9) {:?}", whole.as_ptr()));
}

#[tokio::test]
async fn a_client_fails_before_anything_is_sent() {
    let violation = violation(json(r#"{"age":"canary"}"#)).await;
    assert_eq!(
        (violation.instance(), violation.keyword()),
        ("/age", "type")
    );
    assert_eq!(violation.side(), Some(Side::Request));
    assert_eq!(violation.status(), None);
    assert_eq!(violation.url(), Some("https://api.test/users"));
    assert_eq!(
        violation.to_string(),
        "the body breaks its contract (request to https://api.test/users) at /age, byte 7: type: \
         expected integer (rule /age: integer)"
    );
    assert!(!format!("{violation:?}").contains("canary"));
}

#[tokio::test]
async fn a_request_without_a_body_passes_where_its_method_needs_none() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"] {
        let mut request = post(Body::empty());
        *request.method_mut() = method.parse().unwrap();
        let api = sent(ValidateLayer::requests(age()), request).await.unwrap();
        assert_eq!(api.calls(), 1, "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "QUERY"] {
        let mut request = post(Body::empty());
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(violation(request).await.keyword(), "json", "{method}");
    }
    // With one, it is held to the contract whatever its method.
    let mut request = json("{}");
    *request.method_mut() = Method::DELETE;
    assert_eq!(violation(request).await.keyword(), "required");
}

#[tokio::test]
async fn an_empty_body_passes_where_that_is_allowed() {
    let optional = Contracts::new().request(age()).allow_empty();
    for body in [Body::empty(), Body::chunks([""; 0])] {
        let layer = ValidateLayer::requests(optional.clone());
        assert_eq!(sent(layer, post(body)).await.unwrap().calls(), 1);
    }
    assert!(
        sent(ValidateLayer::requests(optional), json(" "))
            .await
            .is_err()
    );
}

/// One whose head does not show that it is empty.
fn unannounced(method: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri("https://api.test/");
    request.body(body).unwrap()
}

#[tokio::test]
async fn a_body_that_proves_to_be_empty_passes_where_that_is_allowed() {
    let nothing = || Body::chunks([""; 0]);
    let optional = Contracts::new().request(age()).allow_empty();
    for mode in [Mode::Enforce, Mode::Report] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let layer = |contracts: Contracts| {
            let seen = Arc::clone(&seen);
            ValidateLayer::requests(contracts)
                .mode(mode)
                .on_violation(move |violation| {
                    seen.lock().unwrap().push(violation.keyword().to_owned());
                })
        };
        let request = unannounced("POST", nothing());
        assert!(sent(layer(optional.clone()), request).await.is_ok());
        let request = unannounced("GET", nothing());
        assert!(sent(layer(age().into()), request).await.is_ok());
        assert_eq!(*told.lock().unwrap(), [""; 0], "{mode:?}");

        // A body that is one still needs a content type, and another method a body.
        let _ = sent(
            layer(optional.clone()),
            unannounced("POST", Body::full("x")),
        )
        .await;
        let _ = sent(
            layer(optional.clone()),
            unannounced("POST", Body::chunks(["x"])),
        )
        .await;
        let _ = sent(layer(age().into()), unannounced("GET", Body::chunks(["x"]))).await;
        let _ = sent(layer(age().into()), unannounced("POST", nothing())).await;
        assert_eq!(*told.lock().unwrap(), ["content-type"; 4], "{mode:?}");
    }
}

#[tokio::test]
async fn only_the_request_s_contract_counts() {
    let responses_alone = Contracts::new().otherwise(age());
    let api = sent(ValidateLayer::requests(responses_alone), json("[]"))
        .await
        .unwrap();
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn a_body_that_fails_fails_the_call_of_a_client() {
    let body = Body::failing_after([r#"{"age""#], "cut");
    let mut client = ValidateLayer::requests(age()).layer(unreachable());
    let error = send(&mut client, post(body)).await.map(|_| ()).unwrap_err();
    assert!(!error.is::<Violation>());
    assert_eq!(error.to_string(), "cut");
}

#[tokio::test]
async fn a_body_s_own_limit_is_its_error_and_no_violation() {
    let own = CollectBody::new(Body::full("12345"), 3).await.unwrap_err();
    let mut client = ValidateLayer::requests(age()).layer(unreachable());
    let body = Body::failing_after(["{"], own);
    let error = send(&mut client, post(body)).await.map(|_| ()).unwrap_err();
    assert_eq!(error.downcast_ref::<BodyTooLarge>().unwrap().limit(), 3);
}

#[tokio::test]
async fn a_report_sends_each_frame_as_it_comes() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let layer = ValidateLayer::requests(age())
        .mode(Mode::Report)
        .on_violation(move |violation| lines.lock().unwrap().push(violation.to_string()));
    let body = Body::chunks([r#"{"age"#, r#"":"1"}"#]);
    let api = sent(layer.clone(), post(body)).await.unwrap();
    assert_eq!(api.requests()[0].body, r#"{"age":"1"}"#);
    assert_eq!(told.lock().unwrap().len(), 1);

    let mut text = json("{}");
    text.headers_mut()
        .insert("content-type", HeaderValue::from_static("text/plain"));
    assert_eq!(sent(layer, text).await.unwrap().calls(), 1);
    assert!(told.lock().unwrap()[1].contains("content-type"));
}

#[tokio::test]
async fn the_instance_that_was_polled_ready_is_called() {
    let strict = Strict::with(Scripted::from_fn(|_| Step::ok("{}")));
    let handle = strict.handle();
    let mut client = ValidateLayer::requests(age()).layer(strict);
    for request in [
        json(r#"{"age":1}"#),
        post(Body::chunks([r#"{"age":"#, "1}"])),
    ] {
        send(&mut client, request).await.unwrap();
    }
    assert!(send(&mut client, json("{}")).await.is_err());
    assert_eq!((handle.calls(), handle.readied()), (2, 3));
}

#[tokio::test]
async fn a_dropped_call_gives_its_permit_back_and_sends_nothing() {
    let api = Scripted::from_fn(|_| Step::ok("{}"));
    let mut client = ServiceBuilder::new()
        .layer(ValidateLayer::requests(age()))
        .concurrency_limit(1)
        .service(Strict::with(api.clone()));
    for _ in 0..3 {
        let mut call = task::spawn(send(&mut client, post(Body::stalling_after(["{"]))));
        assert_pending!(call.poll());
    }
    assert!(send(&mut client, json(r#"{"age":1}"#)).await.is_ok());
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn a_request_that_is_refused_gives_its_permit_back() {
    let mut client = ServiceBuilder::new()
        .layer(ValidateLayer::requests(age()))
        .concurrency_limit(1)
        .service(unreachable());
    let mut other = client.clone();
    let mut text = json("{}");
    text.headers_mut()
        .insert("content-type", HeaderValue::from_static("text/plain"));
    for (refused, by) in [(json("{}"), "its body"), (text, "its head")] {
        assert!(send(&mut client, refused).await.is_err());
        let mut ready = task::spawn(ServiceExt::<Request<Body>>::ready(&mut other));
        assert!(ready.poll().is_ready(), "by {by}");
        drop(ready);
        other = client.clone();
    }
}

#[test]
fn futures_and_services_cross_threads() {
    let mut client = ValidateLayer::requests(age()).layer(Scripted::new([]));
    assert_send(&client.call(json("{}")));
    assert_send_sync::<ValidateLayer<Requests>>();
}

#[tokio::test]
async fn a_content_type_may_have_a_contract_of_its_own() {
    let merge = Contract::required(["/merge"]).unwrap();
    let contracts = Contracts::new()
        .request(age())
        .media_type("application/merge-patch+json", merge.clone())
        .media_type(" text/x ; charset=utf-8", merge);
    let layer = ValidateLayer::requests(contracts);
    for (content_type, body, is_met) in [
        ("application/json", r#"{"age":1}"#, true),
        ("application/json", r#"{"merge":1}"#, false),
        ("application/merge-patch+json", r#"{"merge":1}"#, true),
        ("application/merge-patch+json", r#"{"age":1}"#, false),
        ("text/x; charset=utf-8", r#"{"merge":1}"#, true),
        ("text/x; charset=utf-8", r#"{"age":1}"#, false),
        ("text/x", r#"{"age":1}"#, false),
    ] {
        let mut request = json(body);
        let value = HeaderValue::from_static(content_type);
        request.headers_mut().insert("content-type", value);
        let outcome = sent(layer.clone(), request).await;
        assert_eq!(outcome.is_ok(), is_met, "{content_type} {body}");
    }
}

#[tokio::test]
async fn other_media_and_encodings_pass_or_are_checked_if_that_was_asked_for() {
    let skipped = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&skipped);
    let layer = ValidateLayer::requests(age()).on_skip(move |why| seen.lock().unwrap().push(why));
    let text = |body: &'static str| {
        let mut request = json(body);
        request
            .headers_mut()
            .insert("content-type", HeaderValue::from_static("text/plain"));
        request
    };
    let pass = layer.clone().other_media(OtherMedia::Pass);
    assert!(sent(pass, text("x")).await.is_ok());
    let check = layer.clone().other_media(OtherMedia::Check);
    assert!(sent(check.clone(), text(r#"{"age":1}"#)).await.is_ok());
    assert!(sent(check, text("x")).await.is_err());
    let mut zipped = json("zip");
    zipped
        .headers_mut()
        .insert("content-encoding", HeaderValue::from_static("gzip"));
    assert!(sent(layer.encoded(Otherwise::Pass), zipped).await.is_ok());
    assert_eq!(
        *skipped.lock().unwrap(),
        [Skipped::OtherMedia, Skipped::Encoded]
    );
}
