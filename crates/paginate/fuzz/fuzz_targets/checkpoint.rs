//! Any text as a checkpoint: no panic, what is one is written as it was read, and a stream that
//! is resumed with it asks no other origin than its own.
#![no_main]

use bytes::Bytes;
use futures::StreamExt;
use futures::executor::block_on;
use http::{Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use outbound_http::{BoxError, Origin};
use outbound_paginate::{
    Checkpoint, LinkHeader, Offset, PaginateLayer, Strategy, Token, body, query,
};
use tower::{Layer, ServiceExt, service_fn};

fuzz_target!(|input: (bool, &str)| {
    let (ours, text) = input;
    // The request's fingerprint cannot be guessed; with it more is reached.
    let text = if ours {
        text.replace("0000000000000000", &print())
    } else {
        text.to_owned()
    };
    let Ok(checkpoint) = text.parse::<Checkpoint>() else {
        return;
    };
    let again: Checkpoint = checkpoint.to_string().parse().expect("its own text");
    assert_eq!(again, checkpoint);
    assert!(format!("{checkpoint:?}").len() < 200);
    let _ = checkpoint.position().to_string();
    let _ = checkpoint.before_last_item();
    resume(LinkHeader::next(), &checkpoint);
    resume(Token::from(body("/next")).to(query("t")), &checkpoint);
    resume(Offset::query("o", "l"), &checkpoint);
});

fn request() -> Request<Full<Bytes>> {
    let request = Request::get("https://api.test/items?a=1");
    request.body(Full::default()).expect("a request")
}

fn print() -> String {
    block_on(async {
        let api = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("[]")))
        });
        let pages = PaginateLayer::new(LinkHeader::next()).layer(api);
        let pages = pages.oneshot(request()).await.expect("a page");
        let text = pages.checkpoint().to_string();
        let print = text.split("\"request\":\"").nth(1).expect("a fingerprint");
        print[..16].to_owned()
    })
}

fn resume<P>(strategy: P, checkpoint: &Checkpoint)
where
    P: Strategy<Full<Bytes>> + Clone,
{
    let home: Origin = "https://api.test".parse().expect("an origin");
    let api = service_fn(move |request: Request<Full<Bytes>>| {
        assert!(home.contains(request.uri()));
        let body = Full::<Bytes>::from(r#"{"items":[1,2,3]}"#);
        async move { Ok::<_, BoxError>(Response::new(body)) }
    });
    block_on(async {
        let layer = PaginateLayer::new(strategy).max_pages(2);
        let service = layer.resume(checkpoint.clone()).layer(api);
        let pages = service.oneshot(request()).await.expect("a page");
        let mut items = std::pin::pin!(pages.items::<u64>("/items"));
        while let Some(item) = items.next().await {
            let _ = item.map_err(|error| error.to_string());
        }
        let _ = items.checkpoint().to_string();
    });
}
