//! Which contract a message is held to, by method, path and anything else in a request's head.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod messages;

use http::{HeaderValue, Method, Request};
use http_body_util::BodyExt;
use outbound_http::BoxError;
use outbound_schema::{
    Contract, Contracts, Otherwise, Rejection, Requests, Routes, Selector, ValidateLayer, Violation,
};
use serde_json::Value;
use test_support::{Body, Scripted, Step, send};
use tower::Layer;

use self::messages::{get, json_of, named, outcome};

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

/// Sends through a client's layer.
async fn sent(
    layer: ValidateLayer<Requests>,
    request: Request<Body>,
) -> Result<Scripted, BoxError> {
    let api = Scripted::from_fn(|_| Step::ok("{}"));
    send(&mut layer.layer(api.clone()), request).await?;
    Ok(api)
}

#[tokio::test]
async fn routes_have_contracts_of_their_own() {
    let of = |name: &str| Contracts::new().request(Contract::required([name]).unwrap());
    let routes = Routes::new()
        .route(Method::POST, "/users", of("/create"))
        .and_then(|routes| routes.route(Method::PUT, "/users/{id}", of("/replace")))
        .and_then(|routes| routes.any_method("/users/{id}", of("/any")))
        .and_then(|routes| routes.any_method("/users/me", of("/me")))
        .unwrap();
    for (method, path, expected) in [
        ("POST", "/users", Some("/create")),
        ("POST", "/users?x=/users/1", Some("/create")),
        ("PUT", "/users/1", Some("/replace")),
        ("POST", "/users/1", Some("/any")),
        ("PUT", "/users/me", Some("/me")),
        ("PUT", "/%75sers/%6De", Some("/me")),
        ("PUT", "/users", None),
        ("POST", "/users/", None),
        ("POST", "/Users", None),
    ] {
        for unmatched in [Otherwise::Pass, Otherwise::Refuse] {
            let mut request = json("{}");
            *request.method_mut() = method.parse().unwrap();
            *request.uri_mut() = path.parse().unwrap();
            let mut server = ValidateLayer::requests(routes.clone().unmatched(unmatched))
                .reject_with(Rejection::problem)
                .layer(Scripted::from_fn(|_| Step::status(204)));
            let response = send(&mut server, request).await.unwrap();
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            match (expected, unmatched) {
                (Some(pointer), _) => {
                    let problem: Value = serde_json::from_slice(&body).unwrap();
                    assert_eq!(problem["errors"][0]["pointer"], format!("#{pointer}"));
                    assert_eq!(status, 422);
                }
                (None, Otherwise::Pass) => assert_eq!(status, 204, "{method} {path}"),
                (None, Otherwise::Refuse) => assert_eq!(status, 404, "{method} {path}"),
            }
        }
    }
}

#[test]
fn a_route_that_is_none_or_is_there_already_is_refused_and_named() {
    let routes = || {
        Routes::new()
            .route(Method::GET, "/a/{x}", Contract::any())
            .unwrap()
    };
    for template in ["a", "/a/{y}"] {
        let error = routes()
            .route(Method::GET, template, Contract::any())
            .unwrap_err();
        assert_eq!(error.pointer(), template);
    }
    assert!(
        routes()
            .route(Method::PUT, "/a/{y}", Contract::any())
            .is_ok()
    );
    assert!(routes().any_method("/a/{y}", Contract::any()).is_ok());
}

#[tokio::test]
async fn a_closure_chooses_by_the_whole_head() {
    let selector = Selector::from_fn(|head| {
        let version = head.headers.get("api-version")?;
        (version == "2").then(|| age().into())
    });
    let layer = ValidateLayer::requests(selector);
    assert!(sent(layer.clone(), json("{}")).await.is_ok());
    let mut second = json("{}");
    second
        .headers_mut()
        .insert("api-version", HeaderValue::from_static("2"));
    assert!(sent(layer, second).await.is_err());
}

#[tokio::test]
async fn each_route_has_its_contract() {
    let routes = Routes::new()
        .route(Method::GET, "/a", named("/list"))
        .and_then(|routes| routes.route(Method::GET, "/a/{id}", named("/one")))
        .unwrap();
    let refusing = routes.clone().unmatched(Otherwise::Refuse);
    for (path, expected) in [("/a", Some("/list")), ("/a/1", Some("/one")), ("/b", None)] {
        for routes in [&routes, &refusing] {
            let api = Scripted::new([json_of(200, "{}")]);
            let mut client = ValidateLayer::new(routes.clone()).layer(api);
            let answer = send(&mut client, get(&format!("https://h{path}"))).await;
            match (expected, answer) {
                (Some(rule), answer) => assert_eq!(outcome(answer).await, rule),
                (None, Ok(_)) => {}
                (None, Err(error)) => {
                    assert_eq!(
                        error.downcast_ref::<Violation>().unwrap().keyword(),
                        "route"
                    );
                }
            }
        }
    }
    let api = Scripted::new([json_of(200, "{}"), Step::status(204)]);
    let mut client = ValidateLayer::new(refusing).layer(api);
    assert!(send(&mut client, get("https://h/b")).await.is_err());
    assert!(
        send(&mut client, get("https://h/b")).await.is_ok(),
        "no body"
    );
}

#[tokio::test]
async fn a_closure_chooses_by_the_request() {
    let layer = ValidateLayer::new(Selector::from_fn(|head| {
        let strict = head.extensions.get::<bool>()?;
        strict.then(|| named("/x").into())
    }));
    for (strict, expected) in [(None, "{}"), (Some(false), "{}"), (Some(true), "/x")] {
        let mut request = get("https://h/");
        if let Some(strict) = strict {
            request.extensions_mut().insert(strict);
        }
        let mut client = layer.clone().layer(Scripted::new([json_of(200, "{}")]));
        assert_eq!(outcome(send(&mut client, request).await).await, expected);
    }
}
