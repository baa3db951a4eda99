//! Responses are held to the contract of their status and route, for clients and for servers.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod messages;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use outbound_http::{BodyTooLarge, CollectBody};
use outbound_schema::{
    Contracts, Mode, OtherMedia, Otherwise, Rejection, Routes, Side, Skipped, StatusClass,
    ValidateLayer, Violation,
};
use serde_json::{Value, json};
use test_support::{Body, Scripted, Step, Strict, send};
use tokio_test::{assert_pending, task};
use tower::{Layer, Service, ServiceBuilder, service_fn};

use self::messages::{Answer, get, json_of, named, outcome};

async fn answered(layer: ValidateLayer, step: Step) -> Answer {
    send(&mut layer.layer(Scripted::new([step])), get("https://h/a")).await
}

#[tokio::test]
async fn each_status_has_its_contract() {
    let contracts = Contracts::new()
        .status(StatusCode::CREATED, named("/created"))
        .class(StatusClass::Success, named("/success"))
        .class(StatusClass::ClientError, named("/client"));
    let with_rest = contracts.clone().otherwise(named("/rest"));
    for (status, alone, together) in [
        (200, "/success", "/success"),
        (201, "/created", "/created"),
        (404, "/client", "/client"),
        (503, "{}", "/rest"),
        (302, "{}", "/rest"),
        // No body of their own, or not the whole of it.
        (204, "{}", "{}"),
        (205, "{}", "{}"),
        (304, "{}", "{}"),
        (206, "{}", "{}"),
        (101, "{}", "{}"),
    ] {
        for (contracts, expected) in [(&contracts, alone), (&with_rest, together)] {
            let layer = ValidateLayer::new(contracts.clone());
            let found = outcome(answered(layer, json_of(status, "{}")).await).await;
            assert_eq!(found, expected, "{status}");
        }
    }
}

