//! The drain itself: pages or items from the stream, lines to the output.

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use http::Request;
use http_body_util::Full;
use outbound::Client;
use outbound::http::Origin;
use outbound::paginate::{End, OnRepeat, OriginPolicy, PageError, PaginateLayer, Progress};
use outbound::retry::Idempotent;
use outbound::schema::{Contract, Duplicates};
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

use crate::args::{self, OriginRule};
use crate::console::Console;
use crate::contract::{ItemContract, page_contract};
use crate::credential::Credentials;
use crate::outcome::{Failure, Outcome};
use crate::output::{Output, Refused};
use crate::plan::{PagesPlan, Plan, RequestPlan};
use crate::stack;
use crate::strategy::{AnyStrategy, strategy};
use crate::summary::Counters;

/// Drains what the command line names.
pub(crate) async fn run(
    plan: Plan,
    counters: &Counters,
    console: &Console,
) -> Result<Outcome, Failure> {
    let usage = |line| Failure::new(Outcome::Usage, line);
    let strategy = strategy(&plan.pages).map_err(usage)?;
    let page_contract = page_contract(&plan.contract, counters, console).map_err(usage)?;
    let item_contract = ItemContract::read(&plan.contract, counters, console).map_err(usage)?;
    let layer = pagination(&plan, strategy).map_err(usage)?;
    let credentials = Credentials::read(&plan.credential, &plan.request.uri, &plan.retry, counters)
        .map_err(|error| Failure::new(Outcome::Credential, error.to_string()))?;

    let job = Job {
        credential: credentials.is_some(),
        items: plan.pages.items,
        item_contract,
        deadline: plan.retry.deadline,
        request: plan.request,
        idempotent: plan.retry.idempotent,
    };
    let api = stack::api(
        &plan.retry,
        plan.pages.max_body,
        credentials,
        page_contract,
        counters,
        console,
    );
    let output = Output::open(plan.output.output.as_deref())
        .map_err(|error| Failure::new(Outcome::Output, format!("-o: {error}")))?;
    job.run(layer, api, output, counters).await
}

/// What is drained, whoever set it up.
pub(crate) struct Job {
    pub(crate) request: RequestPlan,
    pub(crate) idempotent: bool,
    /// Whether a final 401 is the credential's fault.
    pub(crate) credential: bool,
    pub(crate) items: Option<String>,
    pub(crate) item_contract: ItemContract,
    pub(crate) deadline: Option<Duration>,
}

