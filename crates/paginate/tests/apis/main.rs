//! The pagination of sixty real APIs, one row each: a strategy and a recorded exchange,
//! exactly the requests that must follow and the items that come out. Rows are numbered as in the
//! crate's list of schemes.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod counted;
mod links;
mod tokens;
mod urls;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use outbound_http::BoxError;
use outbound_paginate::{
    End, OnRepeat, OriginPolicy, PageError, PageErrorKind, PaginateLayer, Strategy,
};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

type Body = Full<Bytes>;
type AnyStrategy = Arc<dyn Strategy<Body> + Send + Sync>;

/// One API.
///
/// Requests are written as `METHOD URL`, a line for each header, an empty line and the
/// body; responses alike, without the first line or with a status in it. A URL without an
/// origin is at `https://api.test`.
struct Row {
    number: usize,
    api: &'static str,
    strategy: AnyStrategy,
    items: Option<&'static str>,
    layer: fn(PaginateLayer<AnyStrategy>) -> PaginateLayer<AnyStrategy>,
    asks: Vec<String>,
    answers: Vec<&'static str>,
    total: Option<u64>,
    end: Result<End, PageErrorKind>,
}

fn row(
    number: usize,
    api: &'static str,
    strategy: impl Strategy<Body> + Send + Sync + 'static,
) -> Row {
    Row {
        number,
        api,
        strategy: Arc::new(strategy),
        items: None,
        layer: |layer| layer,
        asks: Vec::new(),
        answers: Vec::new(),
        total: None,
        end: Ok(End::Complete),
    }
}

impl Row {
    /// Where the items are; the row is then drained by items too.
    fn items(self, pointer: &'static str) -> Self {
        Self {
            items: Some(pointer),
            ..self
        }
    }

    fn layer(self, layer: fn(PaginateLayer<AnyStrategy>) -> PaginateLayer<AnyStrategy>) -> Self {
        Self { layer, ..self }
    }

    fn rebased(self) -> Self {
        self.layer(|layer| layer.origin(OriginPolicy::Rebase))
    }

    fn on_repeat_end(mut self) -> Self {
        self.layer = |layer| layer.on_repeat(OnRepeat::End);
        self.end = Ok(End::Repeated);
        self
    }

    /// The next request; the first of them is the caller's.
    fn asks(mut self, request: &str) -> Self {
        self.asks.push(request.to_owned());
        self
    }

    fn answer(mut self, response: &'static str) -> Self {
        self.answers.push(response);
        self
    }

    /// How many items there are in all, as the last page that told said.
    fn tells(self, total: u64) -> Self {
        Self {
            total: Some(total),
            ..self
        }
    }

    /// The bodies of the pages of the list: of a row that fails the last answer is none.
    fn bodies(&self) -> Vec<&'static str> {
        let failed = usize::from(self.end.is_err());
        let answers = &self.answers[..self.answers.len() - failed];
        let responses = answers.iter().map(|answer| {
            let (head, body) = answer.split_once("\n\n").unwrap_or(("", answer));
            (!head.starts_with("416")).then_some(body)
        });
        responses.flatten().collect()
    }

    fn fails(self, kind: PageErrorKind) -> Self {
        Self {
            end: Err(kind),
            ..self
        }
    }
}

fn parse_request(text: &str) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
    let url = match url.starts_with('/') {
        true => format!("https://api.test{url}"),
        false => url.to_owned(),
    };
    let mut request = Request::new(Full::from(body.to_owned()));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    *request.uri_mut() = url.parse().unwrap();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::try_from(name).unwrap();
        request
            .headers_mut()
            .append(name, HeaderValue::try_from(value).unwrap());
    }
    request
}

fn parse_response(text: &'static str) -> Response<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or(("", text));
    let mut response = Response::new(Full::from(body));
    for line in head.lines() {
        match line.split_once(": ") {
            Some((name, value)) => {
                let name = HeaderName::try_from(name).unwrap();
                let value = HeaderValue::try_from(value).unwrap();
                response.headers_mut().append(name, value);
            }
            None if line.ends_with(':') => {
                let name = HeaderName::try_from(line.trim_end_matches(':')).unwrap();
                response
                    .headers_mut()
                    .append(name, HeaderValue::from_static(""));
            }
            None => *response.status_mut() = line.parse::<u16>().unwrap().try_into().unwrap(),
        }
    }
    response
}

