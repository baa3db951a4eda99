//! Drains the embedded unreliable API, and tells what went wrong and how it was handled.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use http::{HeaderMap, Method};
use outbound::auth::oauth2::{ClientCredentials, TokenEndpoint};
use outbound::auth::{InvalidAuth, Reason, Scope, TokenSource, from_fn};
use outbound::http::Origin;
use outbound::paginate::{LinkHeader, PaginateLayer};
use outbound::schema::Contract;

use crate::args::{ContractMode, OutputArgs, RetryArgs};
use crate::console::Console;
use crate::contract::ItemContract;
use crate::credential::Credentials;
use crate::drain::{Job, request};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::plan::RequestPlan;
use crate::stack;
use crate::strategy::AnyStrategy;
use crate::summary::Counters;
use crate::trail::Trail;
use crate::transport;
use crate::unreliable::UnreliableApi;

/// No page of the embedded API is anywhere near.
const LIMIT: usize = 1024 * 1024;

pub(crate) async fn run(
    retry: RetryArgs,
    output: OutputArgs,
    counters: &Counters,
    console: &Console,
    interrupt: Interrupt,
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

    let tokens = tokens(&api.token_url(), counters, console).map_err(|error| broken(&error))?;
    let contract = Contract::required(UnreliableApi::ITEM_CONTRACT.iter().copied())
        .map_err(|error| broken(&error))?;
    let strategy: AnyStrategy = std::sync::Arc::new(LinkHeader::next());
    let first = RequestPlan {
        uri,
        method: Method::GET,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let job = Job {
        request: request(&first, retry.idempotent),
        credential: true,
        items: Some(String::new()),
        item_contract: ItemContract::new(Some(contract), ContractMode::Report, counters, console),
        deadline: retry.deadline,
        page_deadline: retry.page_deadline,
        trail: Trail::from_page(0),
        prefetch: 0,
        concurrency: 1,
        book: None,
        interrupt,
    };
    let client = stack::api(
        &retry,
        LIMIT,
        Credentials::bearer(Scope::from(origin), tokens, counters),
        None,
        counters,
        console,
        &job.trail,
    );
    let sink = Output::begin(output.output.as_deref(), None, job.interrupt.clone()).await?;
    let result = job
        .run(PaginateLayer::new(strategy), client, sink, counters)
        .await;
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

/// Tokens by OAuth's client credentials grant, and a note of each.
fn tokens(
    url: &str,
    counters: &Counters,
    console: &Console,
) -> Result<impl TokenSource + use<>, InvalidAuth> {
    let (counters, console) = (counters.clone(), console.clone());
    let endpoint = TokenEndpoint::new(transport::client(), url)?;
    let grant = ClientCredentials::new(
        endpoint,
        UnreliableApi::CLIENT_ID,
        UnreliableApi::CLIENT_SECRET,
    )?;
    Ok(from_fn(move |why| {
        let (counters, console, grant) = (counters.clone(), console.clone(), grant.clone());
        async move {
            let token = grant.fetch(why).await?;
            let fetched = counters.refreshes().load(Relaxed) + 1;
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
