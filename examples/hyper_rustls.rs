//! hyper-util's client with rustls as the transport: https, and one certificate that is trusted.
//! cargo run --example hyper_rustls --features rustls

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, Scope};
use outbound::retry::Attempts;
use outbound::{BoxError, Client, standard};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

#[path = "hyper_rustls/server.rs"]
mod server;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let origin = server::serve(&certified).await?;

    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone())?;
    let trusting = client(&origin, roots)?;
    let response = trusting.send(get(&origin)?).await?;
    let sends = Attempts::of(response.extensions());
    println!("{} after {sends} sends", response.status());
    println!("{}", std::str::from_utf8(response.body().bytes())?);

    // A certificate that is not trusted now will not be in a second either: no retry.
    let wary = client(&origin, RootCertStore::empty())?;
    let Err(error) = wary.send(get(&origin)?).await else {
        return Err("an unknown certificate was trusted".into());
    };
    let chain = std::iter::successors(Some(&*error as &dyn std::error::Error), |e| e.source());
    println!("without that trust: {}", chain.last().unwrap_or(&*error));
    Ok(())
}

fn client(origin: &str, roots: RootCertStore) -> Result<Client, BoxError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_http1()
        .build();
    let transport = Hyper::builder(TokioExecutor::new())
        // A silent resend would be one that nobody counts.
        .retry_canceled_requests(false)
        .build::<_, Full<Bytes>>(connector);
    let auth = AuthLayer::bearer(Scope::origin(origin)?, "a-token")?.strict();
    Ok(standard().auth(auth).service(transport).boxed())
}

fn get(origin: &str) -> http::Result<Request<Full<Bytes>>> {
    Request::get(format!("{origin}/names")).body(Full::default())
}
