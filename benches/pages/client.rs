//! The page stream and the loop by hand.

use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, Request, Uri, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use outbound::http::TokioSpawn;
use outbound::paginate::{self, LinkHeader, Page, PageNumber, PaginateLayer};
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

    pub(super) fn page(&mut self, body: &[u8]) {
        let items: Vec<Item> = serde_json::from_slice(body).expect("a page");
        items.into_iter().for_each(|item| self.add(item.id));
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

/// The client that all have beneath them.
pub(super) fn client<B>() -> Client<HttpConnector, B>
where
    B: Body<Data: Send> + Send,
{
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

fn next_link(headers: &HeaderMap) -> Option<Uri> {
    let links = headers.get(header::LINK)?.to_str().ok()?.split(", ");
    links.into_iter().find_map(|link| {
        let (target, rel) = link.split_once(">; ")?;
        let next = rel == "rel=\"next\"";
        next.then(|| target.trim_start_matches('<').parse().ok())
            .flatten()
    })
}

pub(super) async fn get(client: &Hyper, uri: Uri) -> (Option<Uri>, Bytes) {
    let response = client.request(request(uri)).await.expect("an answer");
    let next = next_link(response.headers());
    let body = response.into_body().collect().await.expect("a body");
    (next, body.to_bytes())
}

async fn by_hand(port: u16, sum: &mut Sum, work: bool) {
    let client: Hyper = client();
    let mut next = Some(url(port, 1));
    while let Some(uri) = next {
        let (following, body) = get(&client, uri).await;
        sum.page(&body);
        if work {
            tokio::time::sleep(WORK).await;
        }
        next = following;
    }
}

/// What one would have to write to overlap the next page with the work on this one: its request
/// leaves as soon as this one's head is there.
async fn by_hand_ahead(port: u16, sum: &mut Sum) {
    let client: Hyper = client();
    let mut response = client.request(request(url(port, 1))).await;
    loop {
        let page = response.expect("an answer");
        let next = next_link(page.headers());
        let next = next.map(|uri| tokio::spawn(client.request(request(uri))));
        let body = page.into_body().collect().await.expect("a body");
        sum.page(&body.to_bytes());
        tokio::time::sleep(WORK).await;
        match next {
            Some(next) => response = next.await.expect("a task"),
            None => return,
        }
    }
}

async fn drain_pages<E: Debug>(
    pages: impl Stream<Item = Result<Page, E>>,
    sum: &mut Sum,
    work: bool,
) {
    let mut pages = pin!(pages);
    while let Some(page) = pages.next().await {
        sum.page(&page.expect("a page").body);
        if work {
            tokio::time::sleep(WORK).await;
        }
    }
}

pub(super) async fn drain_items<E: Debug>(
    items: impl Stream<Item = Result<Item, E>>,
    sum: &mut Sum,
    work: bool,
) {
    let mut items = pin!(items);
    while let Some(item) = items.next().await {
        sum.add(item.expect("an item").id);
        if work && sum.at_page() {
            tokio::time::sleep(WORK).await;
        }
    }
}

pub(super) async fn run(name: &str, port: u16, sum: &mut Sum) {
    let first = request(url(port, 1));
    let link = PaginateLayer::new(LinkHeader::next());
    let ahead = || link.clone().spawn_on(TokioSpawn::new()).prefetch(1);
    match name {
        "hand" => by_hand(port, sum, false).await,
        "hand, working" => by_hand(port, sum, true).await,
        "hand, working, ahead" => by_hand_ahead(port, sum).await,
        "hand, 8 ahead" => {
            let client: Hyper = client();
            let pages = stream::iter(1..=PAGES).map(|page| get(&client, url(port, page)));
            let mut pages = pin!(pages.buffered(8));
            while let Some((_, body)) = pages.next().await {
                sum.page(&body);
            }
        }
        "items" => {
            let pages = link.layer(client()).oneshot(first).await.expect("a page");
            drain_items(pages.items(""), sum, false).await;
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
            drain_pages(pages, sum, false).await;
        }
        "items, 8 ahead" => {
            let numbers = PageNumber::query("page").total_pages(paginate::header("x-total-pages"));
            let layer = PaginateLayer::new(numbers)
                .items_at("")
                .spawn_on(TokioSpawn::new())
                .concurrency(8);
            let pages = layer.layer(client()).oneshot(first).await.expect("a page");
            drain_items(pages.items(""), sum, false).await;
        }
        "pages, working" => {
            let layer = ahead().layer(client());
            drain_pages(layer.oneshot(first).await.expect("a page"), sum, true).await;
        }
        "items, working" => {
            let layer = ahead().layer(client());
            let pages = layer.oneshot(first).await.expect("a page");
            drain_items(pages.items(""), sum, true).await;
        }
        #[cfg(feature = "peers")]
        peer => super::peers::run(peer, port, sum).await,
        #[cfg(not(feature = "peers"))]
        other => panic!("no contestant is called {other}"),
    }
}
