//! The program of the README: it is the example `users`, and works.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use tower::ServiceExt;

#[allow(dead_code)] // Its `main` serves until it is ended.
#[path = "../users.rs"]
mod users;

#[derive(Clone)]
struct Api {
    calls: Arc<AtomicUsize>,
    last: Value,
}

/// Two pages; each is refused once.
async fn list(State(api): State<Api>, Query(query): Query<Value>, headers: HeaderMap) -> Response {
    assert_eq!(headers[header::AUTHORIZATION], "Bearer a-token");
    if api.calls.fetch_add(1, SeqCst) % 2 == 0 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if query["page"] == "2" {
        return Json(json!([api.last])).into_response();
    }
    let next = [(header::LINK, "</users?page=2>; rel=next")];
    let users = json!([{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]);
    (next, Json(users)).into_response()
}

/// What the program answers whose API has this user on its last page, and how often it asked.
async fn ask(last: Value) -> (StatusCode, Value, usize) {
    let calls = Arc::default();
    let api = Api {
        calls: Arc::clone(&calls),
        last,
    };
    let api = Router::new()
        .route("/users", routing::get(list))
        .with_state(api);
    let origin = outbound_examples::serve(api).await.unwrap();
    let app = users::app(&origin, "a-token").unwrap();
    let request = Request::get("/users").body(Body::empty()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    (parts.status, body, calls.load(SeqCst))
}

#[tokio::test]
async fn all_users_of_all_pages_through_retries() {
    let (status, users, calls) = ask(json!({"id": 3, "name": "C"})).await;
    assert_eq!(status, StatusCode::OK);
    let ids: Vec<_> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["id"])
        .collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(calls, 4);
}

#[tokio::test]
async fn a_user_without_a_name_breaks_the_contract() {
    let (status, problem, calls) = ask(json!({"id": 3})).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(problem["title"], "Bad Gateway");
    assert_eq!(calls, 4);
}

/// But for white space, and the commas that come with it, which the README has no room for.
fn dense(code: &str) -> String {
    let dense: String = code.split_whitespace().collect();
    dense.replace(",)", ")").replace(",}", "}")
}

#[test]
fn the_readme_holds_this_program_in_25_lines() {
    let readme = include_str!("../../README.md");
    // As a doctest it is compiled and not run, for it serves until it is ended.
    let program = readme.split("```rust,no_run\n").nth(1).unwrap();
    let program = program.split("```").next().unwrap();
    let example = include_str!("../users.rs");
    let code = example
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .collect::<Vec<_>>()
        .join("\n");
    // Only the test needs to see it from outside.
    assert_eq!(dense(program), dense(&code).replace("pub(crate)", ""));
    let lines = program.lines().filter(|line| !line.trim().is_empty());
    assert!(lines.count() <= 25);
}
