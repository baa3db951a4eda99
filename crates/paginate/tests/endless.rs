//! Bodies without an end, and what is read of them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use http::Response;
use http_body::Frame;
use outbound_http::BoxError;
use outbound_paginate::{
    LinkHeader, NextUrl, NoNext, PageError, PageErrorKind, PageNumber, PaginateLayer, Strategy,
};
use serde_json::Value;

use support::{Api, Body as Sent, all, api, json, pages, try_api};

/// Begins with `front`, and goes on with `piece` for ever.
struct Endless {
    front: Option<Bytes>,
    piece: Bytes,
    read: Arc<AtomicUsize>,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let piece = self.front.take().unwrap_or_else(|| self.piece.clone());
        let read = self.read.fetch_add(piece.len(), Relaxed);
        assert!(read < 1_000_000, "no limit is in sight");
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

const PIECE: usize = 1000;
const MAX_ITEM: usize = 10_000;
const MAX_PAGE: usize = 20_000;

/// An API whose every page is `front` and then `piece` without an end.
fn endless(status: u16, front: &str, piece: &str) -> (Api<Endless>, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let front = Bytes::from(front.to_owned());
    let piece = Bytes::from(piece.repeat(PIECE / piece.len()));
    let count = read.clone();
    let api = try_api(move |_, _| {
        let mut response = Response::new(Endless {
            front: Some(front.clone()),
            piece: piece.clone(),
            read: count.clone(),
        });
        *response.status_mut() = status.try_into().unwrap();
        Ok(response)
    });
    (api, read)
}

fn limited<P>(strategy: P) -> PaginateLayer<P> {
    PaginateLayer::new(strategy)
        .max_item_bytes(MAX_ITEM)
        .max_page_bytes(MAX_PAGE)
}

#[tokio::test]
async fn an_item_or_what_surrounds_items_without_an_end_is_read_to_its_limit() {
    for (front, piece, items, limit) in [
        // Items.
        ("{\"items\":[1,\"", "x", 1, MAX_ITEM),
        ("{\"items\":[1,", "7", 1, MAX_ITEM),
        ("{\"items\":[1,", "[", 1, MAX_ITEM),
        ("{\"items\":[1,", "{\"a\":", 1, MAX_ITEM),
        ("{\"items\":[1,\"", "\\\"", 1, MAX_ITEM),
        // White space between them.
        ("{\"items\":[1,", " ", 1, MAX_ITEM),
        ("{\"items\":[1", "\n", 1, MAX_ITEM),
        // What surrounds them.
        ("", " ", 0, MAX_PAGE),
        ("{\"", "x", 0, MAX_PAGE),
        ("{", " ", 0, MAX_PAGE),
        ("{\"a\":\"", "x", 0, MAX_PAGE),
        ("{\"a\":", "[", 0, MAX_PAGE),
        ("{\"a\":", "{\"a\":", 0, MAX_PAGE),
        ("{\"items\":[1],\"a\":", "[", 1, MAX_PAGE),
        ("{\"items\":[1]}", " ", 1, MAX_PAGE),
    ] {
        let (api, read) = endless(200, front, piece);
        let stream = pages(&api, limited(LinkHeader::next()), "/a").await;
        let (got, error) = all(Pin::into_inner(stream).raw_items("/items")).await;
        let kind = error.unwrap().kind();
        assert_eq!(
            (got.len(), kind),
            (items, PageErrorKind::TooLarge),
            "{front}{piece}"
        );
        let read = read.load(Relaxed);
        assert!(
            limit < read && read <= limit + 2 * PIECE,
            "{front}{piece}: {read}"
        );
        assert_eq!(api.requests(), 1);
    }
}

#[tokio::test]
async fn a_page_without_an_end_is_read_to_its_limit() {
    async fn check<P: Strategy<Sent> + Clone>(strategy: P, items_at: bool) {
        for (front, piece) in [
            ("{\"items\":[1", ",1"),
            ("", " "),
            ("", "["),
            ("<html>", "x"),
        ] {
            let (api, read) = endless(200, front, piece);
            let layer = limited(strategy.clone());
            let layer = match items_at {
                true => layer.items_at("/items"),
                false => layer,
            };
            let (got, error) = all(pages(&api, layer, "/a").await).await;
            let error = error.unwrap();
            assert_eq!((got.len(), error.kind()), (0, PageErrorKind::TooLarge));
            assert!(read.load(Relaxed) <= MAX_PAGE + PIECE + front.len());
            assert_eq!(api.requests(), 1);
        }
    }
    check(NoNext, false).await;
    check(LinkHeader::next(), true).await;
    check(NextUrl::at("/next"), false).await;
    check(PageNumber::query("p"), true).await;
}

#[tokio::test]
async fn of_items_without_an_end_no_more_is_read_than_is_wanted() {
    let (api, read) = endless(200, "{\"items\":[1", ",1");
    let layer = limited(LinkHeader::next()).max_items(50_000);
    let stream = pages(&api, layer, "/a").await;
    let (got, error) = all(Pin::into_inner(stream).raw_items("/items")).await;
    assert_eq!((got.len(), error.is_none()), (50_000, true));
    // Two bytes each.
    let read = read.load(Relaxed);
    assert!((100_000..100_000 + 2 * PIECE).contains(&read), "{read}");
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_page_that_is_held_back_is_read_to_its_limit() {
    // It may be the one before, as far as it has come.
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let first = format!("[1{}]", ",1".repeat(MAX_PAGE));
    let api = try_api(move |_, n| {
        let front = Bytes::from(if n == 0 {
            first.clone()
        } else {
            "[1".to_owned()
        });
        let piece = Bytes::from(if n == 0 { " " } else { ",1" }.repeat(PIECE / 2));
        let (read, before) = (count.clone(), Arc::default());
        Ok(Response::new(Finite {
            endless: Endless {
                front: Some(front),
                piece,
                read: if n == 0 { before } else { read },
            },
            pieces: if n == 0 { 1 } else { usize::MAX },
        }))
    });
    let stream = pages(&api, limited(PageNumber::query("p")), "/a").await;
    let (got, error) = all(Pin::into_inner(stream).raw_items("")).await;
    let error = error.unwrap();
    assert_eq!(
        (got.len(), error.kind()),
        (MAX_PAGE + 1, PageErrorKind::TooLarge)
    );
    assert_eq!(error.position().page, 1);
    let read = read.load(Relaxed);
    assert!(MAX_PAGE < read && read <= MAX_PAGE + 2 * PIECE, "{read}");
}

/// So many pieces of a body.
struct Finite {
    endless: Endless,
    pieces: usize,
}

impl http_body::Body for Finite {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(left) = self.pieces.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.pieces = left;
        Pin::new(&mut self.endless).poll_frame(cx)
    }
}

#[tokio::test]
async fn a_refusal_without_an_end_is_kept_to_its_limit() {
    let (api, read) = endless(500, "", "x");
    let (_, error) = all(pages(&api, limited(NoNext), "/a").await).await;
    let page = error.unwrap().into_response().unwrap();
    assert_eq!(
        (page.parts.status.as_u16(), page.body.len()),
        (500, MAX_PAGE)
    );
    assert!(read.load(Relaxed) <= MAX_PAGE + PIECE);
}

#[tokio::test]
async fn what_is_nested_too_deep_for_a_type_is_an_error_in_its_place_and_no_overflow() {
    const DEEP: usize = 100_000;
    let deep = format!("{}1{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let list = format!("[0,{deep},2]");
    let stream = async || {
        let list = list.clone();
        let api = api(move |_, _| json(list.clone()));
        Pin::into_inner(pages(&api, PaginateLayer::new(NoNext), "/a").await)
    };
    let items: Vec<_> = stream().await.items::<Value>("").collect().await;
    let kinds = items
        .iter()
        .map(|item| item.as_ref().err().map(PageError::kind));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, [None, Some(PageErrorKind::Decode), None]);
    // It is JSON, and whoever wants it as it is gets it.
    let (raw, error) = all(stream().await.raw_items("")).await;
    assert!(error.is_none());
    assert_eq!(raw, ["0", &*deep, "2"]);

    // Beside the items nobody goes into it, unless the next page is to be there.
    for page in [
        format!(r#"{{"items":[0],"a":{deep},"next":null}}"#),
        format!(r#"{{"a":{deep},"items":[0],"next":null}}"#),
        format!(r#"{{"a":{deep},"items":[0],"next":{deep}}}"#),
    ] {
        let malformed = page.ends_with("]}");
        let api = api(move |_, _| json(page.clone()));
        let layer = PaginateLayer::new(NextUrl::at("/next")).items_at("/items");
        let stream = pages(&api, layer.clone(), "/a").await;
        let (got, error) = all(Pin::into_inner(stream).raw_items("/items")).await;
        let kind = malformed.then_some(PageErrorKind::Malformed);
        assert_eq!((got.len(), error.map(|error| error.kind())), (1, kind));
        let (got, error) = all(pages(&api, layer, "/a").await).await;
        assert_eq!((got.len(), error.map(|error| error.kind())), (1, kind));
    }
}
