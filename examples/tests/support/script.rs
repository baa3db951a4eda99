//! A server that answers with what it is given, in that order, and keeps what it was asked.

// Each test is a crate of its own, and includes this.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

#[derive(Default)]
struct Script {
    answers: VecDeque<String>,
    asked: Vec<Asked>,
}

/// A request as it arrived.
#[derive(Clone)]
pub struct Asked {
    /// Method, path and query.
    pub line: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

pub struct Scripted {
    pub origin: String,
    script: Arc<Mutex<Script>>,
    _runtime: tokio::runtime::Runtime,
}

impl Scripted {
    /// Each answer is a status or a header a line, an empty line and the body, or a body alone.
    /// `{origin}` stands for the server's own.
    pub fn start(answers: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let answers = answers.iter();
        let script = Arc::new(Mutex::new(Script {
            answers: answers
                .map(|answer| answer.replace("{origin}", &origin))
                .collect(),
            asked: Vec::new(),
        }));
        let router = axum::Router::new()
            .fallback(answer)
            .with_state(script.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            origin,
            script,
            _runtime: runtime,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    /// Method, path and query of each request, and its body if it has one.
    pub fn lines(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        asked
            .map(|Asked { line, body, .. }| match body.is_empty() {
                true => line,
                false => format!("{line} {body}"),
            })
            .collect()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let mut script = script.lock().unwrap();
    script.asked.push(Asked {
        line: format!("{} {path}", parts.method),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).expect("UTF-8"),
    });
    let Some(answer) = script.answers.pop_front() else {
        let mut none = Response::new(Body::from("nothing more is scripted"));
        *none.status_mut() = StatusCode::IM_A_TEAPOT;
        return none;
    };
    let (head, body) = answer.split_once("\n\n").unwrap_or(("", &answer));
    let mut response = Response::new(Body::from(body.to_owned()));
    for line in head.lines() {
        match line.split_once(": ") {
            Some((name, value)) => {
                let name = HeaderName::try_from(name).expect("a name");
                let value = HeaderValue::try_from(value).expect("a value");
                response.headers_mut().append(name, value);
            }
            None => {
                *response.status_mut() = line.parse().expect("a status");
            }
        }
    }
    response
}
