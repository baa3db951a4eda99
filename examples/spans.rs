//! One span for each send, with OpenTelemetry's names, and an event for each retry.
//!
//! `cargo run --features spans --example spans`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use outbound::auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use outbound::retry::{Exponential, RetryLayer};
use outbound::{BoxError, standard};
use tokio::time::Duration;
use tower::service_fn;
use tracing::Instrument;
use tracing_subscriber::fmt::format::FmtSpan;

/// Busy at first, then it wants another token than the first one.
fn answer(request: &Request<Full<Bytes>>, sends: usize) -> StatusCode {
    match sends {
        0 => StatusCode::SERVICE_UNAVAILABLE,
        _ if request.headers()["authorization"] == "Bearer token-1" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::OK,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .with_target(false)
        .with_ansi(false)
        .without_time()
        .init();

    let sends = Arc::new(AtomicUsize::new(0));
    let transport = service_fn(move |request: Request<Full<Bytes>>| {
        let status = answer(&request, sends.fetch_add(1, Relaxed));
        async move {
            let response = Response::builder().status(status);
            response.body(Full::<Bytes>::default())
        }
    });
    let fetches = AtomicUsize::new(0);
    let tokens = Tokens::new(from_fn(move |_| {
        let token = format!("token-{}", fetches.fetch_add(1, Relaxed) + 1);
        async move { Ok(Token::new(token).lives(Duration::from_secs(60))) }
    }));
    let scope = Scope::origin("https://api.example.com")?;
    let api = standard()
        .retry(RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO)))
        .auth(AuthLayer::bearer_from(scope, tokens).replay())
        .service(transport);

    // The call's own span is the caller's business; the sends become its children.
    let request = Request::get("https://api.example.com/users?key=secret").body(Full::default())?;
    let call = tracing::info_span!("list users");
    let response = api.send(request).instrument(call).await?;
    println!("{}", response.status());
    Ok(())
}
