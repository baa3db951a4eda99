//! What is retried and what is not, after which pause, with which bytes.

mod bodies;
mod observers;
mod pauses;
mod retry_after;
mod time;
mod verdicts;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use outbound_retry::{Exponential, RetryLayer};
use test_support::{Scripted, Step, send};

const SECOND: Duration = Duration::from_secs(1);

/// Retries without pauses, unless the server asks for them.
fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Exponential::new(Duration::ZERO, Duration::ZERO))
}

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_static("https://api.test/items?key=secret");
    request
}

fn with_method(method: &str) -> Request<Full<Bytes>> {
    let mut request = get();
    *request.method_mut() = method.parse().expect("a method");
    request
}

fn lost() -> Step {
    Step::error(io::Error::from(io::ErrorKind::ConnectionReset))
}

fn refused() -> Step {
    Step::error(io::Error::from(io::ErrorKind::ConnectionRefused))
}

/// The pauses of one request that fails for ever.
async fn observed(
    client: &mut (impl tower::Service<Request<Full<Bytes>>> + Clone),
    api: &Scripted,
) -> Vec<Duration> {
    let before = api.calls();
    let _ = send(client, get()).await;
    let at: Vec<_> = api.requests()[before..]
        .iter()
        .map(|sent| sent.at)
        .collect();
    at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
