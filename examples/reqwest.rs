//! reqwest as the transport of the standard stack, by an adapter of five lines.
//! cargo run --example reqwest --features reqwest

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use outbound::auth::{AuthLayer, Scope};
use outbound::http::{BufferBody, ReplayBody};
use outbound::retry::RetryLayer;
use outbound::{BoxError, standard};
use reqwest::{Body, redirect};
use tower::{Service, service_fn};

#[path = "reqwest/api.rs"]
mod api;

/// reqwest's body is not `Clone`: what was sent of it is recorded, to be sent again.
type Sent = ReplayBody<Body>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let origin = outbound_examples::serve(api::router()).await?;
    let client = reqwest::Client::builder()
        // Its redirects would be followed beneath the credential's scope, and its retries by
        // nobody counted.
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()?;
    let retry = RetryLayer::new().buffer_body(BufferBody::DEFAULT_LIMIT);
    let api = standard()
        .retry(retry.clone())
        .auth(AuthLayer::bearer(Scope::origin(&origin)?, "a-token")?.strict())
        .service(transport(client.clone()));

    let pieces =
        ["one, ", "two, ", "three"].map(|piece| Ok::<_, BoxError>(Frame::data(Bytes::from(piece))));
    let body = StreamBody::new(stream::iter(pieces));
    let upload = Request::put(format!("{origin}/upload")).body(Body::wrap(body))?;
    println!("upload: {}", api.send(upload).await?.status());

    let moved = Request::get(format!("{origin}/moved")).body(Body::default())?;
    let response = api.send(moved).await?;
    println!("moved: {}, and not followed", response.status());

    // Its errors pass on as they are.
    let wrong = Request::get("ftp://localhost/").body(Body::default())?;
    let plain = standard().retry(retry).service(transport(client));
    if let Err(error) = plain.send(wrong).await {
        let error: Option<&reqwest::Error> = error.downcast_ref();
        println!(
            "wrong scheme: {}",
            error.is_some_and(reqwest::Error::is_builder)
        );
    }
    Ok(())
}

/// reqwest is a service of its own request type. This one takes what every tower layer speaks.
fn transport(
    client: reqwest::Client,
) -> impl Service<Request<Sent>, Response = Response<Body>, Error = reqwest::Error, Future: Send>
+ Clone
+ Send {
    service_fn(move |request: Request<Sent>| {
        let client = client.clone();
        async move {
            let request = reqwest::Request::try_from(request.map(Body::wrap))?;
            let response = client.execute(request).await;
            // Its errors display the URL, and a key may be in the query.
            Ok(response.map_err(reqwest::Error::without_url)?.into())
        }
    })
}
