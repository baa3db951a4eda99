//! The API that the app depends on: busy at first, then sold out for an hour, slow, or odd.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(crate) fn router() -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let stock = move |Path(item): Path<String>, headers: HeaderMap| async move {
        let asked = asked.fetch_add(1, Relaxed);
        let token = headers.get(header::AUTHORIZATION);
        let response = match item.as_str() {
            _ if token.is_none_or(|token| token != "Bearer a-token") => {
                StatusCode::UNAUTHORIZED.into_response()
            }
            "pen" if asked == 0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            "pen" => json(r#"{"stock":5}"#),
            "ink" => {
                let later = [(header::RETRY_AFTER, "3600")];
                (StatusCode::SERVICE_UNAVAILABLE, later).into_response()
            }
            "map" => {
                println!("  upstream: {item}: sleeps");
                tokio::time::sleep(Duration::from_secs(3600)).await;
                StatusCode::OK.into_response()
            }
            _ => json(r#"{"stock":"many"}"#),
        };
        println!("  upstream: {item}: {}", response.status());
        response
    };
    Router::new().route("/stock/{item}", get(stock))
}

fn json(body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
