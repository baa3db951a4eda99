//! A gRPC server of one method, with faults in a fixed order.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound::auth::{Token, Tokens, from_fn};
use tokio::net::TcpListener;
use tonic::server::Grpc;
use tonic::{Code, Request, Response, Status};

use crate::codec::BytesCodec;

/// The origin that it serves under.
pub(crate) async fn serve() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let asked = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let asked = Arc::clone(&asked);
            let service = service_fn(move |request: http::Request<Incoming>| {
                let asked = Arc::clone(&asked);
                async move {
                    let hello = tower::service_fn(|request| hello(&asked, request));
                    Ok::<_, Infallible>(Grpc::new(BytesCodec).unary(hello, request).await)
                }
            });
            let connection = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(origin)
}

/// The first token is one that the server knows no longer.
pub(crate) fn tokens() -> Tokens {
    let fetches = AtomicUsize::new(0);
    Tokens::new(from_fn(move |_| {
        let fetch = fetches.fetch_add(1, Relaxed) + 1;
        async move { Ok(Token::new(format!("token-{fetch}")).lives(Duration::from_secs(3600))) }
    }))
}

async fn hello(asked: &AtomicUsize, request: Request<Bytes>) -> Result<Response<Bytes>, Status> {
    let token = request.metadata().get("authorization");
    let is_known = token.is_some_and(|token| token == "Bearer token-2");
    let name = String::from_utf8_lossy(request.get_ref()).into_owned();
    let answer = match asked.fetch_add(1, Relaxed) {
        _ if !is_known => Err(Status::unauthenticated("who are you?")),
        2 => Ok(Response::new(Bytes::from(format!("Hello, {name}!")))),
        _ => Err(Status::unavailable("come back later")),
    };
    let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
    println!("  server: Hello({name}): {code:?}");
    answer
}
