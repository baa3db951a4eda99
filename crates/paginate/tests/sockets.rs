//! Pages that come from a socket: cut at every byte, framed in every way, and not what they say.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use outbound_http::BoxError;
use outbound_paginate::{
    LinkHeader, NextUrl, PageErrorKind, PaginateLayer, Strategy, Token, body, header, json, query,
};
use test_support::{Act, FaultyServer, ReceivedRequest};
use tower::{Layer, ServiceExt};

use support::{Body, all};

fn raw(item: &[u8]) -> Result<String, BoxError> {
    Ok(std::str::from_utf8(item)?.to_owned())
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// The items of a list, and the pages of it, each with what went wrong.
async fn drain<P>(
    server: &FaultyServer,
    layer: PaginateLayer<P>,
) -> [(Vec<String>, Option<PageErrorKind>); 2]
where
    P: Strategy<Body> + Clone + Send + 'static,
{
    let request = || http::Request::get(server.url("/a")).body(Body::default());
    /// What the usual client makes of them needs no pin.
    fn unpin<T: Unpin + Send + 'static>(stream: T) -> T {
        stream
    }
    let service = layer.clone().layer(client());
    let pages = unpin(service.oneshot(request().unwrap()).await.unwrap());
    let (items, error) = all(unpin(pages.items_with("/items", raw))).await;
    let items = (items, error.map(|error| error.kind()));

    let service = layer.items_at("/items").layer(client());
    let pages = service.oneshot(request().unwrap()).await.unwrap();
    let (pages, error) = all(pages).await;
    let bodies = pages.iter().map(|page| page.body.as_ref());
    let bodies = bodies.map(|body| String::from_utf8_lossy(body).into_owned());
    [items, (bodies.collect(), error.map(|error| error.kind()))]
}

const FIRST: &str = r#"{"items":[0],"next":"?p=2"}"#;
const SECOND: &str = "{\"items\":[1, 22,\"a\\\"]\u{e9}\"\n],\"n\":[{}],\"next\":null}";
const ITEMS: [&str; 4] = ["0", "1", "22", "\"a\\\"]\u{e9}\""];

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    Length,
    Chunked,
    Close,
}

/// The second page, of which `sent` bytes come and no more.
fn cut(framing: Framing, sent: usize) -> Act {
    match framing {
        Framing::Length => Act::truncate(SECOND, sent),
        Framing::Chunked => Act::truncate_chunked(SECOND, sent),
        Framing::Close => {
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            let all = [&head[..], &SECOND.as_bytes()[..sent]].concat();
            Act::raw(all).then_close()
        }
    }
}

#[tokio::test]
async fn a_page_that_is_cut_at_any_byte_is_an_error_and_asked_for_again_it_is_whole() {
    for framing in [Framing::Length, Framing::Chunked, Framing::Close] {
        for sent in 0..SECOND.len() {
            let asked = Arc::new(AtomicUsize::new(0));
            let broken = Arc::clone(&asked);
            let server = FaultyServer::with(move |request| match request.target() {
                "/a" => Act::ok(FIRST),
                // Broken twice for items and pages, then once each.
                _ => match broken.fetch_add(1, Relaxed) {
                    0 | 1 | 2 | 4 => cut(framing, sent),
                    _ => Act::ok(SECOND),
                },
            })
            .await;
            let layer = PaginateLayer::new(NextUrl::at("/next"));
            let [(items, items_error), (pages, pages_error)] = drain(&server, layer.clone()).await;
            let at = format!("{framing:?} at {sent}");
            assert!(
                ITEMS.starts_with(&items.iter().map(String::as_str).collect::<Vec<_>>()),
                "{at}"
            );
            assert_eq!(pages, [FIRST], "{at}");
            let kind = match framing {
                Framing::Close => PageErrorKind::Truncated,
                _ => PageErrorKind::Body,
            };
            assert_eq!((items_error, pages_error), (Some(kind), Some(kind)), "{at}");

            let [(items, items_error), (pages, pages_error)] =
                drain(&server, layer.refetch(1)).await;
            assert_eq!((items_error, pages_error), (None, None), "{at}");
            assert_eq!(items, ITEMS, "{at}");
            assert_eq!(pages, [FIRST, SECOND], "{at}");
            assert_eq!(asked.load(Relaxed), 6, "{at}");
        }
    }
}

