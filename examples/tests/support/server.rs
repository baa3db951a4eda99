//! An API that a test answers for, and that remembers what it was asked.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test is a crate of its own, and includes this.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use serde_json::json;

use crate::support::Run;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization")?.to_str().ok()
    }

    pub fn is_fetch(&self) -> bool {
        self.path.starts_with("/token")
    }
}

pub struct Server {
    pub origin: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Answers each request with what `answer` says, which also sees those before it.
    pub fn start<F>(answer: F) -> Self
    where
        F: Fn(&[Seen], &Seen) -> Response<Body> + Clone + Send + Sync + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let list = Arc::clone(&seen);
        let router = axum::Router::new().fallback(move |request: Request| {
            let (answer, list) = (answer.clone(), Arc::clone(&list));
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                let seen = Seen {
                    path: head.uri.to_string(),
                    headers: head.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                };
                let mut list = list.lock().unwrap();
                let response = answer(&list, &seen);
                list.push(seen);
                response
            }
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            origin,
            seen,
            _runtime: runtime,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub fn fetches(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.retain(Seen::is_fetch);
        seen
    }

    /// What reached the API.
    pub fn sends(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.retain(|seen| !seen.is_fetch());
        seen
    }
}

pub fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// A new token with each fetch.
pub fn token(seen: &[Seen], lifetime: f64) -> Response<Body> {
    let number = seen.iter().filter(|seen| seen.is_fetch()).count() + 1;
    let body = json!({ "access_token": format!("t{number}"), "expires_in": lifetime });
    respond(200, &[], body.to_string())
}

/// The path's page, which links to the next of three.
pub fn page(path: &str) -> Response<Body> {
    let number: u32 = path.trim_start_matches("/p").parse().unwrap_or(1);
    let next = format!("</p{}>; rel=next", number + 1);
    let headers = [("link", &*next)];
    let headers = if number < 3 { &headers[..] } else { &[] };
    respond(200, headers, format!("[{number}]"))
}

/// Panics unless `run` wrote what stands on the three [`page`]s.
#[track_caller]
pub fn assert_drained(run: &Run) {
    let lines: Vec<_> = run.lines.iter().map(String::as_str).collect();
    assert_eq!(
        (run.code, &*lines),
        (Some(0), &["1", "2", "3"][..]),
        "{}",
        run.stderr
    );
}
