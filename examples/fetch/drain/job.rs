use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::Body;
use http_body_util::Full;
use outbound::BoxError;
use outbound::http::TokioSpawn;
use outbound::paginate::{Paginate, PaginateLayer};
use tower::{Layer, ServiceExt};

use super::course::Course;
use super::place::Place;
use super::source::Asked;
use super::stop::Stop;
use crate::checkpoint::Book;
use crate::clock::Clock;
use crate::contract::ItemContract;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::stack::Api;
use crate::strategy::AnyStrategy;
use crate::summary::Counters;
use crate::trail::Trail;

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
    pub(crate) trail: Trail,
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
        mut self,
        api: Paginate<S, AnyStrategy>,
        output: Output,
        counters: &Counters,
    ) -> Result<Outcome, Failure>
    where
        S: Asked<RB>,
        RB: Body<Error: Into<BoxError>>,
    {
        let page = self.book.as_ref().map_or(0, Book::page);
        let mut course = Course {
            clock: Clock::start(
                page,
                self.page_deadline,
                self.deadline,
                self.interrupt.clone(),
            ),
            book: self.book.take(),
            credential: self.credential,
            output,
            counters,
            written: Place::default(),
            cuts: Vec::new(),
        };
        match self.drain(api, &mut course).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Closed) => Ok(Outcome::Limited),
            Err(Stop::Failed(failure)) => Err(failure
                .located(&self.trail)
                .resumable(course.book.as_ref().and_then(Book::written))),
        }
    }

    async fn drain<S, RB>(
        &mut self,
        api: Paginate<S, AnyStrategy>,
        course: &mut Course<'_>,
    ) -> Result<Outcome, Stop>
    where
        S: Asked<RB>,
        RB: Body<Error: Into<BoxError>>,
    {
        let first = std::mem::take(&mut self.request);
        let mut pages = course.first(api.oneshot(first)).await?;
        course.clock.follow(pages.progress_handle());
        let Some(pointer) = self.items.take() else {
            return course.drain(pin!(pages), |page| page.body).await;
        };
        let contract = &mut self.item_contract;
        let items = pages.items_with(&*pointer, move |item: &[u8]| {
            contract.check(item)?;
            Ok(Bytes::copy_from_slice(item))
        });
        course.drain(pin!(items), |item| item).await
    }
}
