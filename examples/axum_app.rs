//! An axum app: its requests are held to a contract, and its handler calls a flaky upstream in the
//! time that its own caller leaves.
//! cargo run --example axum_app

use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, Scope};
use outbound::axum::{IncomingDeadlineLayer, UpstreamError};
use outbound::http::DeadlineAt;
use outbound::schema::{Contract, Rejection, ValidateLayer};
use outbound::{BoxError, Client, standard, success};
use serde_json::{Value, json};

#[path = "axum_app/upstream.rs"]
mod upstream;

const ORDER: &str =
    r#"{"required":["quantity"],"properties":{"quantity":{"type":"integer","minimum":1}}}"#;

fn app(upstream: &str) -> Result<Router, BoxError> {
    let stock = standard()
        .base_url(upstream)?
        .auth(AuthLayer::bearer(Scope::origin(upstream)?, "a-token")?.strict())
        .contract(ValidateLayer::new(Contract::required(["/stock: integer"])?))
        .service(hyper())
        .boxed();
    let inbound = ValidateLayer::requests(Contract::schema(ORDER)?);
    Ok(Router::new()
        .route("/orders/{item}", post(order))
        .layer(inbound.reject_with(Rejection::problem))
        .layer(IncomingDeadlineLayer::new(Duration::from_secs(2)))
        .with_state(stock))
}

async fn order(
    State(stock): State<Client>,
    Extension(deadline): Extension<DeadlineAt>,
    Path(item): Path<String>,
    Json(order): Json<Value>,
) -> Result<Json<Value>, UpstreamError> {
    let request = Request::get(format!("/stock/{item}")).extension(deadline);
    let request = request.body(Full::default())?;
    let response = success(stock.send(request).await?)?;
    let stock: Value = serde_json::from_slice(response.body().bytes())?;
    let numbers = stock["stock"].as_i64().zip(order["quantity"].as_i64());
    let left = numbers.map(|(stock, ordered)| stock - ordered);
    Ok(Json(json!({"item": item, "left": left})))
}

fn hyper() -> Hyper<HttpConnector, Full<Bytes>> {
    Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http()
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let upstream = outbound_examples::serve(upstream::router()).await?;
    let app = outbound_examples::serve(app(&upstream)?).await?;
    for (item, quantity) in [("pen", 2), ("pen", 0), ("ink", 1), ("map", 1), ("cup", 1)] {
        let order = Request::post(format!("{app}/orders/{item}"))
            .header("content-type", "application/json")
            .body(Full::from(json!({"quantity": quantity}).to_string()))?;
        let (head, body) = hyper().request(order).await?.into_parts();
        println!(
            "{quantity} {item}: {}, retry-after: {:?}",
            head.status,
            head.headers.get("retry-after")
        );
        println!(
            "{}",
            std::str::from_utf8(&body.collect().await?.to_bytes())?
        );
    }
    Ok(())
}
