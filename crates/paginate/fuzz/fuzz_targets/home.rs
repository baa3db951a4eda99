//! Any `Link` field and any next URL in a body: nothing is asked of another origin.
#![no_main]

use bytes::Bytes;
use futures::StreamExt;
use futures::executor::block_on;
use http::{Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use outbound_http::{BoxError, Origin};
use outbound_paginate::{LinkHeader, NextUrl, PaginateLayer, Strategy};
use tower::{Layer, ServiceExt, service_fn};

fuzz_target!(|input: (bool, &[u8])| {
    let (in_header, bytes) = input;
    let Ok(link) = http::HeaderValue::from_bytes(bytes) else {
        return;
    };
    if in_header {
        drain(LinkHeader::next(), move |response| {
            response.headers_mut().insert("link", link.clone());
        });
    } else {
        let body = Bytes::copy_from_slice(bytes);
        drain(NextUrl::at("/next"), move |response| {
            *response.body_mut() = Full::new(body.clone());
        });
    }
});

fn drain<P>(strategy: P, answer: impl Fn(&mut Response<Full<Bytes>>) + Clone)
where
    P: Strategy<Full<Bytes>> + Clone,
{
    for first in ["https://api.test/v1/items?page=1", "/v1/items"] {
        let home: Option<Origin> = Origin::of(&first.parse().expect("a URI"));
        let answer = answer.clone();
        let api = service_fn(move |request: Request<Full<Bytes>>| {
            match &home {
                Some(home) => assert!(home.contains(request.uri())),
                None => {
                    let uri = request.uri().to_string();
                    assert!(uri.starts_with('/') && !uri.starts_with("//"), "{uri}");
                }
            }
            let mut response = Response::new(Full::from("{}"));
            answer(&mut response);
            async move { Ok::<_, BoxError>(response) }
        });
        let request = Request::get(first)
            .body(Full::default())
            .expect("a request");
        let layer = PaginateLayer::new(strategy.clone()).max_pages(3);
        block_on(async {
            let pages = layer.layer(api).oneshot(request).await.expect("a page");
            let mut pages = std::pin::pin!(pages);
            while let Some(page) = pages.next().await {
                let _ = format!("{page:?}");
            }
        });
    }
}
