use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use http::response::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::arrival::Read;
use crate::checkpoint::Checkpoint;
use crate::config::OnRepeat;
use crate::course::{ALL, Arrived};
use crate::error::{PageError, PageErrorKind, Position};
use crate::page::Page;
use crate::progress::{End, Progress, ProgressHandle};
use crate::repeat::Fingerprint;
use crate::scan::{ScanError, Scanner};
use crate::strategy::Strategy;
use crate::walk::{Event, Walk, scan_error};

/// A stream behind one pointer: `Unpin` and `Send`.
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, PageError>> + Send>>;

pin_project! {
    /// The stream of all pages.
    ///
    /// A page is asked for when the stream is polled for it and not before, unless
    /// [`prefetch`](crate::PaginateLayer::prefetch) or
    /// [`concurrency`](crate::PaginateLayer::concurrency) is set; while the consumer is
    /// busy with one, nothing is held and nothing is in flight. What goes wrong with the
    /// *next* page is said after the page at hand was handed out. After an error the
    /// stream ends, and can [go on](Self::try_again).
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
        parts: Option<Parts>,
        trailers: Option<HeaderMap>,
        first: Bytes,
        more: Vec<u8>,
        // How many bytes the body is said to have at least.
        least: usize,
        scanner: Option<Scanner>,
        print: Fingerprint,
        previous: Fingerprint,
    }
}

/// How much is set aside for a body because its head says that so much will come: 1 MiB.
const TRUSTED_LENGTH: u64 = 1024 * 1024;

