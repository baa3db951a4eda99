use std::fmt;
use std::pin::Pin;

use futures_core::Stream;
use http::Request;
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

mod new;
mod queue;
mod read;
mod stream;

pub use self::new::Raw;
use self::queue::Queue;
use crate::arrival::Arrival;
use crate::checkpoint::Checkpoint;
use crate::decode::Decode;
use crate::error::PageError;
use crate::pages::{BoxStream, Pages};
use crate::place::{ALL, Spot};
use crate::pointer::Pointer;
use crate::position::Position;
use crate::progress::{End, Progress, ProgressHandle};
use crate::strategy::Strategy;
use crate::walk::Walk;

pin_project! {
    /// The stream of the items of all pages, each as soon as its last byte has arrived.
    ///
    /// No page is kept: there is one buffer, for an item that arrives in pieces, and what
    /// surrounds the items. Where pages are counted
    /// ([`Needs::by_count`](crate::Needs::by_count)) items are held back until their page
    /// differs from the one before, which it does with its first item as a rule.
    ///
    /// An item that cannot be decoded is an error in its place
    /// ([`PageErrorKind::Decode`](crate::PageErrorKind::Decode)), and the stream goes on
    /// after it. Every other error ends the stream; items before it were handed out.
    ///
    /// A body that breaks off is asked for again up to
    /// [`PaginateLayer::refetch`](crate::PaginateLayer::refetch) times, and the items that
    /// were handed out are skipped.
    ///
    /// # Cancellation
    ///
    /// Dropping the stream drops the request or the body in flight, and pages that were
    /// asked for ahead. Nothing else is lost.
    #[must_use = "streams do nothing unless polled"]
    pub struct Items<S, P, B, RB, F>
    where
        S: Service<Request<B>>,
        F: Decode,
    {
        #[pin]
        walk: Walk<S, P, B, RB>,
        arrival: Arrival,
        decode: F,
        // How many items of the page at `spot` were handed out.
        taken: u64,
        // What was read ahead of the consumer, and where the consumer is meanwhile.
        queue: Queue,
        spot: Option<Spot>,
    }
}

impl<S, P, B, RB, F> Items<S, P, B, RB, F>
where
    S: Service<Request<B>>,
    F: Decode,
{
    fn new(pages: Pages<S, P, B, RB>, pointer: Pointer, decode: F) -> Self {
        let (walk, read) = pages.into_parts();
        Self {
            arrival: Arrival::new(pointer, &walk.course, read),
            decode,
            taken: walk.course.spot.taken,
            queue: Queue::new(size_of::<F::Item>()),
            spot: walk
                .course
                .config
                .overlaps()
                .then(|| walk.course.spot.clone()),
            walk,
        }
    }

    /// How far the stream has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.walk.course.progress()
    }

    /// The same for others to read, while the stream is on its way.
    #[must_use]
    pub fn progress_handle(&mut self) -> ProgressHandle {
        self.walk.course.progress_handle()
    }

    /// Where the next item is, as far as it has arrived.
    #[must_use]
    pub fn position(&self) -> Position {
        let spot = self.spot.as_ref().unwrap_or(&self.walk.course.spot);
        match self.taken {
            u64::MAX => Position::page(spot.place.page),
            taken => Position::item(spot.place.page, taken),
        }
    }

    /// How the stream ended.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.walk.end().filter(|_| self.queue.is_empty())
    }

    /// Where to go on, behind the last item that was handed out.
    ///
    /// It is there from the beginning, after each item, after an error (an item that could
    /// not be decoded counts as handed out; of everything else that fails it stands
    /// before) and after the end. A page that does not say what follows is asked for again, and
    /// what it has by then behind the items that were handed out of it is handed out too.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint
    where
        P: Strategy<B>,
        B: Body + Clone,
    {
        let here = self.spot.as_ref().unwrap_or(&self.walk.course.spot);
        let spot = Spot {
            taken: self.taken,
            ..here.clone()
        };
        self.walk.course.checkpoint(&spot)
    }

    /// Goes on after an error that has ended the stream: the page at hand is asked for
    /// again, and as many of its items as were handed out are skipped. That they are the same is
    /// seen to only where [`PaginateLayer::refetch`](crate::PaginateLayer::refetch) is set.
    ///
    /// `false` if there is nothing to go on with: the stream has not failed, had nothing
    /// to send from the beginning, or its service can do no more.
    #[must_use = "it may not have"]
    pub fn try_again(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        if !this.queue.is_empty() || !this.walk.as_mut().try_again() {
            return false;
        }
        if this.walk.course.spot.taken == ALL {
            this.arrival.looks_again();
        }
        this.arrival.again(*this.taken);
        true
    }

    /// Gives the service back, and drops what is in flight.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.walk.into_service()
    }

    /// Puts the stream behind one pointer, so that it is [`Unpin`] and has a short name.
    #[must_use]
    pub fn boxed<T>(self) -> BoxStream<T>
    where
        Self: Stream<Item = Result<T, PageError>> + Send + 'static,
    {
        Box::pin(self)
    }
}

impl<S, P, B, RB, F> fmt::Debug for Items<S, P, B, RB, F>
where
    S: Service<Request<B>>,
    F: Decode,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("progress", &self.progress())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
