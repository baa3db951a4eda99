//! A server that takes an upload the second time, and has moved elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, put};

pub(crate) fn router() -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let upload = move |headers: HeaderMap, body: String| async move {
        let token = headers.get(header::AUTHORIZATION);
        let status = match asked.fetch_add(1, Relaxed) {
            _ if token.is_none_or(|token| token != "Bearer a-token") => StatusCode::UNAUTHORIZED,
            0 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::CREATED,
        };
        println!("  server: upload of {body:?}: {status}");
        status
    };
    let elsewhere = [(header::LOCATION, "https://elsewhere.example/")];
    Router::new()
        .route("/upload", put(upload))
        .route("/moved", get(async move || (StatusCode::FOUND, elsewhere)))
}
