//! One page of 27 MB with 100 000 items, as it comes from a socket.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use outbound::paginate::{PaginateLayer, Token, body, query};
use serde::Deserialize;
use tower::{Layer, ServiceExt, service_fn};

pub(crate) const ITEMS: usize = 100_000;

/// What is read from a socket at once.
const FRAME: usize = 16 * 1024;

const ITEM: &str = r#"{"id":71234,"name":"user number 71234 with \"quotes\" and {braces}","email":"user71234@example.com","tags":["alpha","beta","gamma]"],"nested":{"a":34,"b":"some longer text to make the record a realistic size, about three hundred bytes"},"score":71234.5,"active":true}"#;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
pub(crate) struct Item {
    pub(crate) id: u64,
    name: String,
    email: String,
    tags: Vec<String>,
    nested: Nested,
    score: f64,
    active: bool,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
struct Nested {
    a: u32,
    b: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
struct Envelope {
    total: u64,
    items: Vec<Item>,
    next_cursor: Option<String>,
}

pub(crate) fn page() -> Bytes {
    let mut page = String::with_capacity(ITEMS * (ITEM.len() + 1) + 64);
    page.push_str(r#"{"total":100000,"items":["#);
    for n in 0..ITEMS {
        if n > 0 {
            page.push(',');
        }
        page.push_str(ITEM);
    }
    page.push_str(r#"],"next_cursor":null}"#);
    page.into()
}

/// How many frames were read of all bodies.
pub(crate) static FRAMES: AtomicUsize = AtomicUsize::new(0);

/// A body that arrives frame by frame, each a part of what the socket has read.
pub(crate) struct Arriving(Bytes);

impl Body for Arriving {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let len = self.0.len().min(FRAME);
        if len == 0 {
            return Poll::Ready(None);
        }
        FRAMES.fetch_add(1, Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(len)))))
    }
}

/// The whole page into one buffer, and from there into a typed `Vec`: what one writes by hand.
pub(crate) async fn vec(page: Bytes) -> u64 {
    let body = Arriving(page).collect().await;
    let body = match body {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let page: Envelope = serde_json::from_slice(&body).expect("the page is JSON");
    page.items.iter().map(|item| item.id).sum()
}

/// The items one by one, through the page stream; `first` hears of the first.
pub(crate) async fn items(page: Bytes, mut first: impl FnMut()) -> u64 {
    let api = service_fn(move |_: Request<Full<Bytes>>| {
        let body = Arriving(page.clone());
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    });
    let strategy = Token::from(body("/next_cursor")).to(query("cursor"));
    let pages = PaginateLayer::new(strategy)
        .layer(api)
        .oneshot(Request::default());
    let pages = match pages.await {
        Ok(pages) => pages,
        Err(never) => match never {},
    };
    let mut items = std::pin::pin!(pages.items::<Item>("/items"));
    let (mut count, mut sum) = (0, 0);
    while let Some(item) = items.next().await {
        if count == 0 {
            first();
        }
        count += 1;
        sum += item.expect("an item").id;
    }
    assert_eq!(count, ITEMS);
    sum
}

/// The same through a function that is lent the text of each item.
pub(crate) async fn lent(page: Bytes) -> u64 {
    let api = service_fn(move |_: Request<Full<Bytes>>| {
        let body = Arriving(page.clone());
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    });
    let strategy = Token::from(body("/next_cursor")).to(query("cursor"));
    let pages = PaginateLayer::new(strategy)
        .layer(api)
        .oneshot(Request::default());
    let pages = match pages.await {
        Ok(pages) => pages,
        Err(never) => match never {},
    };
    let mut items = std::pin::pin!(pages.items_with("/items", |item: &[u8]| {
        let item: Item = serde_json::from_slice(item)?;
        Ok(item.id)
    }));
    let mut sum = 0;
    while let Some(id) = items.next().await {
        sum += id.expect("an item");
    }
    sum
}
