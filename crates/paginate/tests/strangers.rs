//! What an origin that is not the first, and is allowed, is given, and what is kept for the first.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use outbound_http::{BoxError, CrossOrigin, NoAuth, Origin};
use outbound_paginate::{NextUrl, OriginPolicy, PageErrorKind, PaginateLayer};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, Own, all, api, get, json};
#[tokio::test]
async fn the_first_origin_is_home_whatever_the_pages_before_said() {
    let other: Origin = "https://b.test".parse().unwrap();
    let api = api(|uri, _| {
        json(match uri {
            "https://api.test/a" => r#"{"next":"https://b.test/b"}"#,
            // Relative to the page that answered.
            "https://b.test/b" => r#"{"next":"c"}"#,
            "https://b.test/c" => r#"{"next":"https://api.test/d"}"#,
            "https://api.test/d" => r#"{"next":"https://c.test/e"}"#,
            _ => "{}",
        })
    });
    let layer = PaginateLayer::new(NextUrl::at("/next")).origin(OriginPolicy::Allow(vec![other]));
    let mut request = get("/a");
    request
        .headers_mut()
        .insert("authorization", HeaderValue::from_static("hunter2"));
    let (found, error) = all(layer.layer(api.clone()).oneshot(request).await.unwrap()).await;
    assert_eq!(error.unwrap().kind(), PageErrorKind::CrossOrigin);
    assert_eq!(found.len(), 4);
    let asked = api.asked();
    let away: Vec<_> = asked.iter().map(|asked| asked.cross_origin).collect();
    assert_eq!(
        away,
        [false, true, true, false],
        "at home again it is as before"
    );
    let trusted = asked
        .iter()
        .map(|asked| asked.headers.contains_key("authorization"));
    assert_eq!(trusted.collect::<Vec<_>>(), [true, false, false, true]);
}

#[tokio::test]
async fn an_allowed_stranger_gets_the_body_and_nothing_that_was_meant_for_home() {
    let sent: Arc<Mutex<Vec<Request<Body>>>> = Arc::default();
    let log = sent.clone();
    let service = service_fn(move |request: Request<Body>| {
        let first = log.lock().unwrap().is_empty();
        log.lock().unwrap().push(request);
        let body = if first {
            r#"{"next":"https://b.test/b"}"#
        } else {
            "{}"
        };
        async move { Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(body))) }
    });
    let mut request = Request::post("https://api.test/a")
        .header("authorization", "hunter2")
        .header("proxy-authorization", "hunter2")
        .header("cookie", "a=hunter2")
        .header("host", "api.test")
        .header("accept", "application/json")
        .body(Full::from("{\"q\":1}"))
        .unwrap();
    let mut key = HeaderValue::from_static("hunter2");
    key.set_sensitive(true);
    request.headers_mut().insert("x-api-key", key);
    request.extensions_mut().insert(Own);
    request.extensions_mut().insert(NoAuth);
    let other: Origin = "https://b.test".parse().unwrap();
    let layer = PaginateLayer::new(NextUrl::at("/next")).origin(OriginPolicy::Allow(vec![other]));
    let (found, error) = all(layer.layer(service).oneshot(request).await.unwrap()).await;
    assert!(error.is_none());
    assert_eq!(found.len(), 2);
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    let away = &sent[1];
    let names: Vec<_> = away
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(names, ["accept"]);
    assert!(away.extensions().get::<CrossOrigin>().is_some());
    assert!(away.extensions().get::<NoAuth>().is_some());
    assert!(away.extensions().get::<Own>().is_none());
    assert!(sent[0].extensions().get::<CrossOrigin>().is_none());
    assert_eq!(away.method(), "POST");
    let body = away.body().clone().collect().await.unwrap().to_bytes();
    assert_eq!(body, "{\"q\":1}");
}

#[tokio::test]
async fn among_allowed_origins_each_gets_what_is_meant_for_it_and_no_other_is_asked() {
    let sent: Arc<Mutex<Vec<Request<Body>>>> = Arc::default();
    let log = sent.clone();
    let nexts = [
        "https://b.test/b",
        "/c",
        "https://api.test/d",
        "https://evil.test/e",
    ];
    let service = service_fn(move |request: Request<Body>| {
        let body = format!(r#"{{"next":"{}"}}"#, nexts[log.lock().unwrap().len()]);
        log.lock().unwrap().push(request);
        async move { Ok::<_, BoxError>(json(body)) }
    });
    let mut request = get("/a");
    let token = HeaderValue::from_static("hunter2");
    request.headers_mut().insert("authorization", token);
    let other: Origin = "https://b.test".parse().unwrap();
    let layer = PaginateLayer::new(NextUrl::at("/next")).origin(OriginPolicy::Allow(vec![other]));
    let (found, error) = all(layer.layer(service).oneshot(request).await.unwrap()).await;
    assert_eq!(
        (found.len(), error.unwrap().kind()),
        (4, PageErrorKind::CrossOrigin)
    );
    let sent = sent.lock().unwrap();
    let asked: Vec<_> = sent
        .iter()
        .map(|request| {
            let stranger = request.extensions().get::<CrossOrigin>().is_some();
            let credential = request.headers().contains_key("authorization");
            (request.uri().to_string(), credential, stranger)
        })
        .collect();
    let expected = [
        ("https://api.test/a", true, false),
        ("https://b.test/b", false, true),
        ("https://b.test/c", false, true),
        ("https://api.test/d", true, false),
    ];
    assert_eq!(
        asked,
        expected.map(|(uri, own, away)| (uri.to_owned(), own, away))
    );
}
