//! What the renewal of a token costs the slowest requests: 1,000 requests a second to an API that
//! answers in 2 ms, with a token that lives for 1 s and takes 200 ms to fetch, beside the same with
//! a token that lives for an hour, in the same run.
//!
//! The ratio of their 99th percentiles is a gate. For comparison stands a client that fetches its
//! token when it has expired, as most do.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::{AuthLayer, Scope, Token, Tokens, from_fn};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};
use tower::{Layer, ServiceExt, service_fn};

const REQUESTS: usize = 10_000;
const PERIOD: Duration = Duration::from_millis(1);
const ANSWER: Duration = Duration::from_millis(2);
const FETCH: Duration = Duration::from_millis(200);
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(3600);
const MOST: f64 = 1.5;

fn main() -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let ahead = Tokens::DEFAULT_REFRESH_AHEAD;
    let runs = [(LONG, ahead), (SHORT, ahead), (SHORT, Duration::ZERO)];
    let runs = runs.map(|(lifetime, ahead)| runtime.spawn(drive(lifetime, ahead)));
    let [quiet, renewing, waiting] = runs.map(|run| runtime.block_on(run));
    let (quiet, renewing, waiting) = (quiet??, renewing??, waiting??);
    report("no renewal", &quiet, &quiet);
    let ratio = report("renewed ahead", &renewing, &quiet);
    report("renewed when it has expired", &waiting, &quiet);
    assert!(ratio <= MOST, "the ratio is to be {MOST} at most");
    Ok(())
}

/// How long each request took, in order of that, and the number of fetches.
struct Taken(Vec<Duration>, u64);

async fn drive(lifetime: Duration, ahead: Duration) -> Result<Taken, BoxError> {
    let tokens = Tokens::builder(from_fn(move |_| async move {
        sleep(FETCH).await;
        Ok(Token::new("token").lives(lifetime))
    }));
    let tokens = tokens.refresh_ahead(ahead).build();
    let api = service_fn(|_: Request<Full<Bytes>>| async {
        sleep(ANSWER).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let scope = Scope::origin("https://api.example.com")?;
    let service = AuthLayer::bearer_from(scope, tokens.clone()).layer(api);
    tokens.warm().await?;

    let mut requests = JoinSet::new();
    let mut beat = interval(PERIOD);
    for _ in 0..REQUESTS {
        beat.tick().await;
        let service = service.clone();
        let request = Request::get("https://api.example.com/").body(Full::default())?;
        requests.spawn(async move {
            let start = Instant::now();
            service.oneshot(request).await.map(|_| start.elapsed())
        });
    }
    let taken: Result<Vec<_>, _> = requests.join_all().await.into_iter().collect();
    let mut taken = taken?;
    taken.sort_unstable();
    Ok(Taken(taken, tokens.fetches()))
}

/// Prints the percentiles; the ratio of the 99th to that of `quiet`.
fn report(name: &str, taken: &Taken, quiet: &Taken) -> f64 {
    let at = |taken: &Taken, thousandths: usize| taken.0[taken.0.len() * thousandths / 1000];
    let ratio = at(taken, 990).as_secs_f64() / at(quiet, 990).as_secs_f64();
    println!(
        "{name:28} {:3} fetches   p50 {:8.1?}   p99 {:8.1?}   p99.9 {:8.1?}   ratio of p99 {ratio:.2}",
        taken.1,
        at(taken, 500),
        at(taken, 990),
        at(taken, 999),
    );
    ratio
}
