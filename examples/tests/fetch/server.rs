//! An API with a list in every form, which remembers what it was sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

/// Sends of one run, as the server saw them: path with query, and the headers.
type Seen = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

pub(crate) struct Server {
    origin: String,
    seen: Seen,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let seen = Seen::default();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let router = router(&origin, &seen);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            origin,
            seen,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(path, _)| path.clone())
            .collect()
    }

    pub(crate) fn sends(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn header(&self, send: usize, name: &str) -> Option<String> {
        self.seen.lock().unwrap()[send].1.get(name).cloned()
    }
}

async fn record(
    State(seen): State<Seen>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or("", |path| path.as_str())
        .to_owned();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    seen.lock().unwrap().push((path, headers));
    next.run(request).await
}

fn page(numbers: std::ops::Range<u64>) -> Vec<Value> {
    numbers.map(|id| json!({ "id": id })).collect()
}

type Params = Query<HashMap<String, String>>;

fn number(params: &Params, name: &str, default: u64) -> u64 {
    params
        .get(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn router(origin: &str, seen: &Seen) -> axum::Router {
    let elsewhere = "http://127.0.0.2:9/items".to_owned();
    let own = origin.to_owned();
    axum::Router::new()
        .route(
            "/link",
            get(|params: Params| async move {
                let slow = number(&params, "slow", 0);
                tokio::time::sleep(Duration::from_millis(slow)).await;
                let page_number = number(&params, "page", 1);
                let items = axum::Json(page(page_number * 2 - 2..page_number * 2));
                if page_number < 3 {
                    let next = format!(
                        "</first>; rel=\"first\", </link?page={}&slow={slow}>; rel=\"next\"",
                        page_number + 1
                    );
                    ([(header::LINK, next)], items).into_response()
                } else {
                    items.into_response()
                }
            }),
        )
        .route(
            "/url",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let next = (page_number < 3).then(|| format!("/url?page={}", page_number + 1));
                axum::Json(
                    json!({ "items": page(page_number * 2 - 2..page_number * 2), "next": next }),
                )
            }),
        )
        .route(
            "/url-header",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let items = axum::Json(page(page_number * 2 - 2..page_number * 2));
                if page_number < 3 {
                    (
                        [("x-next", format!("/url-header?page={}", page_number + 1))],
                        items,
                    )
                        .into_response()
                } else {
                    items.into_response()
                }
            }),
        )
        .route(
            "/token",
            get(|params: Params| async move {
                let at = number(&params, "cursor", 0);
                let cursor = (at < 4).then(|| (at + 2).to_string());
                axum::Json(json!({ "items": page(at..at + 2), "cursor": cursor, "more": at < 4 }))
            }),
        )
        .route(
            "/page",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let items = if page_number <= 3 {
                    page(page_number * 2 - 2..page_number * 2)
                } else {
                    Vec::new()
                };
                axum::Json(json!({ "items": items, "count": 6, "pages": 3 }))
            }),
        )
        .route(
            "/offset",
            get(|params: Params| async move {
                let offset = number(&params, "offset", 0).min(6);
                let limit = number(&params, "limit", 100).min(2); // clamped, as many servers do
                axum::Json(json!({ "items": page(offset..(offset + limit).min(6)) }))
            }),
        )
        .route(
            "/whole",
            get(|| async { "{ \"b\" : 1.0,\n \"a\" : \"x y\", \"b\" : 2 }".to_owned() }),
        )
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/html", get(|| async { "<p>" }))
        .route(
            "/flaky",
            get({
                let calls = Arc::new(Mutex::new(0));
                move || {
                    let calls = Arc::clone(&calls);
                    async move {
                        let mut calls = calls.lock().unwrap();
                        *calls += 1;
                        if *calls < 3 {
                            StatusCode::SERVICE_UNAVAILABLE.into_response()
                        } else {
                            axum::Json(json!([1])).into_response()
                        }
                    }
                }
            }),
        )
        .route(
            // Asks once for a pause of so many seconds.
            "/busy/{seconds}",
            get({
                let calls = Arc::new(Mutex::new(0));
                move |axum::extract::Path(seconds): axum::extract::Path<String>| {
                    let calls = Arc::clone(&calls);
                    async move {
                        let mut calls = calls.lock().unwrap();
                        *calls += 1;
                        if *calls == 1 {
                            let pause = [(header::RETRY_AFTER, seconds)];
                            (StatusCode::SERVICE_UNAVAILABLE, pause).into_response()
                        } else {
                            axum::Json(page(0..6)).into_response()
                        }
                    }
                }
            }),
        )
        .route(
            "/status/{code}",
            any(
                |axum::extract::Path(code): axum::extract::Path<u16>| async move {
                    StatusCode::from_u16(code).expect("a status")
                },
            ),
        )
        .route("/echo", post(|body: String| async move { body }))
        .route(
            "/stray",
            get(move || async move {
                (
                    [(header::LINK, format!("<{elsewhere}>; rel=\"next\""))],
                    axum::Json(page(0..2)),
                )
            }),
        )
        .route(
            "/loop",
            get(|params: Params| async move {
                let at = number(&params, "c", 0);
                axum::Json(json!({ "items": [{ "id": at }], "next": ((at + 1) % 2).to_string() }))
            }),
        )
        .route("/same", get(|| async { axum::Json(json!([{ "id": 1 }])) }))
        .route(
            "/redirect",
            get(|| async { Redirect::temporary("/link?page=3") }),
        )
        .route(
            "/leave",
            get(move || async move {
                // Another origin: the same server under another name.
                Redirect::temporary(&own.replace("127.0.0.1", "localhost")).into_response()
            }),
        )
        .route("/", get(|| async { axum::Json(json!([1])) }))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_secs(30)).await }),
        )
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(seen),
            record,
        ))
}
