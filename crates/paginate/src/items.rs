use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use tower_service::Service;

use crate::arrival::{Arrival, Step};
use crate::error::{PageError, PageErrorKind, Position};
use crate::json;
use crate::page;
use crate::pages::{BoxStream, Pages, stalled};
use crate::pointer::Pointer;
use crate::progress::{End, Progress};
use crate::strategy::Strategy;
use crate::walk::{Event, Walk, scan_error};

/// The function that decodes the items of [`Pages::items`].
pub type Decode<T> = fn(&[u8]) -> Result<T, BoxError>;

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
    /// # Cancellation
    ///
    /// Dropping the stream drops the request or the body in flight. Nothing else is lost.
    #[must_use = "streams do nothing unless polled"]
    pub struct Items<S, P, B, RB, F>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        walk: Walk<S, P, B, RB>,
        arrival: Arrival,
        decode: F,
        check: bool,
    }
}

impl<S, P, B, RB> Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    /// Streams the items of the array at `pointer`, each decoded by itself; `""` is the
    /// page itself.
    ///
    /// `null` in the place of the array, and a page without a body, have no items. If the
    /// array is absent the stream fails.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn items<T>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
    ) -> Items<S, P, B, RB, Decode<T>>
    where
        T: DeserializeOwned,
    {
        let decode: Decode<T> = |item| Ok(serde_json::from_slice(item)?);
        Items::new(self, Pointer::expect(pointer), decode, false)
    }

    /// Streams the items of the array at `pointer` through `decode`, which is given the
    /// text of each: one valid JSON value, perhaps with white space in it.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn items_with<T, F>(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
        decode: F,
    ) -> Items<S, P, B, RB, F>
    where
        F: FnMut(&[u8]) -> Result<T, BoxError>,
    {
        Items::new(self, Pointer::expect(pointer), decode, true)
    }
}

impl<S, P, B, RB, F> Items<S, P, B, RB, F>
where
    S: Service<Request<B>>,
{
    fn new(pages: Pages<S, P, B, RB>, pointer: Pointer, decode: F, check: bool) -> Self {
        let (mut walk, read) = pages.into_parts();
        walk.course.config.items_at = Some(pointer.clone());
        Self {
            arrival: Arrival::new(pointer, &walk.course, read),
            walk,
            decode,
            check,
        }
    }

    /// How far the stream has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.walk.course.progress
    }

    /// Where the next item is, as far as it has arrived.
    #[must_use]
    pub fn position(&self) -> Position {
        Position::item(self.walk.course.progress.pages, self.arrival.items())
    }

    /// How the stream ended.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.walk.end()
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

impl<S, P, B, RB, F, T> Stream for Items<S, P, B, RB, F>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
    F: FnMut(&[u8]) -> Result<T, BoxError>,
{
    type Item = Result<T, PageError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            // A limit or an error ends the stream with some of the page still at hand.
            if this.walk.end().is_some() {
                return Poll::Ready(None);
            }
            let page = this.walk.course.progress.pages;
            let step = match this.arrival.step() {
                Ok(step) => step,
                Err(error) => {
                    let error = scan_error(error, Position::page(page));
                    let error = this.arrival.explain(error);
                    this.walk.finish(End::Failed);
                    return Poll::Ready(Some(Err(error)));
                }
            };
            match step {
                Step::Item(item, number) => {
                    let position = Position::item(page, number);
                    let checked = if *this.check {
                        json::check(item)
                    } else {
                        Ok(())
                    };
                    let decoded = match checked {
                        Ok(()) => (this.decode)(item),
                        Err(error) => Err(error.into()),
                    }
                    .map_err(|error| page::decode(item, position, error));

                    let course = this.walk.as_mut().course_mut();
                    course.progress.items += 1;
                    let full = course.progress.items >= course.config.max_items;
                    match &decoded {
                        Err(error) if error.kind() != PageErrorKind::Decode => {
                            this.walk.finish(End::Failed);
                        }
                        _ if full => this.walk.finish(End::Limited),
                        _ => {}
                    }
                    return Poll::Ready(Some(decoded));
                }
                Step::Stalled => {
                    return Poll::Ready(stalled(this.walk, Position::page(page)));
                }
                Step::Arrived(arrived) => {
                    let course = this.walk.as_mut().course_mut();
                    if let Err(error) = arrived.check() {
                        let position = Position::page(page);
                        course.split_failed(page::decode(arrived.rest, position, error.into()));
                    } else {
                        course.arrived(&arrived);
                    }
                    this.arrival.reset();
                }
                Step::More => match ready!(this.walk.as_mut().poll_event(cx)) {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => {
                        let error = this.arrival.explain(error);
                        return Poll::Ready(Some(Err(error)));
                    }
                    Some(Ok(Event::Head(parts))) => this.arrival.head(parts, page),
                    Some(Ok(Event::Data(data))) => this.arrival.data(data),
                    Some(Ok(Event::Trailers(_))) => {}
                    Some(Ok(Event::End)) => this.arrival.body_ended(),
                },
            }
        }
    }
}

impl<S, P, B, RB, F> FusedStream for Items<S, P, B, RB, F>
where
    Self: Stream,
    S: Service<Request<B>>,
{
    fn is_terminated(&self) -> bool {
        self.walk.end().is_some()
    }
}

impl<S, P, B, RB, F> fmt::Debug for Items<S, P, B, RB, F>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("progress", &self.progress())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
