//! Any page in any pieces: no panic, the same items and the same end as in one piece, and of
//! what is one JSON text exactly the items that a parser sees.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures::executor::block_on;
use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use libfuzzer_sys::fuzz_target;
use outbound_paginate::{NoNext, PageErrorKind, PaginateLayer};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::{Layer, ServiceExt, service_fn};

type End = Option<PageErrorKind>;

fuzz_target!(|input: (u8, Vec<u8>, &[u8])| {
    let (at, cuts, page) = input;
    let pointer = ["", "/items", "/a/1/b", "/"][usize::from(at % 4)];
    let whole = drain(pointer, vec![Bytes::copy_from_slice(page)], |text| {
        Ok(String::from_utf8(text.to_vec())?)
    });
    let mut pieces = Vec::new();
    let mut rest = page;
    for cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = behind;
    }
    pieces.push(Bytes::copy_from_slice(rest));
    let text = |text: &[u8]| Ok(String::from_utf8(text.to_vec())?);
    assert_eq!(drain(pointer, pieces.clone(), text), whole);

    // Parsed where they stand, they are the same items.
    let typed = typed(pointer, pieces);
    for item in &whole.0 {
        serde_json::from_str::<&RawValue>(item).expect("items are valid JSON");
    }
    // As far as a value can hold them: a number may be too large for one.
    let parsed: Vec<Value> = whole
        .0
        .iter()
        .map_while(|item| serde_json::from_str(item).ok())
        .collect();
    assert_eq!(typed.0[..], parsed[..typed.0.len()]);

    if let (Ok(json), None) = (serde_json::from_slice::<Value>(page), whole.1) {
        if let Some(Value::Array(items)) = json.pointer(pointer) {
            assert_eq!(&parsed, items);
        }
    }
});

fn service(
    pieces: Vec<Bytes>,
) -> impl tower::Service<
    Request<Full<Bytes>>,
    Response = Response<impl http_body::Body<Data = Bytes, Error = Infallible>>,
    Error = Infallible,
> + Clone {
    service_fn(move |_: Request<Full<Bytes>>| {
        let frames = pieces
            .clone()
            .into_iter()
            .map(|piece| Ok(Frame::data(piece)));
        let body = StreamBody::new(stream::iter(frames));
        std::future::ready(Ok(Response::new(body)))
    })
}

fn drain(
    pointer: &str,
    pieces: Vec<Bytes>,
    decode: impl FnMut(&[u8]) -> Result<String, outbound_http::BoxError>,
) -> (Vec<String>, End) {
    block_on(async {
        let pages = PaginateLayer::new(NoNext).layer(service(pieces));
        let Ok(pages) = pages.oneshot(Request::default()).await;
        let mut items = std::pin::pin!(pages.items_with(pointer, decode));
        let mut seen = Vec::new();
        while let Some(item) = items.next().await {
            match item {
                Ok(item) => seen.push(item),
                Err(error) => return (seen, Some(error.kind())),
            }
        }
        (seen, None)
    })
}

fn typed(pointer: &str, pieces: Vec<Bytes>) -> (Vec<Value>, End) {
    block_on(async {
        let pages = PaginateLayer::new(NoNext).layer(service(pieces));
        let Ok(pages) = pages.oneshot(Request::default()).await;
        let mut items = std::pin::pin!(pages.items::<Box<RawValue>>(pointer));
        let mut seen = Vec::new();
        while let Some(item) = items.next().await {
            match item {
                Ok(item) => match serde_json::from_str(item.get()) {
                    Ok(item) => seen.push(item),
                    // A number that is too large for the one is none for the other.
                    Err(_) => return (seen, None),
                },
                Err(error) => return (seen, Some(error.kind())),
            }
        }
        (seen, None)
    })
}
