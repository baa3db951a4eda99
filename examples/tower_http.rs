//! tower-http's layers in the standard stack: beneath the credential, around each send.
//! cargo run --example tower_http --features middleware

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, RemoveSensitive, Scope};
use outbound::http::EffectiveUri;
use outbound::{BoxError, Client, standard};
use tower::ServiceBuilder;
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

#[path = "tower_http/api.rs"]
mod api;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let other = outbound_examples::serve(api::other()).await?;
    let origin = outbound_examples::serve(api::router(&other)).await?;

    let per_try = ServiceBuilder::new()
        // The limit of what is collected above then counts what was inflated.
        .layer(DecompressionLayer::new())
        // Retry sees where a redirect led, not the redirect; a hop to another origin loses the
        // credential that auth added above, in whatever header.
        .layer(FollowRedirectLayer::with_policy(RemoveSensitive::new()))
        // Innermost, so that it tells of each send: retries, resends and hops.
        .layer(
            TraceLayer::new_for_http()
                .on_request(|request: &Request<Full<Bytes>>, _: &Span| {
                    let with = request.headers().contains_key("authorization");
                    println!("  send {}, authorized: {with}", request.uri().path());
                })
                .on_response(|response: &Response<_>, _: Duration, _: &Span| {
                    println!("  {}", response.status());
                })
                .on_failure(()),
        );
    let client: Client = standard()
        .auth(AuthLayer::bearer(Scope::origin(&origin)?, "a-token")?.strict())
        .per_try(per_try)
        .service(
            Hyper::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build_http(),
        )
        .boxed();

    for path in ["/old", "/away"] {
        let request = Request::get(format!("{origin}{path}")).body(Full::default())?;
        let response = client.send(request).await?;
        let from: Option<&EffectiveUri> = response.extensions().get();
        let from = from.map(|uri| uri.0.path());
        println!("{path}: {} from {from:?}", response.status());
        println!("{}", std::str::from_utf8(response.body().bytes())?);
    }
    Ok(())
}
