//! octocrab's stream of items, and page-turner around the requests that the loop by hand makes.

use std::sync::Arc;

use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::retry::RetryConfig;
use octocrab::{AuthState, Octocrab, OctocrabBuilder, Page};
use page_turner::prelude::*;
use tower::retry::RetryLayer;

use super::PAGES;
use super::client::{Hyper, Item, Sum, client, drain_items, get, url};

pub(super) async fn run(name: &str, port: u16, sum: &mut Sum) {
    match name {
        "octocrab" => octocrab(port, sum, false).await,
        "octocrab, working" => octocrab(port, sum, true).await,
        "page-turner" => {
            let pages = Turner::new(port).into_pages(Number(1));
            drain_items(pages.items(), sum, false).await;
        }
        "page-turner, 8 ahead" => {
            let limit = Limit::Pages(usize::try_from(PAGES).expect("a number of pages"));
            let pages = Turner::new(port).into_pages_ahead(8, limit, Number(1));
            drain_items(pages.items(), sum, false).await;
        }
        other => panic!("no contestant is called {other}"),
    }
}

/// Over the same client as all, with the layers around it that octocrab puts around its own, but for
/// those of spans and redirects.
async fn octocrab(port: u16, sum: &mut Sum, work: bool) {
    let base = url(port, 1);
    let octocrab: Octocrab = OctocrabBuilder::new_empty()
        .with_service(client())
        .with_layer(&RetryLayer::new(RetryConfig::Simple(3)))
        .with_layer(&ExtraHeadersLayer::new(Arc::default()))
        .with_layer(&BaseUriLayer::new(base.clone()))
        .with_auth(AuthState::None)
        .build()
        .unwrap_or_else(|never| match never {});
    let first: Page<Item> = octocrab
        .get(base.to_string(), None::<&()>)
        .await
        .expect("a page");
    drain_items(first.into_stream(&octocrab), sum, work).await;
}

#[derive(Clone)]
struct Turner {
    client: Hyper,
    port: u16,
}

impl Turner {
    fn new(port: u16) -> Self {
        let client = client();
        Self { client, port }
    }
}

#[derive(Clone)]
struct Number(u64);

impl RequestAhead for Number {
    fn next_request(&self) -> Self {
        Self(self.0 + 1)
    }
}

impl PageTurner<Number> for Turner {
    type PageItems = Vec<Item>;
    type PageError = serde_json::Error;

    async fn turn_page(&self, number: Number) -> TurnedPageResult<Self, Number> {
        let (_, body) = get(&self.client, url(self.port, number.0)).await;
        let items = serde_json::from_slice(&body)?;
        Ok(match number.0 {
            PAGES => TurnedPage::last(items),
            _ => TurnedPage::next(items, number.next_request()),
        })
    }
}