impl<S, P, B, RB> Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    pub(crate) fn new(walk: Walk<S, P, B, RB>) -> Self {
        let pointer = walk.course.config.items_at.clone();
        Self {
            walk,
            parts: None,
            trailers: None,
            first: Bytes::new(),
            more: Vec::new(),
            least: 0,
            scanner: pointer.map(|pointer| Scanner::new(pointer, usize::MAX, usize::MAX)),
            print: Fingerprint::default(),
            previous: Fingerprint::default(),
        }
    }

    /// For a stream of items, which goes on from wherever this one is.
    pub(crate) fn into_parts(self) -> (Walk<S, P, B, RB>, Read) {
        let chunks = [self.first, self.more.into()];
        let read = Read {
            index: self.walk.position().page,
            parts: self.parts,
            chunks: chunks
                .into_iter()
                .filter(|chunk| !chunk.is_empty())
                .collect(),
            previous: self.previous,
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
    /// should, the page that was handed out is asked for again, and not handed out again.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint
    where
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
        let mut this = self.project();
        this.first.clear();
        this.more.clear();
        *this.parts = None;
        *this.trailers = None;
        this.walk.as_mut().try_again()
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
                Event::Head(parts, least) => {
                    *this.parts = Some(parts);
                    *this.least = usize::try_from(least.min(TRUSTED_LENGTH)).unwrap_or(0);
                }
                Event::Trailers(trailers) => *this.trailers = Some(trailers),
                Event::Data(data) => {
                    let limit = this.walk.course.config.max_page_bytes;
                    let len = this.first.len() + this.more.len() + data.len();
                    if len > limit {
                        let error = PageError::new(
                            PageErrorKind::TooLarge,
                            this.walk.position(),
                            format!("the page is larger than {limit} bytes"),
                            None,
                        );
                        this.walk.finish(End::Failed);
                        return Poll::Ready(Some(Err(error)));
                    }
                    // A body of one piece, as collected ones are, is not copied.
                    if len == data.len() {
                        *this.first = data;
                    } else {
                        if this.more.is_empty() {
                            this.more.reserve_exact(len.max((*this.least).min(limit)));
                            this.more.extend_from_slice(&mem::take(this.first));
                        }
                        this.more.extend_from_slice(&data);
                    }
                }
                Event::Again => {
                    this.first.clear();
                    this.more.clear();
                    *this.parts = None;
                    *this.trailers = None;
                }
                Event::End => {
                    let body = if this.more.is_empty() {
                        mem::take(this.first)
                    } else {
                        mem::take(this.more).into()
                    };
                    let Some(parts) = this.parts.take() else {
                        continue;
                    };
                    let page = Page {
                        parts,
                        body,
                        trailers: this.trailers.take(),
                        index: this.walk.position().page,
                    };
                    let taken = this.walk.course.spot.taken == ALL;
                    let mut looks = Looks {
                        scanner: this.scanner,
                        print: this.print,
                        previous: this.previous,
                    };
                    match arrived(this.walk.as_mut(), &mut looks, &page) {
                        Verdict::HandOut => {}
                        Verdict::Again => continue,
                        Verdict::Over(error) => return Poll::Ready(error.map(Err)),
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

/// With what pages are looked through, from one to the next.
struct Looks<'a> {
    scanner: &'a mut Option<Scanner>,
    print: &'a mut Fingerprint,
    previous: &'a mut Fingerprint,
}

enum Verdict {
    HandOut,
    /// It was cut short and is asked for again.
    Again,
    Over(Option<PageError>),
}

/// Counts the page's items, and refuses it if it is the one before again.
fn arrived<S, P, B, RB>(
    mut walk: Pin<&mut Walk<S, P, B, RB>>,
    looks: &mut Looks<'_>,
    page: &Page,
) -> Verdict
where
    S: Service<Request<B>>,
    P: Strategy<B>,
{
    let course = walk.as_mut().course_mut();
    let position = Position::page(page.index);
    let mut last = None;
    let counted = match looks.scanner {
        Some(scanner) => {
            scanner.reset();
            count(
                scanner,
                &page.body,
                course.needs.last_item.then_some(&mut last),
            )
            .map(Some)
        }
        None => Ok(page.body.trim_ascii().is_empty().then_some(0)),
    };
    if counted == Err(ScanError::Truncated) && walk.as_mut().refetch() {
        return Verdict::Again;
    }

    let course = walk.as_mut().course_mut();
    let compare = course.needs.by_count && course.config.on_repeat != OnRepeat::Allow;
    if compare && counted == Ok(Some(0)) {
        // Without items pages may well look alike, and what comes behind one equals none.
        looks.previous.clear();
    } else if compare {
        looks.print.clear();
        let same =
            looks.print.push(&page.body, looks.previous) && looks.print.equals(looks.previous);
        // One that was handed out and is looked at again is the one before itself.
        if page.index > 0 && same && course.spot.taken != ALL {
            return Verdict::Over(stalled(walk, position));
        }
        mem::swap(looks.print, looks.previous);
    }

    match counted {
        Ok(items) => {
            if course.spot.taken != ALL {
                let known = looks.scanner.is_some();
                course.offer_page(if known { items.unwrap_or(0) } else { 1 });
            }
            course.arrived(&Arrived {
                parts: &page.parts,
                rest: match looks.scanner {
                    Some(scanner) => scanner.rest(),
                    None => &page.body,
                },
                items,
                last_item: last.as_deref(),
            });
        }
        Err(error) => course.split_failed(scan_error(error, position)),
    }
    Verdict::HandOut
}

/// How many items `body` has, and the last of them if that is wanted.
fn count(
    scanner: &mut Scanner,
    body: &Bytes,
    mut last: Option<&mut Option<Bytes>>,
) -> Result<u64, ScanError> {
    let mut input = &body[..];
    while let Some(item) = scanner.next(&mut input)? {
        if let Some(last) = &mut last {
            **last = Some(body.slice_ref(item));
        }
    }
    scanner.finish()?;
    Ok(scanner.items())
}

/// The server ignores the cursor: the page is the one before.
pub(crate) fn stalled<S, P, B, RB>(
    walk: Pin<&mut Walk<S, P, B, RB>>,
    position: Position,
) -> Option<PageError>
where
    S: Service<Request<B>>,
{
    let mut walk = walk;
    if walk.course.config.on_repeat == OnRepeat::End {
        walk.as_mut().course_mut().spot.done = true;
        walk.finish(End::Repeated);
        return None;
    }
    walk.finish(End::Failed);
    Some(PageError::new(
        PageErrorKind::Stalled,
        position,
        "the page equals the one before, so the server ignores where the next one starts",
        None,
    ))
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
