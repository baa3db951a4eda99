//! Going on: checkpoints, pages that are asked for again, and errors that are tried again.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../support/mod.rs"]
mod support;

mod anywhere;
mod checkpoint;
mod failed;
mod progress;
mod refetch;
mod refusals;
mod strategies;
mod try_again;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use outbound_paginate::{
    Checkpoint, LinkHeader, Pages, PaginateLayer, Strategy, Token, body, query,
};
use test_support::{Body, Scripted, Step};
use tower::{Layer, ServiceExt};

use crate::support::{Api, all, api, get, json, pages};

/// Three pages of three numbers by a token in the body.
fn numbers() -> Api {
    api(|uri, _| match uri.split_once("t=") {
        None => json(r#"{"items":[1,2,3],"next":"b c"}"#),
        Some((_, "b%20c")) => json(r#"{"items":[4,5,6],"next":"d"}"#),
        Some((_, "d")) => json(r#"{"items":[7,8,9]}"#),
        Some(_) => panic!("{uri}"),
    })
}

fn token() -> PaginateLayer<Token> {
    PaginateLayer::new(Token::from(body("/next")).to(query("t"))).items_at("/items")
}

/// The rest of the list behind a checkpoint that went through its text.
async fn rest<P>(api: &Api, layer: PaginateLayer<P>, at: &Checkpoint) -> Vec<u64>
where
    P: Strategy<support::Body> + Clone,
{
    let at: Checkpoint = at.to_string().parse().unwrap();
    let pages = Pin::into_inner(pages(api, layer.resume(at), "/a?x=1").await);
    let (items, error) = all(pages.items::<u64>("/items")).await;
    assert!(error.is_none(), "{error:?}");
    items
}

async fn stream<P>(
    api: &Api,
    layer: PaginateLayer<P>,
) -> Pages<Api, P, support::Body, support::Body>
where
    P: Strategy<support::Body> + Clone,
{
    *Pin::into_inner(pages(api, layer, "/a?x=1").await)
}

/// Three pages by a link, of which the second breaks off `times` times, as `broken` says.
fn breaking(times: usize, broken: fn() -> Body) -> Scripted {
    let seen = AtomicUsize::new(0);
    Scripted::from_fn(move |request| {
        let link = |step: Step, to: &str| step.header("link", &format!("<{to}>; rel=next"));
        match request.uri.query() {
            None => link(Step::ok("[1,2]"), "?p=2"),
            Some("p=2") => {
                let step = Step::status(200);
                let body = if seen.fetch_add(1, Relaxed) < times {
                    broken()
                } else {
                    Body::chunks(["[3", "0,40,5", "0]"])
                };
                link(step.body_with(body), "?p=3")
            }
            _ => Step::ok("[6]"),
        }
    })
}

fn broken() -> Body {
    Body::failing_after(["[30,4", "0,5"], "reset")
}

fn truncated() -> Body {
    Body::chunks(["[30,4", "0,5"])
}

fn link() -> PaginateLayer<LinkHeader> {
    PaginateLayer::new(LinkHeader::next())
}

async fn scripted<P>(
    layer: PaginateLayer<P>,
    service: &Scripted,
) -> Pages<Scripted, P, support::Body, Body>
where
    P: Strategy<support::Body> + Clone,
{
    layer
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap()
}
