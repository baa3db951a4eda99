//! The stack that every page goes through.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound::http::CollectLayer;
use outbound::retry::{Event, Exponential, RetryLayer};
use outbound::schema::ValidateLayer;
use outbound::{Client, standard};
use tower::ServiceBuilder;
use tower_http::follow_redirect::FollowRedirectLayer;

use crate::args::RetryArgs;
use crate::console::Console;
use crate::credential::Credentials;
use crate::redirect::KeepSecrets;
use crate::summary::Counters;
use crate::transport;

/// The standard stack over hyper-util's client, as the options want it.
pub(crate) fn api(
    retry: &RetryArgs,
    max_body: usize,
    credentials: Credentials,
    contract: Option<ValidateLayer>,
    counters: &Counters,
    console: &Console,
) -> Client {
    let sent = counters.clone();
    let transport = ServiceBuilder::new()
        .map_request(move |request: Request<Full<Bytes>>| {
            sent.requests().fetch_add(1, Relaxed);
            request
        })
        .service(transport::client());
    let stack = standard()
        .deadline(retry.page_deadline)
        .retry(retries(retry, counters, console))
        .auth(credentials)
        .body(CollectLayer::new(max_body))
        .per_try(FollowRedirectLayer::with_policy(KeepSecrets::new()));
    match contract {
        Some(contract) => stack.contract(contract).service(transport).boxed(),
        None => stack.service(transport).boxed(),
    }
}

fn retries(args: &RetryArgs, counters: &Counters, console: &Console) -> RetryLayer {
    let (counters, console) = (counters.clone(), console.clone());
    RetryLayer::new()
        .retries(args.retries)
        .budget(None)
        .backoff(Exponential::new(args.retry_base, args.retry_cap))
        .hint_ceiling(args.retry_after_max)
        .attempt_timeout(args.attempt_timeout)
        .on_retry(move |event: &Event<'_>| {
            counters.retries().fetch_add(1, Relaxed);
            counters.add_wait(event.delay());
            console.note(|| format!("{event}"));
        })
}