#[tokio::test]
async fn a_content_type_may_have_a_contract_of_its_own() {
    let contracts = Contracts::from(named("/success"))
        .status(StatusCode::CREATED, named("/created"))
        .media_type("text/json", named("/replaced"))
        .media_type("Text/JSON", named("/text"))
        .media_type("application/problem+json", named("/problem"));
    for (status, content_type, expected) in [
        (200, "application/json", "/success"),
        (200, "application/other+json", "/success"),
        (200, "application/problem+json", "/problem"),
        (404, "Application/Problem+JSON; charset=utf-8", "/problem"),
        (404, "application/json", "{}"),
        (200, "text/json", "/text"),
        (201, "application/problem+json", "/created"),
        (201, "text/json", "/created"),
        (204, "text/json", "{}"),
    ] {
        let step = Step::status(status).header("content-type", content_type);
        let layer = ValidateLayer::new(contracts.clone());
        let found = outcome(answered(layer, step.body("{}")).await).await;
        assert_eq!(found, expected, "{status} {content_type}");
    }
    // Its parameters are looked at all the same.
    let step = Step::status(200).header("content-type", "text/json; charset=latin1");
    let layer = ValidateLayer::new(contracts);
    assert!(answered(layer, step.body(r#"{"text":1}"#)).await.is_err());
}

#[tokio::test]
async fn a_part_of_a_body_is_held_to_a_contract_of_its_own_alone() {
    let contracts =
        Contracts::from(named("/whole")).status(StatusCode::PARTIAL_CONTENT, named("/part"));
    let layer = ValidateLayer::new(contracts);
    assert_eq!(
        outcome(answered(layer, json_of(206, "{}")).await).await,
        "/part"
    );
}

#[tokio::test]
async fn an_empty_body_passes_where_that_is_allowed() {
    let contracts = Contracts::from(named("/x")).allow_empty();
    for body in [Body::empty(), Body::chunks([""; 0])] {
        let step = json_of(200, "").body_with(body);
        let answer = answered(ValidateLayer::new(contracts.clone()), step).await;
        assert_eq!(outcome(answer).await, "");
    }
    let error = answered(ValidateLayer::new(named("/x")), Step::status(200)).await;
    let error = error.map(|_| ()).unwrap_err();
    let violation = error.downcast_ref::<Violation>().unwrap();
    assert_eq!(
        (violation.keyword(), violation.side()),
        ("json", Some(Side::Response))
    );
}

#[tokio::test]
async fn a_body_that_proves_to_be_empty_passes_where_that_is_allowed() {
    let contracts = Contracts::from(named("/x")).allow_empty();
    for mode in [Mode::Enforce, Mode::Report] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let layer = ValidateLayer::new(contracts.clone())
            .mode(mode)
            .on_violation(move |violation| {
                seen.lock().unwrap().push(violation.keyword().to_owned());
            });
        for encoding in ["identity", "gzip"] {
            let step = Step::status(200).header("content-encoding", encoding);
            let step = step.body_with(Body::chunks([""; 0]));
            assert_eq!(outcome(answered(layer.clone(), step).await).await, "");
        }
        assert_eq!(*told.lock().unwrap(), [""; 0], "{mode:?}");
        let step = Step::status(200).body_with(Body::chunks(["<p>"]));
        if let Ok(response) = answered(layer, step).await {
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "<p>");
        }
        assert_eq!(*told.lock().unwrap(), ["content-type"], "{mode:?}");
    }
}

#[tokio::test]
async fn other_media_pass_or_are_checked_if_that_was_asked_for() {
    let layer = ValidateLayer::new(named("/x"));
    let text = |body: &'static str| {
        Step::status(200)
            .header("content-type", "text/plain")
            .body(body)
    };
    let pass = layer.clone().other_media(OtherMedia::Pass);
    assert_eq!(outcome(answered(pass, text("<p>")).await).await, "<p>");
    let check = layer.other_media(OtherMedia::Check);
    assert_eq!(
        outcome(answered(check.clone(), text("{}")).await).await,
        "/x"
    );
    assert_eq!(
        outcome(answered(check, text(r#"{"x":1}"#)).await).await,
        r#"{"x":1}"#
    );
}

#[tokio::test]
async fn a_sample_checks_its_share_and_passes_the_rest() {
    let one_in_four = NonZeroU32::new(4).unwrap();
    // What its head alone refuses is passed as well.
    for content_type in ["application/json", "text/html"] {
        let skipped = Arc::new(Mutex::new(0));
        let count = Arc::clone(&skipped);
        let layer = ValidateLayer::new(named("/x"))
            .sample_seeded(one_in_four, 1)
            .on_skip(move |why| {
                assert_eq!(why, Skipped::NotSampled);
                *count.lock().unwrap() += 1;
            });
        let mut client = layer.layer(Scripted::from_fn(move |_| {
            json_of(200, "{}").header("content-type", content_type)
        }));
        let mut broken = 0;
        for _ in 0..400 {
            broken += usize::from(send(&mut client, get("https://h/")).await.is_err());
        }
        assert!((75..125).contains(&broken), "{content_type} {broken}");
        assert_eq!(*skipped.lock().unwrap(), 400 - broken);
    }
}

#[tokio::test]
async fn each_reason_to_skip_is_told() {
    let contracts = Contracts::new()
        .class(StatusClass::Success, named("/x"))
        .allow_empty();
    let routes = Routes::new().any_method("/a", contracts).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let layer = ValidateLayer::new(routes)
        .other_media(OtherMedia::Pass)
        .encoded(Otherwise::Pass)
        .limit(9)
        .mode(Mode::Report)
        .on_skip(move |why| seen.lock().unwrap().push(why.as_str()));
    for (path, step) in [
        ("/a", Step::status(204)),
        ("/a", json_of(206, "{")),
        ("/b", json_of(200, "{}")),
        ("/a", json_of(404, "{}")),
        ("/a", Step::status(200)),
        ("/a", Step::status(200).body("<p>")),
        ("/a", json_of(200, "{}").header("content-encoding", "br")),
        ("/a", json_of(200, r#"{"x":12345}"#)),
        (
            "/a",
            json_of(200, "").body_with(Body::failing_after(["{"], "cut")),
        ),
        ("/a", json_of(200, r#"{"x":1}"#)),
    ] {
        let mut client = layer.clone().layer(Scripted::new([step]));
        let response = send(&mut client, get(&format!("https://h{path}")))
            .await
            .unwrap();
        let _ = response.into_body().collect().await;
    }
    let mut head = get("https://h/a");
    *head.method_mut() = Method::HEAD;
    let mut client = layer.layer(Scripted::new([json_of(200, "")]));
    drop(send(&mut client, head).await.unwrap());
    assert_eq!(
        *told.lock().unwrap(),
        [
            "no_body",
            "partial",
            "no_route",
            "no_contract",
            "empty",
            "other_media",
            "encoded",
            "too_large",
            "unfinished",
            "no_body",
        ]
    );
}

/// How a server answers.
async fn served(step: Step, gateway: bool) -> (StatusCode, Bytes) {
    let layer = ValidateLayer::new(named("/x: integer")).limit(32);
    let layer = if gateway { layer.gateway() } else { layer };
    let mut server = layer
        .reject_with(Rejection::problem)
        .layer(Scripted::new([step]));
    let response = send(&mut server, get("/a")).await.unwrap();
    let (head, body) = response.into_parts();
    (head.status, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_server_withholds_its_own_broken_answer_and_tells_nothing_of_it() {
    for step in [
        json_of(200, r#"{"x":"canary"}"#),
        json_of(200, "canary"),
        json_of(200, ""),
        Step::status(200)
            .header("content-type", "canary/canary")
            .body("canary"),
        json_of(200, r#"{"x":1}"#).header("content-encoding", "canary"),
        json_of(200, "").body_with(Body::full(" ".repeat(33))),
        json_of(200, "").body_with(Body::chunks([" ".repeat(33)])),
    ] {
        let (status, body) = served(step, false).await;
        assert_eq!(status, 500);
        let problem: Value = serde_json::from_slice(&body).unwrap();
        let detail = "the response was withheld, for it breaks its contract";
        assert_eq!(
            problem,
            json!({"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": detail})
        );
    }
    let (status, body) = served(json_of(200, "{}"), true).await;
    assert_eq!(status, 502);
    assert!(body.starts_with(br#"{"type":"about:blank","title":"Bad Gateway","status":502,"#));
}

#[tokio::test]
async fn a_server_s_good_answers_pass_as_they_are() {
    for (step, status, expected) in [
        (json_of(200, r#"{"x": 1}"#), 200, r#"{"x": 1}"#),
        (json_of(404, "{}"), 404, "{}"),
        (Step::status(204), 204, ""),
    ] {
        let (found, body) = served(step, false).await;
        assert_eq!((found.as_u16(), &body[..]), (status, expected.as_bytes()));
    }
}

#[tokio::test]
async fn a_server_s_body_that_fails_fails_for_its_client_as_it_did() {
    let error = std::io::Error::other("cut");
    let step = json_of(200, "").body_with(Body::failing_after([r#"{"x""#, ":"], error));
    let mut server = ValidateLayer::new(named("/x"))
        .reject_with(Rejection::problem)
        .layer(Scripted::new([step]));
    let response = send(&mut server, get("/")).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, r#"{"x":"#);
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.is::<std::io::Error>(), "{error}");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_server_s_body_that_exceeds_a_limit_of_its_own_fails_for_its_client_as_it_did() {
    let own = CollectBody::new(Body::full("12345"), 3).await.unwrap_err();
    let step = json_of(200, "").body_with(Body::failing_after(["{"], own));
    let mut server = ValidateLayer::new(named("/x"))
        .reject_with(Rejection::problem)
        .layer(Scripted::new([step]));
    let response = send(&mut server, get("https://h/a")).await.unwrap();
    assert_eq!(response.status(), 200);
    let error = response.into_body().collect().await.unwrap_err();
    assert_eq!(error.downcast_ref::<BodyTooLarge>().unwrap().limit(), 3);
}

#[tokio::test]
async fn a_server_keeps_the_error_of_the_service_within() {
    let failing = service_fn(async |_: Request<Empty<Bytes>>| Err::<Response<Body>, _>(7_u8));
    let layer = ValidateLayer::new(named("/x"));
    let mut server = layer.reject_with(Rejection::problem).layer(failing);
    assert_eq!(send(&mut server, get("/")).await.unwrap_err(), 7);
}

#[tokio::test]
async fn a_server_s_dropped_call_gives_its_permit_back() {
    let stalled = Scripted::from_fn(|_| json_of(200, "").body_with(Body::stalling_after(["["])));
    let mut server = ServiceBuilder::new()
        .layer(ValidateLayer::new(named("/x")).reject_with(Rejection::problem))
        .concurrency_limit(1)
        .service(Strict::with(stalled));
    for _ in 0..3 {
        let mut call = task::spawn(send(&mut server, get("/")));
        assert_pending!(call.poll());
    }
    assert!(
        Service::<Request<Empty<Bytes>>>::poll_ready(
            &mut server,
            &mut std::task::Context::from_waker(std::task::Waker::noop())
        )
        .is_ready()
    );
}

#[tokio::test]
async fn both_sides_are_held_by_two_layers() {
    let contracts = Contracts::new()
        .request(named("/in"))
        .class(StatusClass::Success, named("/out"));
    let mut client = ServiceBuilder::new()
        .layer(ValidateLayer::new(contracts.clone()))
        .layer(ValidateLayer::requests(contracts))
        .service(Scripted::from_fn(|request| {
            let body = if request.body == r#"{"in":1}"# {
                "{}"
            } else {
                r#"{"out":1}"#
            };
            json_of(200, body)
        }));
    for (body, expected) in [
        ("{}", Err("/in")),
        (r#"{"in":1}"#, Err("/out")),
        (r#"{"in":2}"#, Ok(r#"{"out":1}"#)),
    ] {
        let request = Request::post("https://h/")
            .header("content-type", HeaderValue::from_static("application/json"))
            .body(Body::full(body))
            .unwrap();
        match (send(&mut client, request).await, expected) {
            (Ok(response), Ok(expected)) => {
                let body = response.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(body, expected);
            }
            (Err(error), Err(rule)) => {
                assert_eq!(error.downcast_ref::<Violation>().unwrap().schema(), rule);
            }
            (answer, expected) => panic!("{:?} {expected:?}", answer.map(|_| ())),
        }
    }
}
