//! Where a list ends and what comes next: flags, totals, tokens, starts, links, empty pages.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../support/mod.rs"]
mod support;

mod counted;
mod flags;
mod links;
mod refusals;
mod tokens;
mod totals;

use outbound_paginate::{End, PageErrorKind, PaginateLayer, Token, body, query};

use crate::support::{all, api, json, pages};

/// The requests that follow, and how the stream ends, where `answers` are given in turn.
async fn walk<P>(
    strategy: P,
    answers: &'static [&'static str],
) -> (Vec<String>, Result<End, PageErrorKind>)
where
    P: outbound_paginate::Strategy<support::Body> + Clone,
{
    let api = api(move |_, n| json(*answers.get(n).unwrap_or(&r#"{"items":[]}"#)));
    let layer = PaginateLayer::new(strategy).items_at("/items");
    let mut pages = pages(&api, layer, "/a").await;
    let (_, error) = all(pages.as_mut()).await;
    let end = match error {
        Some(error) => Err(error.kind()),
        None => Ok(pages.end().unwrap()),
    };
    (api.paths(), end)
}

const DONE: Result<End, PageErrorKind> = Ok(End::Complete);
const MALFORMED: Result<End, PageErrorKind> = Err(PageErrorKind::Malformed);

fn token() -> Token {
    Token::from(body("/next")).to(query("c"))
}
