use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use tower_service::Service;

mod read;

use self::read::{Next, decode, ends, hand_out, poll_next};
use crate::arrival::Arrival;
use crate::checkpoint::Checkpoint;
use crate::course::Spot;
use crate::decode::{Decode, Typed};
use crate::error::{PageError, Position};
use crate::pages::{BoxStream, Pages};
use crate::pointer::Pointer;
use crate::progress::{End, Progress, ProgressHandle};
use crate::strategy::Strategy;
use crate::walk::Walk;

/// The function that [`Pages::raw_items`] decodes with.
pub type Raw = fn(&[u8]) -> Result<Bytes, BoxError>;

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
        queue: VecDeque<Entry>,
        queued: usize,
        spot: Option<Spot>,
    }
}

/// What was read ahead of the consumer.
enum Entry {
    /// If it was decoded on the way, the decoder has put it by.
    Item {
        number: u64,
        text: Bytes,
        decoded: bool,
    },
    /// The page is over.
    Turn(Spot),
    Failed(PageError),
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
    ) -> Items<S, P, B, RB, Typed<T>>
    where
        T: DeserializeOwned,
    {
        Items::new(self, Pointer::expect(pointer), Typed::new())
    }

    /// Streams the items of the array at `pointer` through `decode`, which is given the
    /// text of each: one valid JSON value, perhaps with white space in it.
    ///
    /// The text is borrowed from what has arrived, so that `decode` can look at an item
    /// without a copy of any of it:
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use bytes::Bytes;
    /// # use futures_util::StreamExt;
    /// # use http::{Request, Response};
    /// # use http_body_util::Full;
    /// # use outbound_paginate::{NoNext, PaginateLayer};
    /// # use tower::{Layer, ServiceExt};
    /// #[derive(serde::Deserialize)]
    /// struct Issue<'a> {
    ///     #[serde(borrow)]
    ///     title: Cow<'a, str>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let client = tower::service_fn(|_: Request<Full<Bytes>>| async {
    /// #     let page = r#"[{"title":"one"},{"title":"three"}]"#;
    /// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from(page)))
    /// # });
    /// # let pages = PaginateLayer::new(NoNext).layer(client).oneshot(Request::default()).await?;
    ///
    /// let mut letters = 0;
    /// let mut issues = std::pin::pin!(pages.items_with("", |item: &[u8]| {
    ///     let issue: Issue<'_> = serde_json::from_slice(item)?;
    ///     letters += issue.title.len();
    ///     Ok(())
    /// }));
    /// while let Some(issue) = issues.next().await {
    ///     issue?;
    /// }
    /// # drop(issues);
    /// assert_eq!(letters, 8);
    /// # Ok(())
    /// # }
    /// ```
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
        Items::new(self, Pointer::expect(pointer), decode)
    }

    /// Streams the items of the array at `pointer` as they were written: one valid JSON
    /// value each, perhaps with white space in it.
    ///
    /// # Panics
    ///
    /// `pointer` is a text that is no JSON Pointer.
    pub fn raw_items(
        self,
        pointer: impl TryInto<Pointer, Error: fmt::Display>,
    ) -> Items<S, P, B, RB, Raw> {
        let raw: Raw = |item| Ok(Bytes::copy_from_slice(item));
        Items::new(self, Pointer::expect(pointer), raw)
    }
}

