//! An API made of a function, and what it was asked.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use outbound_http::BoxError;
use outbound_paginate::{PageError, PageErrorKind, Pages, Paginate, PaginateLayer, Strategy};
use tower::{Layer, Service, ServiceExt};

pub(crate) type Body = Full<Bytes>;

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) cross_origin: bool,
    pub(crate) extension: bool,
}

/// An extension of the caller's.
#[derive(Clone)]
pub(crate) struct Own;

/// Answers with what `answer` makes of the URI and of the number of requests before.
pub(crate) struct Api<RB = Body> {
    answer: Arc<dyn Fn(&str, usize) -> Result<Response<RB>, BoxError> + Send + Sync>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

pub(crate) fn api(answer: impl Fn(&str, usize) -> Response<Body> + Send + Sync + 'static) -> Api {
    try_api(move |uri, n| Ok(answer(uri, n)))
}

pub(crate) fn try_api<RB>(
    answer: impl Fn(&str, usize) -> Result<Response<RB>, BoxError> + Send + Sync + 'static,
) -> Api<RB> {
    Api {
        answer: Arc::new(answer),
        asked: Arc::default(),
    }
}

impl<RB> Clone for Api<RB> {
    fn clone(&self) -> Self {
        Self {
            answer: self.answer.clone(),
            asked: self.asked.clone(),
        }
    }
}

impl<RB> Api<RB> {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The path and query of each request.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked()
            .into_iter()
            .map(|asked| asked.uri.replace("https://api.test", ""))
            .collect()
    }

    pub(crate) fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl<B, RB> Service<Request<B>> for Api<RB> {
    type Response = Response<RB>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<RB>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut asked = self.asked.lock().unwrap();
        let uri = request.uri().to_string();
        asked.push(Asked {
            uri: uri.clone(),
            headers: request.headers().clone(),
            cross_origin: request
                .extensions()
                .get::<outbound_http::CrossOrigin>()
                .is_some(),
            extension: request.extensions().get::<Own>().is_some(),
        });
        let n = asked.len() - 1;
        drop(asked);
        std::future::ready((self.answer)(&uri, n))
    }
}

pub(crate) fn json(body: impl Into<String>) -> Response<Body> {
    Response::new(Full::from(body.into()))
}

pub(crate) fn linked(body: impl Into<String>, link: &str) -> Response<Body> {
    let mut response = json(body);
    response.headers_mut().insert("link", link.parse().unwrap());
    response
}

pub(crate) fn get(path: &str) -> Request<Body> {
    let uri = if path.starts_with('/') {
        format!("https://api.test{path}")
    } else {
        path.to_owned()
    };
    Request::get(uri).body(Full::default()).unwrap()
}

pub(crate) async fn pages<P, RB>(
    api: &Api<RB>,
    layer: PaginateLayer<P>,
    path: &str,
) -> Pin<Box<Pages<Api<RB>, P, Body, RB>>>
where
    P: Strategy<Body> + Clone,
{
    let service: Paginate<_, _> = layer.layer(api.clone());
    Box::pin(service.oneshot(get(path)).await.unwrap())
}

/// All that a stream gives.
pub(crate) async fn all<T>(
    stream: impl Stream<Item = Result<T, PageError>>,
) -> (Vec<T>, Option<PageError>) {
    let mut stream = std::pin::pin!(stream);
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                over(stream).await;
                return (items, Some(error));
            }
        }
    }
    over(stream).await;
    (items, None)
}

/// There is nothing behind an end, however often one asks.
async fn over<T>(mut stream: Pin<&mut impl Stream<Item = Result<T, PageError>>>) {
    for _ in 0..3 {
        assert!(stream.next().await.is_none(), "the end is the end");
    }
}

/// The items of all pages from `/a` on, and what ended them if it was an error.
pub(crate) async fn ids(
    layer: PaginateLayer<impl Strategy<Body> + Clone>,
    api: &Api,
    pointer: &str,
) -> (Vec<u64>, Option<PageErrorKind>) {
    let pages = *Pin::into_inner(pages(api, layer, "/a").await);
    let (items, error) = all(pages.items::<u64>(pointer)).await;
    (items, error.map(|error| error.kind()))
}
