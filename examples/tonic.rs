//! Unary gRPC calls of tonic over the standard stack: a token refused, a server unavailable.
//! cargo run --example tonic --features tonic

use bytes::Bytes;
use http::uri::PathAndQuery;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use outbound::auth::{AuthLayer, Scope};
use outbound::http::{BufferBody, CollectLayer, ReplayBody, Rewind};
use outbound::retry::{Idempotent, RetryLayer};
use outbound::{BoxError, standard};
use tonic::Request;
use tonic::client::Grpc;
use tower::ServiceBuilder;

use crate::codec::BytesCodec;

#[path = "tonic/api.rs"]
mod api;
#[path = "tonic/codec.rs"]
mod codec;
#[path = "tonic/status.rs"]
mod status;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let origin = api::serve().await?;
    let transport = Hyper::builder(TokioExecutor::new())
        .http2_only(true)
        .retry_canceled_requests(false)
        .build_http::<ReplayBody<tonic::body::Body>>();
    // A message is recorded while it is sent: tonic's body can be neither cloned nor rewound.
    let stack = standard()
        .retry(RetryLayer::new().buffer_body(BufferBody::DEFAULT_LIMIT))
        .auth(AuthLayer::bearer_from(Scope::origin(&origin)?, api::tokens()).replay_with(Rewind))
        .body(
            ServiceBuilder::new()
                .map_response(status::in_terms_of_http)
                .layer(CollectLayer::default()),
        )
        .service(transport);
    let mut greeter = Grpc::with_origin(stack, origin.parse()?);
    let hello = PathAndQuery::from_static("/greet.Greeter/Hello");

    // Every gRPC request is a POST: who knows that it may be repeated has to say so.
    let mut request = Request::new(Bytes::from("Ada"));
    request.extensions_mut().insert(Idempotent(true));
    greeter.ready().await?;
    let response = greeter.unary(request, hello.clone(), BytesCodec).await?;
    println!("{}", std::str::from_utf8(response.get_ref())?);

    let request = Request::new(Bytes::from("Grace"));
    greeter.ready().await?;
    match greeter.unary(request, hello, BytesCodec).await {
        Ok(response) => println!("repeated: {response:?}"),
        Err(status) => println!("not repeated: {:?}, {}", status.code(), status.message()),
    }
    Ok(())
}
