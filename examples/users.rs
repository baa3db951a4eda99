//! The program of the README: an axum app that hands out all users of another API.
//! API=https://api.example.com TOKEN=… cargo run --example users

use axum::{Json, Router, extract::State, http::Request, routing::get};
use futures_util::TryStreamExt;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client as Hyper, rt::TokioExecutor};
use outbound::{BoxError, Client, PagesExt, axum::UpstreamError, standard};
use outbound::{
    auth::{AuthLayer, Scope},
    paginate::LinkHeader,
    schema::Contract,
};
use serde_json::Value;

async fn users(
    State((api, user)): State<(Client, Contract)>,
) -> Result<Json<Vec<Value>>, UpstreamError> {
    let pages = api
        .pages(
            LinkHeader::next(),
            Request::get("/users").body(Full::default())?,
        )
        .await?;
    Ok(Json(pages.items_checked("", &user).try_collect().await?))
}

pub(crate) fn app(base: &str, token: &str) -> Result<Router, BoxError> {
    let tls = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .build();
    let transport = Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build(tls);
    let credential = AuthLayer::bearer(Scope::origin(base)?, token)?.strict();
    let api = standard()
        .base_url(base)?
        .auth(credential)
        .service(transport)
        .boxed();
    let user = Contract::required(["/id: integer", "/name: string"])?;
    Ok(Router::new()
        .route("/users", get(users))
        .with_state((api, user)))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let app = app(&std::env::var("API")?, &std::env::var("TOKEN")?)?;
    Ok(axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?)
}
