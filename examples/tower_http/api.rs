//! An API that compresses, that has moved, and that sends one of its callers away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

pub(crate) fn router(other: &str) -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let items = move |headers: HeaderMap| async move {
        let token = headers.get(header::AUTHORIZATION);
        match asked.fetch_add(1, Relaxed) {
            _ if token.is_none_or(|token| token != "Bearer a-token") => {
                StatusCode::UNAUTHORIZED.into_response()
            }
            0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => json(r#"{"items":["long enough to be worth it"]}"#).into_response(),
        }
    };
    let away = format!("{other}/public");
    let moved = |to: String| (StatusCode::FOUND, [(header::LOCATION, to)]);
    Router::new()
        .route("/items", get(items))
        .route("/old", get(async move || moved("/items".to_owned())))
        .route("/away", get(async move || moved(away)))
        .layer(CompressionLayer::new())
}

/// Of another origin, which is to see no credential.
pub(crate) fn other() -> Router {
    let public = async |headers: HeaderMap| match headers.get(header::AUTHORIZATION) {
        None => json(r#"{"items":[]}"#).into_response(),
        Some(_) => StatusCode::BAD_REQUEST.into_response(),
    };
    Router::new().route("/public", get(public))
}

fn json(body: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], body)
}