#[tokio::test]
async fn chunks_of_every_size_with_extensions_and_trailers_are_one_body() {
    for size in 1..=SECOND.len() {
        let mut page =
            String::from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
        for chunk in SECOND.as_bytes().chunks(size) {
            let mut line = String::new();
            write!(line, "{:X};ext=\"a;b\"\r\n", chunk.len()).unwrap();
            page.extend_from_slice(line.as_bytes());
            page.extend_from_slice(chunk);
            page.extend_from_slice(b"\r\n");
        }
        page.extend_from_slice(b"0\r\nx-sum: 1\r\n\r\n");
        let page = Bytes::from(page);
        let server = FaultyServer::with(move |request| match request.target() {
            "/a" => Act::ok(FIRST),
            _ => Act::raw(page.clone()),
        })
        .await;
        let layer = PaginateLayer::new(NextUrl::at("/next"));
        let [(items, items_error), (pages, pages_error)] = drain(&server, layer).await;
        assert_eq!((items_error, pages_error), (None, None), "{size}");
        assert_eq!(items, ITEMS, "{size}");
        assert_eq!(pages, [FIRST, SECOND], "{size}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_no_page_and_no_end() {
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    let json = r#"{"items":[1],"next":null}"#;
    for (name, bytes) in [
        (
            "html",
            b"<!doctype html><p>Sign in: {\"items\":[]}".to_vec(),
        ),
        ("text", b"upstream timed out".to_vec()),
        (
            "byte order mark",
            [b"\xef\xbb\xbf", json.as_bytes()].concat(),
        ),
        ("UTF-16", utf16(json)),
        (
            "UTF-16 with its mark",
            [&[0xff, 0xfe][..], &utf16(json)].concat(),
        ),
        ("two texts", format!("{json}{json}").into_bytes()),
        (
            "gzip",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56".to_vec(),
        ),
        ("NUL", b"\0".to_vec()),
        ("Latin-1", b"{\"items\":[1],\"n\":\"\xe9\"}".to_vec()),
    ] {
        for linked in [false, true] {
            let bytes = Bytes::from(bytes.clone());
            let server = FaultyServer::with(move |request| match (request.target(), linked) {
                ("/a", false) => Act::ok(FIRST),
                ("/a", true) => Act::ok(FIRST).header("link", "<?p=2>; rel=next"),
                _ => Act::respond(200, &[("content-type", "application/json")], bytes.clone()),
            })
            .await;
            let [(items, items_error), (pages, pages_error)] = if linked {
                drain(&server, PaginateLayer::new(LinkHeader::next())).await
            } else {
                drain(&server, PaginateLayer::new(NextUrl::at("/next"))).await
            };
            let wrong = Some(PageErrorKind::NotJson);
            assert_eq!(items_error, wrong, "{name} {linked}");
            // What surrounds items is known to be none when they were handed out.
            let seen = 1 + usize::from(matches!(name, "two texts" | "Latin-1"));
            assert!(items.len() <= seen, "{name} {linked}: {items:?}");
            if name == "Latin-1" && linked {
                // Nobody has looked at what is none: the next page is told by the head.
                assert_eq!((pages.len(), pages_error), (2, None));
                continue;
            }
            assert_eq!(pages_error, wrong, "{name} {linked}");
            assert_eq!(pages.len(), 1, "{name} {linked}");
        }
    }
}

#[tokio::test]
async fn next_urls_are_asked_for_byte_by_byte_as_they_were_written() {
    for (link, target) in [
        ("?c=%7e%7E+%2f'|[]{}&&=", "/a?c=%7e%7E+%2f'|[]{}&&="),
        ("?p=2#fragment?x", "/a?p=2"),
        ("/b%2e%2E/%c3%a9;v=1,2?", "/b%2e%2E/%c3%a9;v=1,2?"),
        ("./b/../c//d", "/c//d"),
        ("?q=\u{e9} \u{1f600}", "/a?q=%C3%A9%20%F0%9F%98%80"),
        ("/p?", "/p?"),
    ] {
        let page = format!(r#"{{"items":[1],"next":"{link}"}}"#);
        let server = FaultyServer::with(move |request| match request.target() {
            "/a" => Act::ok(page.clone()),
            _ => Act::ok(r#"{"items":[]}"#),
        })
        .await;
        let layer = PaginateLayer::new(NextUrl::at("/next"));
        let [(items, error), _] = drain(&server, layer).await;
        assert_eq!((items.len(), error), (1, None), "{link}");
        assert_eq!(server.requests()[1].target(), target, "{link}");
    }
    for (link, kind) in [
        ("//user@127.0.0.1/b", PageErrorKind::Malformed),
        ("http://\u{e4}.example/b", PageErrorKind::Malformed),
        ("http://127.0.0.1/b", PageErrorKind::CrossOrigin),
        ("ftp:/b", PageErrorKind::Malformed),
    ] {
        let page = format!(r#"{{"items":[1],"next":"{link}"}}"#);
        let server = FaultyServer::with(move |_| Act::ok(page.clone())).await;
        let layer = PaginateLayer::new(NextUrl::at("/next"));
        let [(items, error), _] = drain(&server, layer).await;
        assert_eq!((items.len(), error), (1, Some(kind)), "{link}");
        assert_eq!(server.requests().len(), 2, "the first page of each");
    }
}

#[tokio::test]
async fn tokens_of_a_hundred_thousand_bytes_are_sent_or_refused() {
    let long = "x".repeat(100_000);
    let answer = {
        let long = long.clone();
        let first = AtomicUsize::new(0);
        move |_: &ReceivedRequest| match first.fetch_add(1, Relaxed) % 2 {
            0 => Act::ok(format!(r#"{{"items":[1],"next":"{long}"}}"#)),
            _ => Act::ok(r#"{"items":[2]}"#),
        }
    };
    let server = FaultyServer::with(answer).await;
    let to_body = PaginateLayer::new(Token::from(body("/next")).to(json("/c")));
    let [(items, error), _] = drain(&server, to_body).await;
    assert_eq!((items.len(), error), (2, None));
    let sent = server.requests()[1].body.to_vec();
    assert_eq!(sent, format!(r#"{{"c":"{long}"}}"#).into_bytes());

    let server = FaultyServer::with({
        let long = long.clone();
        move |_| Act::ok(format!(r#"{{"items":[1],"next":"{long}"}}"#))
    })
    .await;
    let to_query = PaginateLayer::new(Token::from(body("/next")).to(query("c")));
    let [(items, error), _] = drain(&server, to_query).await;
    assert_eq!((items.len(), error), (1, Some(PageErrorKind::Malformed)));
    assert_eq!(server.requests().len(), 2, "the first page of each");
}

#[tokio::test]
async fn thousands_of_pages_come_over_one_connection() {
    const PAGES: usize = 3_000;
    let server = FaultyServer::with(|request| {
        let page: usize = request
            .header("x-page")
            .map_or(0, |page| page.parse().unwrap());
        let more = if page + 1 < PAGES {
            (page + 1).to_string()
        } else {
            String::new()
        };
        // Every third is empty, which is no end.
        let items = if page % 3 == 0 {
            String::new()
        } else {
            page.to_string()
        };
        Act::ok(format!(r#"{{"items":[{items}]}}"#)).header("x-next", &more)
    })
    .await;
    let layer = PaginateLayer::new(Token::from(header("x-next")).to(header("x-page")));
    let request = http::Request::get(server.url("/a")).body(Body::default());
    let pages = layer
        .layer(client())
        .oneshot(request.unwrap())
        .await
        .unwrap();
    let (items, error) = all(pages.items::<usize>("/items")).await;
    assert!(error.is_none(), "{error:?}");
    assert!(items.into_iter().eq((0..PAGES).filter(|page| page % 3 > 0)));
    assert_eq!((server.requests().len(), server.connections()), (PAGES, 1));
}
