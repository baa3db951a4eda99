//! Three pages are drained in both shapes over hyper and over a router.

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, Scope};
use outbound::paginate::{LinkHeader, PaginateLayer};
use outbound::schema::Contract;
use outbound::{BoxError, Client, standard};
use tower::{Layer, Service, ServiceExt};

use crate::api::{router, serve};
use crate::{Item, contract, request, retry, tokens};

/// Drains the three pages through the collected shape.
async fn drain_collected<S, RB>(transport: S, origin: &str)
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let tokens = tokens();
    let scope = Scope::origin(origin).unwrap();
    let client: Client = standard()
        .retry(retry())
        .auth(AuthLayer::bearer_from(scope, tokens.clone()).replay())
        .contract(contract())
        .service(transport)
        .boxed();

    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(client)
        .oneshot(request(&format!("{origin}/items")))
        .await
        .unwrap();
    let items: Vec<Item> = std::pin::pin!(pages.items("")).try_collect().await.unwrap();
    assert_eq!(items, (1..=6).map(|id| Item { id }).collect::<Vec<_>>());
    assert_eq!((tokens.fetches(), tokens.resends()), (2, 1));
}

/// Drains the three pages through the streaming shape.
async fn drain_streaming<S, RB>(transport: S, origin: &str)
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let stack = standard()
        .streaming()
        .retry(retry())
        .auth(AuthLayer::bearer_from(Scope::origin(origin).unwrap(), tokens()).replay())
        .service(transport.map_err(Into::into));

    let pages = PaginateLayer::new(LinkHeader::next())
        .layer(stack)
        .oneshot(request(&format!("{origin}/items")))
        .await
        .unwrap();
    let item = Contract::required(["/id: integer"]).unwrap();
    let ids = pages.items_with("", move |raw: &[u8]| -> Result<Item, BoxError> {
        item.check(raw)?;
        Ok(serde_json::from_slice(raw)?)
    });
    let ids: Vec<_> = std::pin::pin!(ids)
        .map_ok(|item| item.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
}

fn hyper_client<B>() -> legacy::Client<legacy::connect::HttpConnector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn the_collected_shape_drains_over_hyper_util() {
    drain_collected(hyper_client(), &serve().await).await;
}

#[tokio::test]
async fn the_streaming_shape_drains_over_hyper_util() {
    drain_streaming(hyper_client(), &serve().await).await;
}

#[tokio::test]
async fn the_collected_shape_drains_a_router() {
    drain_collected(router(), "http://localhost").await;
}

#[tokio::test]
async fn the_streaming_shape_drains_a_router() {
    drain_streaming(router(), "http://localhost").await;
}
