//! The page stream and the loop by hand.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use outbound::http::TokioSpawn;
use outbound::paginate::{self, LinkHeader, PageNumber, PaginateLayer};
use serde::Deserialize;
use tower::{Layer, ServiceExt};

use super::{ITEMS, PAGES};

/// How long a slow consumer works on a page.
pub(super) const WORK: Duration = Duration::from_millis(5);

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
pub(super) struct Item {
    pub(super) id: u64,
    node_id: String,
    number: u64,
    title: String,
    state: String,
    comments: u32,
    locked: bool,
    score: f64,
    user: User,
    labels: Vec<Label>,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    body: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
struct User {
    login: String,
    id: u64,
    site_admin: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code, reason = "decoded for its cost")]
struct Label {
    id: u64,
    name: String,
    color: String,
}

/// That all items came, whoever brought them.
#[derive(Default)]
pub(super) struct Sum {
    items: u64,
    ids: u64,
}

impl Sum {
    pub(super) fn add(&mut self, id: u64) {
        self.items += 1;
        self.ids += id;
    }

    /// Whether a page is over.
    pub(super) const fn at_page(&self) -> bool {
        self.items % ITEMS == 0
    }

    pub(super) fn check(&self) {
        assert_eq!(self.items, PAGES * ITEMS);
        assert_eq!(self.ids, (ITEMS..(PAGES + 1) * ITEMS).sum::<u64>());
    }
}

pub(super) type Hyper = Client<HttpConnector, Full<Bytes>>;

pub(super) fn client() -> Hyper {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

fn request(uri: Uri) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    request
}

pub(super) fn url(port: u16, page: u64) -> Uri {
    let url = format!("http://127.0.0.1:{port}/items?page={page}");
    url.try_into().expect("a URL")
}

pub(super) async fn get(client: &Hyper, uri: Uri) -> (Option<Uri>, Bytes) {
    let response = client.request(request(uri)).await.expect("an answer");
    let link = response.headers().get(header::LINK);
    let next = link.and_then(|link| {
        let links = link.to_str().ok()?.split(", ");
        links.into_iter().find_map(|link| {
            let (target, rel) = link.split_once(">; ")?;
            let next = rel == "rel=\"next\"";
            next.then(|| target.trim_start_matches('<').parse().ok())
                .flatten()
        })
    });
    let body = response.into_body().collect().await.expect("a body");
    (next, body.to_bytes())
}

async fn by_hand(port: u16, sum: &mut Sum, work: bool) {
    let client = client();
    let mut next = Some(url(port, 1));
    while let Some(uri) = next {
        let (following, body) = get(&client, uri).await;
        let items: Vec<Item> = serde_json::from_slice(&body).expect("a page");
        items.into_iter().for_each(|item| sum.add(item.id));
        if work {
            tokio::time::sleep(WORK).await;
        }
        next = following;
    }
}

pub(super) async fn run(name: &str, port: u16, sum: &mut Sum) {
    let first = request(url(port, 1));
    let link = PaginateLayer::new(LinkHeader::next());
    let ahead = || link.clone().spawn_on(TokioSpawn::new()).prefetch(1);
    match name {
        "hand" => by_hand(port, sum, false).await,
        "hand, working" => by_hand(port, sum, true).await,
        "hand, 8 ahead" => {
            let client = client();
            let pages = stream::iter(1..=PAGES).map(|page| get(&client, url(port, page)));
            let mut pages = pin!(pages.buffered(8));
            while let Some((_, body)) = pages.next().await {
                let items: Vec<Item> = serde_json::from_slice(&body).expect("a page");
                items.into_iter().for_each(|item| sum.add(item.id));
            }
        }
        "items" => {
            let pages = link.layer(client()).oneshot(first).await.expect("a page");
            let mut items = pin!(pages.items::<Item>(""));
            while let Some(item) = items.next().await {
                sum.add(item.expect("an item").id);
            }
        }
        "items, lent" => {
            let pages = link.layer(client()).oneshot(first).await.expect("a page");
            let mut items = pin!(pages.items_with("", |item: &[u8]| {
                let item: Item = serde_json::from_slice(item)?;
                Ok(item.id)
            }));
            while let Some(id) = items.next().await {
                sum.add(id.expect("an item"));
            }
        }
        "pages" => {
            let pages = link.layer(client()).oneshot(first).await.expect("a page");
            let mut pages = pin!(pages);
            while let Some(page) = pages.next().await {
                let items: Vec<Item> = page.expect("a page").json().expect("items");
                items.into_iter().for_each(|item| sum.add(item.id));
            }
        }
        "items, 8 ahead" => {
            let numbers = PageNumber::query("page").total_pages(paginate::header("x-total-pages"));
            let layer = PaginateLayer::new(numbers)
                .items_at("")
                .spawn_on(TokioSpawn::new())
                .concurrency(8);
            let pages = layer.layer(client()).oneshot(first).await.expect("a page");
            let mut items = pin!(pages.items::<Item>(""));
            while let Some(item) = items.next().await {
                sum.add(item.expect("an item").id);
            }
        }
        "pages, working" => {
            let pages = ahead()
                .layer(client())
                .oneshot(first)
                .await
                .expect("a page");
            let mut pages = pin!(pages);
            while let Some(page) = pages.next().await {
                let items: Vec<Item> = page.expect("a page").json().expect("items");
                items.into_iter().for_each(|item| sum.add(item.id));
                tokio::time::sleep(WORK).await;
            }
        }
        "items, working" => {
            let pages = ahead()
                .layer(client())
                .oneshot(first)
                .await
                .expect("a page");
            let mut items = pin!(pages.items::<Item>(""));
            while let Some(item) = items.next().await {
                sum.add(item.expect("an item").id);
                if sum.at_page() {
                    tokio::time::sleep(WORK).await;
                }
            }
        }
        other => panic!("no contestant is called {other}"),
    }
}