impl Job {
    /// Drains, within the deadline of the whole.
    pub(crate) async fn run(
        self,
        layer: PaginateLayer<AnyStrategy>,
        api: Client,
        mut output: Output,
        counters: &Counters,
    ) -> Result<Outcome, Failure> {
        let deadline = self.deadline;
        let drain = self.drain(layer, api, &mut output, counters);
        let ended = match deadline {
            None => drain.await,
            Some(limit) => timeout(limit, drain).await.unwrap_or_else(|_| {
                Err(Stop::Failed(Failure::new(
                    Outcome::Transport,
                    format!("the drain took longer than its deadline of {limit:?}"),
                )))
            }),
        };
        // What was read before a failure is handed out: whole lines.
        let flushed = output.flush().map_err(Stop::from);
        match ended.and_then(|outcome| flushed.map(|()| outcome)) {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Closed) => Ok(Outcome::Limited),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    async fn drain(
        self,
        layer: PaginateLayer<AnyStrategy>,
        api: Client,
        output: &mut Output,
        counters: &Counters,
    ) -> Result<Outcome, Stop> {
        let mut request = Request::new(Full::new(self.request.body));
        *request.method_mut() = self.request.method;
        *request.uri_mut() = self.request.uri;
        *request.headers_mut() = self.request.headers;
        // A key belongs to the first page alone, so that the stream drops it from later ones; what
        // it says of the request holds for them all.
        if self.idempotent || request.headers().contains_key("idempotency-key") {
            request.extensions_mut().insert(Idempotent(true));
        }
        let pages = layer
            .layer(api)
            .oneshot(request)
            .await
            .map_err(|error| Failure::call(&*error))?;

        let failed = |error: PageError| Failure::page(&error, self.credential);
        let end = if let Some(pointer) = &self.items {
            let mut contract = self.item_contract;
            let mut items = pin!(pages.items_with(pointer.as_str(), move |item: &[u8]| {
                contract.check(item)?;
                Ok(Bytes::copy_from_slice(item))
            }));
            while let Some(item) = next(&mut items, output).await? {
                // What failed may stand in a later page than the last item did.
                counters.pages().store(items.progress().pages, Relaxed);
                output.line(&item.map_err(failed)?)?;
                show(counters, items.progress());
            }
            show(counters, items.progress());
            items.end()
        } else {
            // Duplicate keys are the API's business: every byte is handed on.
            let json = Contract::any().duplicates(Duplicates::Allow);
            let mut pages = pin!(pages);
            while let Some(page) = next(&mut pages, output).await? {
                let page = page.map_err(failed)?;
                if !page.body.is_empty() {
                    json.check(&page.body).map_err(|violation| {
                        let line = format!("page {}: {violation}", page.index + 1);
                        Failure::new(Outcome::Contract, line)
                    })?;
                    output.line(&page.body)?;
                }
                show(counters, pages.progress());
            }
            pages.end()
        };
        Ok(match end {
            Some(End::Limited) => Outcome::Limited,
            _ => Outcome::Done,
        })
    }
}

/// The next of `stream`; lines that were written are handed on before it is waited for.
async fn next<S>(stream: &mut S, output: &mut Output) -> Result<Option<S::Item>, Stop>
where
    S: Stream + Unpin,
{
    match stream.next().now_or_never() {
        Some(next) => Ok(next),
        None => {
            output.flush()?;
            Ok(stream.next().await)
        }
    }
}

/// Why a drain ended early.
enum Stop {
    /// Nobody reads the output any more.
    Closed,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::Closed,
            Refused::Failed(error) => Self::Failed(Failure::new(
                Outcome::Output,
                format!("the output cannot be written: {error}"),
            )),
        }
    }
}

fn show(counters: &Counters, progress: Progress) {
    counters.pages().store(progress.pages, Relaxed);
    counters.items().store(progress.items, Relaxed);
    counters.bytes().store(progress.bytes, Relaxed);
}

/// The layer of pages, with its limits and guards.
fn pagination(plan: &Plan, strategy: AnyStrategy) -> Result<PaginateLayer<AnyStrategy>, String> {
    let PagesPlan {
        max_pages,
        max_items,
        max_body,
        origin,
        on_repeat,
        ..
    } = &plan.pages;
    let origin = match origin {
        OriginRule::Rebase => OriginPolicy::Rebase,
        OriginRule::Deny if plan.credential.allow_origins.is_empty() => OriginPolicy::Deny,
        OriginRule::Deny => OriginPolicy::Allow(
            plan.credential
                .allow_origins
                .iter()
                .map(|origin| {
                    origin
                        .parse::<Origin>()
                        .map_err(|error| format!("--allow-origin {origin}: {error}"))
                })
                .collect::<Result<_, _>>()?,
        ),
    };
    let mut layer = PaginateLayer::new(strategy)
        .max_page_bytes(*max_body)
        .max_item_bytes(*max_body)
        .origin(origin)
        .on_repeat(match on_repeat {
            args::OnRepeat::Error => OnRepeat::Error,
            args::OnRepeat::End => OnRepeat::End,
            args::OnRepeat::Allow => OnRepeat::Allow,
        });
    if let Some(pages) = max_pages {
        layer = layer.max_pages(*pages);
    }
    if let Some(items) = max_items {
        layer = layer.max_items(*items);
    }
    Ok(layer)
}
