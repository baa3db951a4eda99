//! An API of three pages, in a router and on loopback.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response as AxumResponse};
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tower::{Service, ServiceExt};

/// Three pages of two items; each page is refused once for want of a token that is current,
/// and answered once with 503.
#[derive(Clone, Default)]
struct Api {
    asked: Arc<AtomicUsize>,
}

impl Api {
    fn router(&self) -> axum::Router {
        let api = self.clone();
        axum::Router::new().route(
            "/items",
            get(
                move |query: Query<HashMap<String, u64>>, headers: HeaderMap| {
                    let api = api.clone();
                    async move { api.page(query.0.get("page").copied().unwrap_or(1), &headers) }
                },
            )
            .post(|body: Bytes| async move {
                ([(header::CONTENT_TYPE, "application/json")], body)
            }),
        )
    }

    fn page(&self, page: u64, headers: &HeaderMap) -> AxumResponse {
        let asked = self.asked.fetch_add(1, SeqCst);
        if headers
            .get(header::AUTHORIZATION)
            .is_none_or(|value| value != "Bearer token-2")
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        if asked % 2 == 1 {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let next = format!("</items?page={}>; rel=\"next\"", page + 1);
        let items = format!("[{{\"id\":{}}},{{\"id\":{}}}]", page * 2 - 1, page * 2);
        let json = (header::CONTENT_TYPE, "application/json".to_owned());
        if page < 3 {
            ([json, (header::LINK, next)], items).into_response()
        } else {
            ([json], items).into_response()
        }
    }
}

/// Serves the API on loopback, over hyper.
pub(crate) async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Api::default().router();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    origin
}

/// A router takes its own body.
pub(crate) fn router() -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<axum::body::Body>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    Api::default()
        .router()
        .map_request(|request: Request<Full<Bytes>>| request.map(axum::body::Body::new))
}
