//! The faults that no handler can speak of: they happen to the connection.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// In the extensions of a response: reset the connection instead of sending it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this connection is to be reset")
    }
}

impl Error for Reset {}

/// A body of `text`, after which the connection is closed, however long it was to be.
pub(super) fn cut_off(
    text: String,
) -> impl http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static {
    StreamBody::new(stream::unfold(Some(text), |text| async {
        if let Some(text) = text {
            return Some((Ok(Frame::data(text.into())), None));
        }
        // While it waits for more, hyper sends what it has; at an error it would not.
        tokio::task::yield_now().await;
        Some((Err(io::ErrorKind::BrokenPipe.into()), None))
    }))
}

/// Serves whoever connects, until it is dropped.
pub(super) async fn serve(listener: TcpListener, api: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, api.clone()))),
                // No descriptor left, perhaps; asking again at once would only spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, api: Router) {
    let service = service_fn(move |request| respond(api.clone(), request));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else {
        return;
    };
    if error.source().is_some_and(|cause| cause.is::<Reset>()) {
        let stream = connection.into_parts().io.into_inner();
        // Closing a socket that does not linger sends RST; else the client would see a FIN.
        let _ = stream.set_zero_linger();
    }
}

async fn respond<B>(api: Router, request: Request<B>) -> Result<Response<Body>, Reset>
where
    B: http_body::Body<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    let Ok(response) = api.oneshot(request.map(Body::new)).await;
    match response.extensions().get() {
        Some(&reset) => Err(reset),
        None => Ok(response),
    }
}
