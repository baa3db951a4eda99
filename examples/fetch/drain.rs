//! The drain itself: pages or items from the stream, lines to the output.

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use outbound::BoxError;
use outbound::http::TokioSpawn;
use outbound::paginate::{
    Checkpoint, End, PageError, PageErrorKind, Pages, Paginate, PaginateLayer, Progress,
};
use outbound::retry::Idempotent;
use outbound::schema::{Contract, Duplicates};
use tower::{Layer, Service, ServiceExt};

use crate::checkpoint::Book;
use crate::clock::Clock;
use crate::console::Console;
use crate::contract::{ItemContract, page_contract};
use crate::credential::Credentials;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, Outcome};
use crate::output::{Output, Refused};
use crate::pagination;
use crate::plan::{Plan, RequestPlan};
use crate::stack::{self, Api};
use crate::strategy::{AnyStrategy, strategy};
use crate::summary::Counters;

/// Drains what the command line names.
pub(crate) async fn run(
    plan: Plan,
    counters: &Counters,
    console: &Console,
    interrupt: Interrupt,
) -> Result<Outcome, Failure> {
    let usage = |line| Failure::new(Outcome::Usage, line);
    let strategy = strategy(&plan.pages).map_err(usage)?;
    let page_contract = page_contract(&plan.contract, counters, console).map_err(usage)?;
    let item_contract = ItemContract::read(&plan.contract, counters, console).map_err(usage)?;
    let mut layer = pagination::layer(&plan, strategy).map_err(usage)?;
    let request = request(&plan.request, plan.retry.idempotent);
    let book = match &plan.pages.checkpoint {
        Some(path) => Some(Book::open(path, &plan.pages, &request).map_err(usage)?),
        None => None,
    };
    let at = book.as_ref().and_then(Book::at);
    if let Some(at) = at {
        counters.resumes();
        if at.is_done() {
            return Ok(Outcome::Done);
        }
        if let Some((book, path)) = book.as_ref().zip(plan.output.output.as_deref()) {
            book.admits(path).map_err(usage)?;
        }
        layer = layer.resume(at.clone());
    }
    let credentials = Credentials::read(&plan.credential, &plan.request.uri, &plan.retry, counters)
        .map_err(|error| Failure::new(Outcome::Credential, error.to_string()))?;

    let path = plan.output.output.as_deref();
    let output = match (path, book.as_ref().and_then(Book::output)) {
        (Some(path), Some(mark)) => Output::go_on(path, mark),
        (path, _) => Output::open(path),
    }
    .map_err(|error| Failure::new(Outcome::Output, format!("-o: {error}")))?;
    let job = Job {
        credential: credentials.is_some(),
        items: plan.pages.items,
        item_contract,
        deadline: plan.retry.deadline,
        page_deadline: plan.retry.page_deadline,
        request,
        prefetch: plan.pages.prefetch,
        concurrency: plan.pages.concurrency,
        book,
        interrupt,
    };
    let api = match page_contract {
        None if job.items.is_some() => {
            stack::streaming(&plan.retry, credentials, counters, console)
        }
        contract => stack::api(
            &plan.retry,
            plan.pages.max_body,
            credentials,
            contract,
            counters,
            console,
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
    if idempotent || request.headers().contains_key("idempotency-key") {
        request.extensions_mut().insert(Idempotent(true));
    }
    request
}

/// What is drained, whoever set it up.
pub(crate) struct Job {
    pub(crate) request: Request<Full<Bytes>>,
    /// Whether a final 401 is the credential's fault.
    pub(crate) credential: bool,
    pub(crate) items: Option<String>,
    pub(crate) item_contract: ItemContract,
    pub(crate) deadline: Option<Duration>,
    pub(crate) page_deadline: Duration,
    pub(crate) prefetch: usize,
    pub(crate) concurrency: usize,
    pub(crate) book: Option<Book>,
    pub(crate) interrupt: Interrupt,
}

impl Job {
    /// Drains, within the deadline of the whole.
    pub(crate) async fn run(
        self,
        layer: PaginateLayer<AnyStrategy>,
        api: Api,
        output: Output,
        counters: &Counters,
    ) -> Result<Outcome, Failure> {
        if self.prefetch == 0 && self.concurrency == 1 {
            return self.within(layer.layer(api), output, counters).await;
        }
        let layer = layer
            .spawn_on(TokioSpawn::new())
            .prefetch(self.prefetch)
            .concurrency(self.concurrency);
        self.within(layer.layer(api), output, counters).await
    }

    async fn within<S, RB>(
        self,
        api: Paginate<S, AnyStrategy>,
        mut output: Output,
        counters: &Counters,
    ) -> Result<Outcome, Failure>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone,
        RB: Body,
        RB::Error: Into<BoxError>,
    {
        let ended = self.drain(api, &mut output, counters).await;
        // What was read before a failure is handed out: whole lines.
        let flushed = output.flush().map_err(Stop::from);
        match ended.and_then(|outcome| flushed.map(|()| outcome)) {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Closed) => Ok(Outcome::Limited),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    async fn drain<S, RB>(
        mut self,
        api: Paginate<S, AnyStrategy>,
        output: &mut Output,
        counters: &Counters,
    ) -> Result<Outcome, Stop>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone,
        RB: Body,
        RB::Error: Into<BoxError>,
    {
        let mut clock = Clock::start(self.page_deadline, self.deadline, self.interrupt.clone());
        let request = std::mem::take(&mut self.request);
        let pages = clock
            .wait(api.oneshot(request))
            .await?
            .map_err(|error| Failure::call(&*error))?;
        match self.items.take() {
            Some(pointer) => {
                self.drain_items(pages, &pointer, &mut clock, output, counters)
                    .await
            }
            None => self.drain_pages(pages, &mut clock, output, counters).await,
        }
    }

    async fn drain_items<S, RB>(
        mut self,
        pages: Pages<S, AnyStrategy, Full<Bytes>, RB>,
        pointer: &str,
        clock: &mut Clock,
        output: &mut Output,
        counters: &Counters,
    ) -> Result<Outcome, Stop>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone,
        RB: Body,
        RB::Error: Into<BoxError>,
    {
        let mut contract = self.item_contract;
        let mut items = pin!(pages.items_with(pointer, move |item: &[u8]| {
            contract.check(item)?;
            Ok(Bytes::copy_from_slice(item))
        }));
        loop {
            let next = next(&mut items, clock, output).await;
            // What failed may stand in a later page than the last item did.
            counters.pages().store(items.progress().pages, Relaxed);
            match next {
                Ok(Some(Ok(item))) => {
                    output.line(&item)?;
                    let progress = items.progress();
                    show(counters, progress);
                    clock.turn(progress.pages);
                    if let Some(book) = self
                        .book
                        .as_mut()
                        .filter(|book| book.is_due(progress.pages))
                    {
                        save(book, progress, items.checkpoint(), output)?;
                    }
                }
                Ok(None) => {
                    let progress = items.progress();
                    show(counters, progress);
                    if let Some(book) = &mut self.book {
                        save(book, progress, items.checkpoint(), output)?;
                    }
                    return Ok(outcome(items.end()));
                }
                Ok(Some(Err(error))) => {
                    // An item that was refused was not written.
                    let at = items.checkpoint();
                    let at = match error.kind() {
                        PageErrorKind::Decode => at.before_last_item(),
                        _ => Some(at),
                    };
                    if let Some((book, at)) = self.book.as_mut().zip(at) {
                        save(book, items.progress(), at, output)?;
                    }
                    return Err(Failure::page(&error, self.credential).into());
                }
                Err(stop) => {
                    if let Some(book) = self.book.as_mut().filter(|_| !stop.is_closed()) {
                        save(book, items.progress(), items.checkpoint(), output)?;
                    }
                    return Err(stop);
                }
            }
        }
    }

    async fn drain_pages<S, RB>(
        mut self,
        pages: Pages<S, AnyStrategy, Full<Bytes>, RB>,
        clock: &mut Clock,
        output: &mut Output,
        counters: &Counters,
    ) -> Result<Outcome, Stop>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError> + Clone,
        RB: Body,
        RB::Error: Into<BoxError>,
    {
        // Duplicate keys are the API's business: every byte is handed on.
        let json = Contract::any().duplicates(Duplicates::Allow);
        let mut pages = pin!(pages);
        while let Some(page) = next(&mut pages, clock, output).await? {
            let page = page.map_err(|error: PageError| Failure::page(&error, self.credential))?;
            if !page.body.is_empty() {
                json.check(&page.body).map_err(|violation| {
                    let line = format!("page {}: {violation}", page.index + 1);
                    Failure::new(Outcome::Contract, line)
                })?;
                output.line(&page.body)?;
            }
            let progress = pages.progress();
            show(counters, progress);
            clock.turn(progress.pages);
            if let Some(book) = &mut self.book {
                save(book, progress, pages.checkpoint(), output)?;
            }
        }
        // Some lists end with an answer that is no page.
        if let Some(book) = &mut self.book {
            save(book, pages.progress(), pages.checkpoint(), output)?;
        }
        Ok(outcome(pages.end()))
    }
}

const fn outcome(end: Option<End>) -> Outcome {
    match end {
        Some(End::Limited) => Outcome::Limited,
        _ => Outcome::Done,
    }
}

/// Writes down where the drain is, after handing on what that covers.
fn save(
    book: &mut Book,
    progress: Progress,
    at: Checkpoint,
    output: &mut Output,
) -> Result<(), Stop> {
    output.flush()?;
    book.write(progress.pages, at, output.mark())
        .map_err(|error| {
            Stop::Failed(Failure::new(
                Outcome::Output,
                format!("the checkpoint cannot be written: {error}"),
            ))
        })
}

/// The next of `stream`, as far as `clock` lets it be waited for; lines that were written are
/// handed on before.
async fn next<S>(
    stream: &mut S,
    clock: &mut Clock,
    output: &mut Output,
) -> Result<Option<S::Item>, Stop>
where
    S: Stream + Unpin,
{
    if let Some(next) = stream.next().now_or_never() {
        return Ok(next);
    }
    output.flush()?;
    Ok(clock.wait_for_page(stream.next()).await?)
}

/// Why a drain ended early.
enum Stop {
    /// Nobody reads the output any more.
    Closed,
    Failed(Failure),
}

impl Stop {
    const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
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
    counters.refetches().store(progress.refetches, Relaxed);
}
