//! An https server that is busy at first, and wants a token.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use outbound::BoxError;
use rcgen::{CertifiedKey, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// The origin that it serves under.
pub(crate) async fn serve(certified: &CertifiedKey<KeyPair>) -> Result<String, BoxError> {
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("https://localhost:{}", listener.local_addr()?.port());
    let router = router();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = TowerToHyperService::new(router);
                let connection = http1::Builder::new();
                let _ = connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Ok(origin)
}

fn router() -> Router {
    let asked = AtomicUsize::new(0);
    let asked = Arc::new(asked);
    let names = move |headers: HeaderMap| async move {
        let authorization = headers.get(header::AUTHORIZATION);
        let status = match asked.fetch_add(1, Relaxed) {
            _ if authorization.is_none_or(|value| value != "Bearer a-token") => 401,
            0 => 503,
            _ => 200,
        };
        let json = [(header::CONTENT_TYPE, "application/json")];
        (
            StatusCode::from_u16(status).unwrap_or_default(),
            json,
            r#"{"names":["Ada"]}"#,
        )
    };
    Router::new().route("/names", get(names))
}