/// A request as a row writes it.
async fn show(request: Request<Body>) -> String {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    let url = url.strip_prefix("https://api.test").unwrap_or(&url);
    let mut text = format!("{} {url}", parts.method);
    for (name, value) in &parts.headers {
        text.push_str(&format!("\n{name}: {}", value.to_str().unwrap()));
    }
    let body = body.collect().await.unwrap().to_bytes();
    if !body.is_empty() {
        text.push_str(&format!(
            "\n\n{}",
            String::from_utf8(body.to_vec()).unwrap()
        ));
    }
    text
}

async fn drain<T>(stream: impl Stream<Item = Result<T, PageError>>) -> (Vec<T>, Option<PageError>) {
    let mut stream = std::pin::pin!(stream);
    let mut got = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => got.push(item),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error is the end");
                return (got, Some(error));
            }
        }
    }
    (got, None)
}

/// The items of pages, as a parser finds them.
fn items_of(bodies: &[&str], pointer: &str) -> Vec<Value> {
    let lists = bodies.iter().map(|body| {
        let page: Value = serde_json::from_str(body).unwrap();
        match page.pointer(pointer).unwrap() {
            Value::Array(items) => items.clone(),
            other => {
                assert!(other.is_null());
                Vec::new()
            }
        }
    });
    lists.flatten().collect()
}

async fn check(row: &Row, by_items: bool) {
    let what = format!("{} {}, by items: {by_items}", row.number, row.api);
    let asked: Arc<Mutex<Vec<Request<Body>>>> = Arc::default();
    let answers: Arc<Mutex<VecDeque<_>>> =
        Arc::new(Mutex::new(row.answers.iter().copied().collect()));
    let log = asked.clone();
    let service = service_fn(move |request: Request<Body>| {
        log.lock().unwrap().push(request);
        let answer = answers.lock().unwrap().pop_front();
        let answer = answer
            .map(parse_response)
            .ok_or("no such request was recorded");
        async move { answer.map_err(BoxError::from) }
    });
    let mut layer = (row.layer)(PaginateLayer::new(row.strategy.clone()));
    if let Some(items) = row.items {
        layer = layer.items_at(items);
    }
    let first = parse_request(&row.asks[0]);
    let pages = layer.layer(service).oneshot(first).await.unwrap();
    let (error, end, total) = if by_items {
        let pointer = row.items.unwrap();
        let mut items = Box::pin(pages.items::<Value>(pointer));
        let (got, error) = drain(items.as_mut()).await;
        assert_eq!(got, items_of(&row.bodies(), pointer), "{what}");
        (error, items.end(), items.progress().total)
    } else {
        let mut pages = Box::pin(pages);
        let (got, error) = drain(pages.as_mut()).await;
        let got: Vec<_> = got
            .iter()
            .map(|page| std::str::from_utf8(&page.body).unwrap())
            .collect();
        assert_eq!(got, row.bodies(), "{what}");
        // Nothing that a next URL repeats of a credential is kept where the cursor is another.
        let checkpoint = pages.checkpoint().to_string();
        assert!(!checkpoint.contains("SECRET"), "{what}");
        (error, pages.end(), pages.progress().total)
    };
    assert_eq!(total.map(|total| total.n), row.total, "{what}");
    let ended = match error {
        Some(error) => Err(error.kind()),
        None => Ok(end.unwrap()),
    };
    let mut requests = Vec::new();
    let sent = std::mem::take(&mut *asked.lock().unwrap());
    for request in sent {
        requests.push(show(request).await);
    }
    assert_eq!(requests, row.asks, "{what}");
    assert_eq!(ended, row.end, "{what}");
}

fn rows() -> Vec<Row> {
    let mut rows = links::rows();
    rows.extend(urls::rows());
    rows.extend(tokens::rows());
    rows.extend(counted::rows());
    rows
}

#[tokio::test]
async fn each_exchange_is_followed_by_exactly_these_requests() {
    for row in rows() {
        check(&row, false).await;
        if row.items.is_some() {
            check(&row, true).await;
        }
    }
}

#[test]
fn there_is_a_row_for_each_of_the_sixty() {
    let mut numbers: Vec<usize> = rows().iter().map(|row| row.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}
