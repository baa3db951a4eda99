//! Drains the embedded unreliable API, and tells what went wrong and how it was handled.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use outbound::BoxError;
use outbound::auth::{AuthLayer, FetchError, Reason, Scope, Token, Tokens, from_fn};
use outbound::http::Origin;
use outbound::paginate::{LinkHeader, PaginateLayer};
use outbound::schema::Contract;
use tower::{Layer, ServiceExt};

use crate::args::{OutputArgs, RetryArgs};
use crate::console::Console;
use crate::contract::ItemContract;
use crate::credential::Credentials;
use crate::drain::Job;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::plan::RequestPlan;
use crate::stack;
use crate::strategy::AnyStrategy;
use crate::summary::Counters;
use crate::transport;
use crate::unreliable::UnreliableApi;

/// No page and no token answer of the embedded API is anywhere near.
const LIMIT: usize = 1024 * 1024;

pub(crate) async fn run(
    retry: RetryArgs,
    output: OutputArgs,
    counters: &Counters,
    console: &Console,
) -> Result<Outcome, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::new(Outcome::Transport, format!("the embedded API: {error}"))
    };
    let api = UnreliableApi::start()
        .await
        .map_err(|error| broken(&error))?;
    console.line(&format!(
        "No URL was given: draining an unreliable API of its own, {}",
        api.items_url()
    ));
    let uri: http::Uri = api.items_url().parse().map_err(|error| broken(&error))?;
    let origin = Origin::of(&uri).ok_or_else(|| broken(&"it has no origin"))?;

    let tokens = tokens(&api.token_url(), counters, console);
    let contract = Contract::required(UnreliableApi::ITEM_CONTRACT.iter().copied())
        .map_err(|error| broken(&error))?;
    let strategy: AnyStrategy = std::sync::Arc::new(LinkHeader::next());
    let job = Job {
        request: RequestPlan {
            uri,
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        },
        idempotent: retry.idempotent,
        credential: true,
        items: Some(String::new()),
        item_contract: ItemContract::new(Some(contract), false, counters, console),
        deadline: retry.deadline,
    };
    let client = stack::api(
        &retry,
        LIMIT,
        Credentials::fetched(Scope::from(origin), tokens.clone()),
        None,
        counters,
        console,
    );
    let sink = Output::open(output.output.as_deref())
        .map_err(|error| Failure::new(Outcome::Output, format!("-o: {error}")))?;
    let result = job
        .run(PaginateLayer::new(strategy), client, sink, counters)
        .await;
    counters.resends().store(tokens.resends(), Relaxed);
    counters.refreshes().store(tokens.fetches(), Relaxed);
    if result.is_ok() {
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        console.line(&format!(
            "Drained {} items from {} pages, each once; retries {}, token fetches {}, breaches of contract {}.",
            count(counters.items()),
            count(counters.pages()),
            count(counters.retries()),
            count(counters.refreshes()),
            count(counters.violations()),
        ));
    }
    result
}

/// Tokens by OAuth's client credentials grant (RFC 6749, section 4.4), as the embedded API
/// speaks it.
fn tokens(url: &str, counters: &Counters, console: &Console) -> Tokens {
    let (counters, console) = (counters.clone(), console.clone());
    let (client, url) = (transport::client(), url.to_owned());
    Tokens::new(from_fn(move |why| {
        let (counters, console) = (counters.clone(), console.clone());
        let (client, url) = (client.clone(), url.clone());
        async move {
            let token = fetch(client, &url).await.map_err(FetchError::new)?;
            let fetched = counters.refreshes().fetch_add(1, Relaxed) + 1;
            console.note(|| match why {
                Reason::Missing => format!("no token yet; fetched token {fetched}"),
                Reason::Rejected => {
                    format!(
                        "answered 401, the token was refused; fetched token {fetched}, sent again"
                    )
                }
                _ => format!("the token is at its end; fetched token {fetched}"),
            });
            Ok(token)
        }
    }))
}

async fn fetch(
    client: hyper_util::client::legacy::Client<transport::Connector, Full<Bytes>>,
    url: &str,
) -> Result<Token, BoxError> {
    let origin = Origin::of(&url.parse()?).ok_or("the token endpoint has no origin")?;
    let client = AuthLayer::basic(
        Scope::from(origin),
        UnreliableApi::CLIENT_ID,
        UnreliableApi::CLIENT_SECRET,
    )?
    .layer(client);
    let request = Request::post(url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from("grant_type=client_credentials"))?;
    let response = client.oneshot(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("the token endpoint answered {}", response.status()).into());
    }
    let body = Limited::new(response.into_body(), LIMIT)
        .collect()
        .await?
        .to_bytes();
    let answer: serde_json::Value = serde_json::from_slice(&body)?;
    let token = answer["access_token"]
        .as_str()
        .ok_or("the answer has no access_token")?;
    let seconds = answer["expires_in"]
        .as_f64()
        .ok_or("the answer has no expires_in")?;
    Ok(Token::new(token).lives(Duration::try_from_secs_f64(seconds)?))
}
