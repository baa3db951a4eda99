//! The drain: what the command line names, set up and run.

mod course;
mod job;
mod place;
mod source;
mod stop;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound::retry::Idempotent;

pub(crate) use self::job::Job;
use crate::allowance::{PageByPage, Sends};
use crate::checkpoint::Book;
use crate::console::Console;
use crate::contract::{ItemContract, page_contract};
use crate::credential::Credentials;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::pagination;
use crate::plan::{Plan, RequestPlan};
use crate::stack;
use crate::strategy::{AnyStrategy, strategy};
use crate::summary::Counters;
use crate::token_client;
use crate::trail::Trail;

/// Drains what the command line names.
pub(crate) async fn run(
    plan: Plan,
    counters: &Counters,
    console: &Console,
    interrupt: Interrupt,
) -> Result<Outcome, Failure> {
    let usage = |line| Failure::new(Outcome::Usage, line);
    let strategy = strategy(&plan.pages).map_err(usage)?;
    let strategy: AnyStrategy = Arc::new(PageByPage::new(strategy));
    let page_contract = page_contract(&plan.contract, counters, console).map_err(usage)?;
    let item_contract = ItemContract::read(&plan.contract, counters, console).map_err(usage)?;
    let mut layer = pagination::layer(&plan, strategy);
    let request = request(&plan.request, plan.retry.idempotent);
    let path = plan.output.output.as_deref();
    let book = match &plan.pages.checkpoint {
        Some(path) => Some(Book::open(path, &plan.pages, &request).map_err(usage)?),
        None => None,
    };
    if let Some((book, at)) = book.as_ref().and_then(|book| Some((book, book.at()?))) {
        counters.resumes();
        if at.is_done() {
            return Ok(Outcome::Done);
        }
        if let Some(path) = path {
            book.admits(path).map_err(usage)?;
        }
        layer = layer.resume(at.clone());
    }
    let client = || token_client::client(&plan.retry, console.pauses());
    let credentials = Credentials::read(&plan.credential, &plan.request.uri, client, counters)
        .map_err(|error| Failure::new(Outcome::Credential, error.to_string()))?;

    let mark = book.as_ref().and_then(Book::output);
    let output = Output::begin(path, mark, interrupt.clone()).await?;
    let job = Job {
        credential: credentials.is_some(),
        items: plan.pages.items,
        item_contract,
        deadline: plan.retry.deadline,
        page_deadline: plan.retry.page_deadline,
        request,
        prefetch: plan.pages.prefetch,
        concurrency: plan.pages.concurrency,
        trail: Trail::from_page(book.as_ref().map_or(0, Book::page)),
        book,
        interrupt,
    };
    let api = match page_contract {
        None if job.items.is_some() => {
            stack::streaming(&plan.retry, credentials, counters, console, &job.trail)
        }
        contract => stack::api(
            &plan.retry,
            plan.pages.max_body,
            credentials,
            contract,
            counters,
            console,
            &job.trail,
        ),
    };
    job.run(layer, api, output, counters).await
}

/// The first page's request, of which all others are made.
pub(crate) fn request(plan: &RequestPlan, idempotent: bool) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(plan.body.clone()));
    *request.method_mut() = plan.method.clone();
    *request.uri_mut() = plan.uri.clone();
    *request.headers_mut() = plan.headers.clone();
    // A key belongs to the first page alone, so that the stream drops it from later ones; what
    // it says of the request holds for them all.
    if plan.says_repeatable(idempotent) {
        request.extensions_mut().insert(Idempotent(true));
    }
    request.extensions_mut().insert(Sends::default());
    request
}
