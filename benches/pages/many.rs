//! Many small pages, for what each of them allocates.

use std::convert::Infallible;
use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use outbound::paginate::{LinkHeader, PaginateLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

const BODY: &str = r#"{"items":[1,2,3,4,5,6,7,8,9,10],"more":true}"#;

fn template() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_static("https://api.test/list?page=1");
    for (name, value) in [("accept", "application/json"), ("user-agent", "benches")] {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    request
}

/// An API of so many linked pages, which answers the same each time but for the link.
fn api(
    pages: usize,
) -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone {
    let mut links: Vec<HeaderValue> = (2..=pages)
        .map(|page| {
            let link = format!("</list?page={page}>; rel=\"next\"");
            HeaderValue::try_from(link).expect("a header value")
        })
        .collect();
    links.reverse();
    let links = std::sync::Arc::new(std::sync::Mutex::new(links));
    service_fn(move |_| {
        let mut response = Response::new(Full::from(BODY));
        if let Some(link) = links.lock().expect("no panic").pop() {
            response.headers_mut().insert("link", link);
        }
        std::future::ready(Ok(response))
    })
}

/// The loop that one writes by hand: the same request with the next URL, the body whole, the items
/// summed as they are decoded.
pub(crate) async fn by_hand(pages: usize) -> u64 {
    #[derive(serde::Deserialize)]
    struct Page {
        items: Vec<u64>,
    }
    let mut api = api(pages);
    let first = template();
    let mut sum = 0;
    let mut next = Some(first.uri().clone());
    while let Some(uri) = next.take() {
        let mut request = first.clone();
        *request.uri_mut() = uri;
        let Ok(response) = api.call(request).await;
        let link = response.headers().get("link");
        next = link.map(|link| {
            let target = link.to_str().expect("text").trim_start_matches('<');
            let target = target.split_once('>').expect("a link").0;
            let uri = format!("https://api.test{target}");
            Uri::try_from(uri).expect("a URI")
        });
        let Ok(body) = response.into_body().collect().await;
        let page: Page = serde_json::from_slice(&body.to_bytes()).expect("a page");
        sum += page.items.iter().sum::<u64>();
    }
    sum
}

pub(crate) async fn items(pages: usize) -> u64 {
    let layer = PaginateLayer::new(LinkHeader::next());
    let Ok(stream) = layer.layer(api(pages)).oneshot(template()).await;
    let mut items = pin!(stream.items::<u64>("/items"));
    let mut sum = 0;
    while let Some(item) = items.next().await {
        sum += item.expect("an item");
    }
    sum
}

pub(crate) async fn whole(pages: usize) -> u64 {
    let layer = PaginateLayer::new(LinkHeader::next());
    let Ok(stream) = layer.layer(api(pages)).oneshot(template()).await;
    let mut stream = pin!(stream);
    let mut bytes = 0;
    while let Some(page) = stream.next().await {
        bytes += page.expect("a page").body.len() as u64;
    }
    bytes
}
