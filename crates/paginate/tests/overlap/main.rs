//! Pages that are asked for ahead of the consumer: what it saves, and what it must not
//! change.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../support/mod.rs"]
mod support;

mod alike;
mod concurrency;
mod prefetch;
mod streams;
mod tasks;

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use outbound_http::TokioSpawn;
use outbound_paginate::{LinkHeader, PageNumber, PaginateLayer, Strategy, Token, body, query};
use test_support::{Recorded, Scripted, Step};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};

use crate::support::get;

const MS: Duration = Duration::from_millis(1);

fn number(request: &Recorded, name: &str) -> u64 {
    let query = request.uri.query().unwrap_or_default();
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map_or(1, |value| value.parse().unwrap())
}

/// `count` linked pages of two items, each after 10 ms.
fn linked(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "p");
        let step = Step::ok(format!("[{page}0,{page}1]")).delay(10 * MS);
        if page < count {
            step.header("link", &format!("<?p={}>; rel=next", page + 1))
        } else {
            step
        }
    })
}

/// The same by a token in the body, behind the items.
fn tokens(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "p");
        let next = if page < count {
            (page + 1).to_string()
        } else {
            "null".into()
        };
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"next":{next}}}"#)).delay(10 * MS)
    })
}

/// `count` numbered pages of two items that tell how many there are, each after 10 ms.
fn numbered(count: u64) -> Scripted {
    Scripted::from_fn(move |request| {
        let page = number(request, "page");
        assert!(page <= count, "page {page} is past the known end");
        Step::ok(format!(r#"{{"items":[{page}0,{page}1],"pages":{count}}}"#)).delay(10 * MS)
    })
}

fn by_link() -> PaginateLayer<LinkHeader, TokioSpawn> {
    PaginateLayer::new(LinkHeader::next())
        .items_at("")
        .spawn_on(TokioSpawn::new())
}

fn by_token() -> PaginateLayer<Token, TokioSpawn> {
    let token = Token::from(body("/next")).to(query("p"));
    PaginateLayer::new(token)
        .items_at("/items")
        .spawn_on(TokioSpawn::new())
}

fn by_number() -> PaginateLayer<PageNumber, TokioSpawn> {
    let strategy = PageNumber::query("page").total_pages(body("/pages"));
    PaginateLayer::new(strategy)
        .items_at("/items")
        .spawn_on(TokioSpawn::new())
}

fn expected(pages: u64) -> Vec<u64> {
    (1..=pages)
        .flat_map(|page| [page * 10, page * 10 + 1])
        .collect()
}

/// Drains by pages or by items, with a pause of `work` after each page.
async fn drain<P>(
    layer: PaginateLayer<P, TokioSpawn>,
    service: &Scripted,
    pointer: Option<&'static str>,
    work: Duration,
) -> (Vec<u64>, Duration)
where
    P: Strategy<support::Body> + Clone,
{
    let start = Instant::now();
    let stream = layer
        .layer(service.clone())
        .oneshot(get("/a"))
        .await
        .unwrap();
    let mut items = Vec::new();
    if let Some(pointer) = pointer {
        let mut stream = pin!(stream.items::<u64>(pointer));
        while let Some(item) = stream.next().await {
            items.push(item.unwrap());
            if items.len() % 2 == 0 {
                sleep(work).await;
            }
        }
    } else {
        let mut stream = pin!(stream);
        while let Some(page) = stream.next().await {
            let page = page.unwrap();
            let pointer = if page.body.starts_with(b"[") {
                ""
            } else {
                "/items"
            };
            items.extend(page.items::<u64>(pointer).unwrap());
            sleep(work).await;
        }
    }
    (items, start.elapsed())
}
