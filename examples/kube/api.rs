//! As much of a Kubernetes API server as the example asks for, with faults in a fixed order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use outbound::auth::{Token, Tokens, from_fn};
use serde_json::{Value, json};

/// How often lists and creates were asked for.
#[derive(Default)]
struct Asked {
    lists: AtomicUsize,
    creates: AtomicUsize,
}

pub(crate) fn router() -> Router {
    let path = "/api/v1/namespaces/default/configmaps";
    Router::new()
        .route(path, get(list).post(create))
        .with_state(Arc::new(Asked::default()))
}

/// The first token is one that the server knows no longer.
pub(crate) fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let fetch = fetches.fetch_add(1, Relaxed) + 1;
        async move { Ok(Token::new(format!("token-{fetch}")).lives(Duration::from_secs(3600))) }
    }))
}

async fn list(
    State(asked): State<Arc<Asked>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let page = query.get("continue").map(String::as_str);
    let (names, next) = match page {
        None => (
            ["kube-root-ca.crt", "settings"].as_slice(),
            "after-settings",
        ),
        Some(_) => (["theme"].as_slice(), ""),
    };
    let fault = match asked.lists.fetch_add(1, Relaxed) {
        _ if headers
            .get(header::AUTHORIZATION)
            .is_none_or(|value| value != "Bearer token-2") =>
        {
            Some(401)
        }
        1 => Some(429),
        3 => Some(503),
        _ => None,
    };
    let what = format!("list from {}", page.unwrap_or("the start"));
    if let Some(status) = fault {
        return refuse(&what, status);
    }
    let items: Vec<_> = names
        .iter()
        .map(|name| json!({"metadata": {"name": name}}))
        .collect();
    answer(
        &what,
        200,
        json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"continue": next}, "items": items}),
    )
}

async fn create(State(asked): State<Arc<Asked>>, body: String) -> Response {
    let asked = asked.creates.fetch_add(1, Relaxed);
    let map: Value = serde_json::from_str(&body).unwrap_or_default();
    let name = map["metadata"]["name"]
        .as_str()
        .unwrap_or("what cannot be read");
    let what = format!("create {name} ({} bytes)", body.len());
    match (name, asked) {
        ("throttled", 0) => refuse(&what, 429),
        ("unavailable", _) => refuse(&what, 503),
        _ => answer(&what, 201, map),
    }
}

/// In the form that the API server gives to its errors.
fn refuse(what: &str, code: u16) -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": "", "message": ""});
    let mut response = answer(what, code, status);
    if code == 429 {
        // As its priority and fairness filter does.
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

fn answer(what: &str, status: u16, body: Value) -> Response {
    println!("  server: {what}: {status}");
    (StatusCode::from_u16(status).unwrap_or_default(), Json(body)).into_response()
}
