//! The innermost service: hyper-util's client, with rustls.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound::BoxError;
use tokio::net::TcpStream;
use tower::Service;

/// A client for http and https.
pub(crate) fn client() -> Client<Connector, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        // A silent resend would be one that nobody counts.
        .retry_canceled_requests(false)
        .build(Connector::new())
}

/// Connects by TCP, and with TLS from the first https URL on.
///
/// Loading the system's roots takes a while, and a machine may have none: plain http works
/// without them.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    http: HttpConnector,
    https: Arc<OnceLock<HttpsConnector<HttpConnector>>>,
}

impl Connector {
    fn new() -> Self {
        let mut http = HttpConnector::new();
        // It also connects for https; the scheme is looked at here.
        http.enforce_http(false);
        http.set_nodelay(true);
        Self {
            http,
            https: Arc::default(),
        }
    }

    fn https(&self) -> io::Result<HttpsConnector<HttpConnector>> {
        if let Some(connector) = self.https.get() {
            return Ok(connector.clone());
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_only()
            .enable_http1()
            .wrap_connector(self.http.clone());
        Ok(self.https.get_or_init(|| connector).clone())
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if uri.scheme_str() != Some("https") {
            let stream = self.http.call(uri);
            return Box::pin(async { Ok(MaybeHttpsStream::Http(stream.await?)) });
        }
        match self.https() {
            Ok(mut connector) => connector.call(uri),
            Err(error) => Box::pin(async { Err(error.into()) }),
        }
    }
}
