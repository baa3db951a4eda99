//! What a server answers to a request that breaks its contract.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use outbound_schema::{Contract, Rejection, Side, ValidateLayer, ValidatedBody};
use serde_json::{Value, json};
use test_support::{Body, Scripted, send};
use tower::{Layer, service_fn};

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

/// How a server answers: status, content type, body.
async fn served(request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let mut server = ValidateLayer::requests(age())
        .limit(64)
        .reject_with(Rejection::problem)
        .layer(unreachable());
    let response = send(&mut server, request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        head.status,
        head.headers,
        serde_json::from_slice(&body).unwrap(),
    )
}

#[tokio::test]
async fn a_server_answers_with_a_problem() {
    let (status, headers, problem) = served(json(r#"{"age":"canary"}"#)).await;
    assert_eq!(status, 422);
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(
        problem,
        json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "the request body breaks its contract",
            "errors": [{"pointer": "#/age", "keyword": "type", "detail": "expected integer"}],
        })
    );
}

#[tokio::test]
async fn each_fault_has_its_status() {
    let with = |name: &'static str, value: &'static str| {
        let mut request = json(r#"{"age":1}"#);
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        request
    };
    let untyped = |body: Body| {
        let mut request = post(body);
        request.headers_mut().remove("content-type");
        request
    };
    for (request, status, keyword) in [
        (json("{"), 400, "json"),
        (json("{\"age\":1} {}"), 400, "json"),
        (json("\u{feff}{}"), 400, "json"),
        (
            post(Body::full(Bytes::from_static(
                b"{\"age\":1,\"x\":\"\xff\"}",
            ))),
            400,
            "json",
        ),
        (json(r#"{"age":1,"age":2}"#), 400, "json"),
        (json(" "), 400, "json"),
        (post(Body::empty()), 400, "json"),
        (untyped(Body::empty()), 400, "json"),
        (json("[]"), 422, "required"),
        (post(Body::full(" ".repeat(65))), 413, "size"),
        (
            post(Body::chunks([" ".repeat(33), " ".repeat(32)])),
            413,
            "size",
        ),
        (with("content-type", "text/plain"), 415, "content-type"),
        (
            with("content-type", "application/json;charset=latin1"),
            415,
            "content-type",
        ),
        (with("content-encoding", "gzip"), 415, "content-encoding"),
        (untyped(Body::full(r#"{"age":1}"#)), 415, "content-type"),
    ] {
        let (found, headers, problem) = served(request).await;
        assert_eq!(found, status, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["errors"][0]["keyword"], keyword, "{problem}");
        let accepts = (headers.get("accept"), headers.get("accept-encoding"));
        match (status, keyword) {
            (415, "content-type") => assert_eq!(accepts.0.unwrap(), "application/json"),
            (415, _) => assert_eq!(accepts.1.unwrap(), "identity"),
            _ => assert_eq!(accepts, (None, None)),
        }
    }
}

#[tokio::test]
async fn a_problem_names_all_that_was_looked_for_with_pointers_as_fragments() {
    let contract =
        Contract::required(["/a b: integer", "/%/x~1y", "/a\nb\u{2028}\\u000a"]).unwrap();
    let mut server = ValidateLayer::requests(contract.max_violations(9))
        .reject_with(Rejection::problem)
        .layer(unreachable());
    let response = send(&mut server, json(r#"{"a b":"","%":{}}"#))
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    let pointers = problem["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = pointers.map(|error| &error["pointer"]).collect();
    assert_eq!(
        pointers,
        ["#/a%20b", "#/%25/x~1y", "#/a%0Ab%E2%80%A8%5Cu000a"]
    );
}

#[tokio::test]
async fn a_server_s_own_answer_may_be_made_of_the_rejection() {
    let mut server = ValidateLayer::requests(age())
        .reject_with(|rejection| {
            assert_eq!(rejection.side(), Side::Request);
            let mut response =
                Response::new(Bytes::from(rejection.violation().instance().to_owned()));
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
            response
        })
        .layer(unreachable());
    let response = send(&mut server, json("{}")).await.unwrap();
    assert_eq!(response.status(), 418);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "/age"
    );
}

#[tokio::test]
async fn a_server_keeps_the_error_of_the_service_within() {
    let failing = service_fn(async |_: Request<ValidatedBody<Body>>| {
        Err::<Response<Full<Bytes>>, _>(std::fmt::Error)
    });
    let mut server = ValidateLayer::requests(age())
        .reject_with(Rejection::problem)
        .layer(failing);
    let outcome: Result<_, std::fmt::Error> = send(&mut server, json(r#"{"age":1}"#)).await;
    assert!(outcome.is_err());
    let outcome: Result<_, std::fmt::Error> = send(&mut server, json("{}")).await;
    assert_eq!(outcome.unwrap().status(), 422);
}

#[tokio::test]
async fn a_body_that_fails_reaches_the_server_as_it_came() {
    let seen = service_fn(async |request: Request<ValidatedBody<Body>>| {
        let mut body = request.into_body();
        let mut told = String::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => told += std::str::from_utf8(frame.data_ref().unwrap()).unwrap(),
                Err(error) => told += &format!("! {error} {}", error.is::<std::io::Error>()),
            }
        }
        assert!(body.is_end_stream());
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(told))))
    });
    let error = std::io::Error::other("cut");
    let body = Body::failing_after([r#"{"age""#, ":"], error);
    let mut server = ValidateLayer::requests(age())
        .reject_with(Rejection::problem)
        .layer(seen);
    let response = send(&mut server, post(body)).await.unwrap();
    let told = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(told, r#"{"age":! cut true"#);
}