impl<S, P, B, RB, F> Items<S, P, B, RB, F>
where
    S: Service<Request<B>>,
    F: Decode,
{
    fn new(pages: Pages<S, P, B, RB>, pointer: Pointer, decode: F) -> Self {
        let (mut walk, read) = pages.into_parts();
        walk.course.config.items_at = Some(pointer.clone());
        Self {
            arrival: Arrival::new(pointer, &walk.course, read),
            decode,
            taken: walk.course.spot.taken,
            queue: VecDeque::new(),
            queued: 0,
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
    /// before) and after the end.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint
    where
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
    /// again, and its items that were handed out are skipped.
    ///
    /// `false` if there is nothing to go on with: the stream has not failed, had nothing
    /// to send from the beginning, or its service can do no more.
    #[must_use = "it may not have"]
    pub fn try_again(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        if !this.queue.is_empty() || !this.walk.as_mut().try_again() {
            return false;
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

impl<S, P, B, RB, F> Stream for Items<S, P, B, RB, F>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
    F: Decode,
{
    type Item = Result<F::Item, PageError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(spot) = this.spot else {
            loop {
                let position = this.walk.position();
                let next = poll_next(this.walk.as_mut(), this.arrival, this.decode, cx);
                match ready!(next) {
                    Next::Item { number, decoded } => {
                        let text = this.arrival.item();
                        let position = Position::item(position.page, number);
                        let item = decode(this.decode, text, decoded, position);
                        return Poll::Ready(Some(hand_out(this.walk, this.taken, number, item)));
                    }
                    Next::Turn => *this.taken = this.walk.course.spot.taken,
                    Next::Failed(error) => return Poll::Ready(Some(Err(error))),
                    Next::End => return Poll::Ready(None),
                }
            }
        };

        // What has arrived is read before the consumer comes to it, so that the next page
        // is asked for as soon as this one tells where it is.
        let limit = this.walk.course.config.read_ahead;
        loop {
            let mut waits = false;
            while (this.queue.is_empty() || *this.queued < limit) && this.walk.end().is_none() {
                let next = poll_next(this.walk.as_mut(), this.arrival, this.decode, cx);
                let Poll::Ready(next) = next else {
                    waits = true;
                    break;
                };
                this.queue.push_back(match next {
                    Next::Item { number, decoded } => {
                        let text = this.arrival.item_bytes();
                        *this.queued += weight::<F>(&text);
                        if decoded {
                            this.decode.put_by();
                        }
                        Entry::Item {
                            number,
                            text,
                            decoded,
                        }
                    }
                    Next::Turn => Entry::Turn(this.walk.course.spot.clone()),
                    Next::Failed(error) => Entry::Failed(error),
                    Next::End => break,
                });
            }
            match this.queue.pop_front() {
                Some(Entry::Item {
                    number,
                    text,
                    decoded,
                }) => {
                    *this.queued -= weight::<F>(&text);
                    if decoded {
                        this.decode.bring_back();
                    }
                    let position = Position::item(spot.place.page, number);
                    let decoded = decode(this.decode, &text, decoded, position);
                    let item = hand_out(this.walk, this.taken, number, decoded);
                    if item.as_ref().is_err_and(ends) {
                        this.queue.clear();
                        this.decode.forget();
                        *this.queued = 0;
                    }
                    return Poll::Ready(Some(item));
                }
                Some(Entry::Turn(next)) => {
                    *this.taken = next.taken;
                    *spot = next;
                }
                Some(Entry::Failed(error)) => return Poll::Ready(Some(Err(error))),
                None if this.walk.end().is_some() => return Poll::Ready(None),
                None if waits => return Poll::Pending,
                None => {}
            }
        }
    }

    /// Never more than a limit on items leaves; what a server says of its total is no
    /// promise.
    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.end().is_some() {
            return (0, Some(0));
        }
        let left = self.walk.course.items_left();
        (0, left.and_then(|left| usize::try_from(left).ok()))
    }
}

/// What an item in the queue weighs; one of a few bytes takes its place too.
const fn weight<F: Decode>(text: &Bytes) -> usize {
    text.len() + size_of::<Entry>() + size_of::<F::Item>()
}

impl<S, P, B, RB, F> FusedStream for Items<S, P, B, RB, F>
where
    Self: Stream,
    S: Service<Request<B>>,
    F: Decode,
{
    fn is_terminated(&self) -> bool {
        self.end().is_some()
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
