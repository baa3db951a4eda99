//! As much of GitHub's API as the example asks for: 13 issues, faults in a fixed order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

const ISSUES: usize = 13;

type Asked = Arc<AtomicUsize>;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/repos/octo/demo/issues", get(issues))
        .route("/repos/octo/demo/issues/1/comments", post(comment))
        .with_state(Asked::default())
}

async fn issues(
    State(asked): State<Asked>,
    Query(query): Query<Vec<(String, usize)>>,
    headers: HeaderMap,
) -> Response {
    let parameter = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, n)| *n);
    let (size, page) = (
        parameter("per_page").unwrap_or(30),
        parameter("page").unwrap_or(1),
    );
    let what = format!("page {page}");
    let fault = match asked.fetch_add(1, Relaxed) {
        _ if headers
            .get(header::AUTHORIZATION)
            .is_none_or(|value| value != "Bearer a-token") =>
        {
            Some(401)
        }
        1 => Some(502),
        4 => Some(403),
        _ => None,
    };
    if let Some(status) = fault {
        return answer(&what, status, &json!({"message": "a fault"}));
    }
    let first = (page - 1) * size + 1;
    let last = (first + size - 1).min(ISSUES);
    let items: Vec<_> = (first..=last)
        .map(|number| json!({"number": number}))
        .collect();
    let mut response = answer(&what, 200, &items.into());
    if last < ISSUES {
        let host = headers[header::HOST].to_str().unwrap_or_default();
        let next = page + 1;
        let link = format!(
            "<http://{host}/repos/octo/demo/issues?per_page={size}&page={next}>; rel=\"next\""
        );
        if let Ok(link) = link.parse() {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

async fn comment(State(asked): State<Asked>, body: String) -> Response {
    // Seven requests went before: five pages, two of them twice.
    let status = match asked.fetch_add(1, Relaxed) {
        7 => 403,
        _ => 201,
    };
    let comment: Value = serde_json::from_str(&body).unwrap_or_default();
    answer(&format!("comment ({} bytes)", body.len()), status, &comment)
}

fn answer(what: &str, status: u16, body: &Value) -> Response {
    println!("  server: {what}: {status}");
    let mut response =
        (StatusCode::from_u16(status).unwrap_or_default(), Json(body)).into_response();
    if status == 403 {
        // What makes a 403 of GitHub's secondary rate limit one that may be retried.
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}
