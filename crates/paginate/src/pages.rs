use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

mod gathered;
mod look;

use self::gathered::Gathered;
use self::look::{Look, Verdict};
use crate::arrival::Read;
use crate::checkpoint::Checkpoint;
use crate::error::{PageError, PageErrorKind};
use crate::page::Page;
use crate::place::ALL;
use crate::progress::{End, Progress, ProgressHandle};
use crate::strategy::Strategy;
use crate::walk::{Event, Walk};

/// A stream behind one pointer: `Unpin` and `Send`.
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, PageError>> + Send>>;

pin_project! {
    /// The stream of all pages.
    ///
    /// A page is asked for when the stream is polled for it and not before, unless
    /// [`prefetch`](crate::PaginateLayer::prefetch) or
    /// [`concurrency`](crate::PaginateLayer::concurrency) is set; while the consumer is
    /// busy with one, nothing is held and nothing is in flight. What goes wrong with the
    /// *next* page is said after the page at hand was handed out. What should be JSON, for the
    /// strategy or for its items to be found, and is none is no page, and is not handed out; nor is
    /// what a [check](crate::checked) refuses.
    /// After an error the stream ends, and can [go on](Self::try_again).
    ///
    /// # Cancellation
    ///
    /// Dropping the stream drops the request or the body in flight, and pages that were
    /// asked for ahead. Nothing else is lost.
    #[must_use = "streams do nothing unless polled"]
    pub struct Pages<S, P, B, RB>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        walk: Walk<S, P, B, RB>,
        gathered: Gathered,
        look: Look,
    }
}

impl<S, P, B, RB> Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    pub(crate) fn new(walk: Walk<S, P, B, RB>) -> Self {
        let pointer = walk.course.config.items_at.clone();
        Self {
            walk,
            gathered: Gathered::default(),
            look: Look::new(pointer),
        }
    }

    /// For a stream of items, which goes on from wherever this one is.
    pub(crate) fn into_parts(self) -> (Walk<S, P, B, RB>, Read) {
        let index = self.walk.position().page;
        let (parts, chunks) = self.gathered.into_parts();
        let read = Read {
            parts,
            chunks,
            previous: self.look.into_previous(),
            index,
        };
        (self.walk, read)
    }

    /// How far the stream has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.walk.course.progress()
    }

    /// The same for others to read, while the stream is on its way; it stays with the
    /// stream of items that this one may become.
    #[must_use]
    pub fn progress_handle(&mut self) -> ProgressHandle {
        self.walk.course.progress_handle()
    }

    /// How the stream ended. It is known with the last page already, before the stream
    /// has returned `None`.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.walk.end()
    }

    /// Where to go on, behind the last page that was handed out.
    ///
    /// It is there from the beginning, after each page, after an error and after the end.
    /// While the next page is not known, as after a page that does not say it as it
    /// should, the page that was handed out is asked for again, and not handed out again. What
    /// was no page, such as one that broke off, is asked for again and handed out when it is one.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint
    where
        P: Strategy<B>,
        B: Body + Clone,
    {
        self.walk.course.checkpoint(&self.walk.course.spot)
    }

    /// Goes on after an error that has ended the stream, with the request that failed.
    ///
    /// `false` if there is nothing to go on with: the stream has not failed, had nothing
    /// to send from the beginning, or its service can do no more.
    #[must_use = "it may not have"]
    pub fn try_again(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        this.gathered.clear();
        this.walk.try_again()
    }

    /// Gives the service back, and drops what is in flight.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.walk.into_service()
    }

    /// Puts the stream behind one pointer, so that it is [`Unpin`] and has a short name.
    #[must_use]
    pub fn boxed(self) -> BoxStream<Page>
    where
        Self: Stream<Item = Result<Page, PageError>> + Send + 'static,
    {
        Box::pin(self)
    }
}

impl<S, P, B, RB> Stream for Pages<S, P, B, RB>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
{
    type Item = Result<Page, PageError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            let event = match ready!(this.walk.as_mut().poll_event(cx)) {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            match event {
                Event::Head(parts, least) => this.gathered.begin(parts, least),
                Event::Trailers(trailers) => this.gathered.trailers(trailers),
                Event::Data(data) => {
                    let limit = this.walk.course.config.max_page_bytes;
                    if !this.gathered.push(data, limit) {
                        let error = PageError::new(
                            PageErrorKind::TooLarge,
                            this.walk.position(),
                            format!("the page is larger than {limit} bytes"),
                            None,
                        );
                        this.walk.finish(End::Failed);
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Event::Again => this.gathered.clear(),
                Event::End => {
                    let Some(page) = this.gathered.page(this.walk.position().page) else {
                        continue;
                    };
                    let taken = this.walk.course.spot.taken == ALL;
                    match this.look.at(this.walk.as_mut(), &page) {
                        Verdict::HandOut => {}
                        Verdict::Again => continue,
                        Verdict::Over(error) => {
                            return Poll::Ready(error.map(|error| Err(error.about(page))));
                        }
                    }
                    this.walk.as_mut().hurry(cx);
                    if !taken {
                        return Poll::Ready(Some(Ok(page)));
                    }
                }
            }
        }
    }

    /// Never more than a limit on pages leaves; what a server says of its total is no
    /// promise.
    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.end().is_some() {
            return (0, Some(0));
        }
        let left = self.walk.course.pages_left();
        (0, left.and_then(|left| usize::try_from(left).ok()))
    }
}

impl<S, P, B, RB> FusedStream for Pages<S, P, B, RB>
where
    Self: Stream,
    S: Service<Request<B>>,
{
    fn is_terminated(&self) -> bool {
        self.walk.end().is_some()
    }
}

impl<S, P, B, RB> fmt::Debug for Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("progress", &self.progress())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
