use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::{FusedStream, Stream};
use http::response::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::arrival::Read;
use crate::config::OnRepeat;
use crate::course::Arrived;
use crate::error::{PageError, PageErrorKind, Position};
use crate::page::Page;
use crate::progress::{End, Progress};
use crate::repeat::Fingerprint;
use crate::scan::Scanner;
use crate::strategy::Strategy;
use crate::walk::{Event, Walk, scan_error};

/// A stream behind one pointer: `Unpin` and `Send`.
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, PageError>> + Send>>;

pin_project! {
    /// The stream of all pages, one request at a time.
    ///
    /// A page is asked for when the stream is polled for it and not before; while the
    /// consumer is busy with one, nothing is held and nothing is in flight. What goes
    /// wrong with the *next* page is said after the page at hand was handed out. After
    /// an error the stream ends.
    ///
    /// # Cancellation
    ///
    /// Dropping the stream drops the request or the body in flight. Nothing else is lost.
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
        more: BytesMut,
        previous: Option<Fingerprint>,
    }
}

impl<S, P, B, RB> Pages<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    pub(crate) fn new(walk: Walk<S, P, B, RB>) -> Self {
        Self {
            walk,
            parts: None,
            trailers: None,
            first: Bytes::new(),
            more: BytesMut::new(),
            previous: None,
        }
    }

    /// For a stream of items, which goes on from wherever this one is.
    pub(crate) fn into_parts(self) -> (Walk<S, P, B, RB>, Read) {
        let chunks = [self.first, self.more.freeze()];
        let read = Read {
            index: self.walk.course.progress.pages,
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
    pub fn progress(&self) -> Progress {
        self.walk.course.progress
    }

    /// How the stream ended. It is known with the last page already, before the stream
    /// has returned `None`.
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
                Event::Head(parts) => *this.parts = Some(parts),
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
                        this.more.extend_from_slice(&std::mem::take(this.first));
                        this.more.extend_from_slice(&data);
                    }
                }
                Event::End => {
                    let body = if this.more.is_empty() {
                        std::mem::take(this.first)
                    } else {
                        this.more.split().freeze()
                    };
                    let Some(parts) = this.parts.take() else {
                        continue;
                    };
                    let page = Page {
                        parts,
                        body,
                        trailers: this.trailers.take(),
                        index: this.walk.course.progress.pages,
                    };
                    return Poll::Ready(arrived(this.walk, this.previous, page));
                }
            }
        }
    }
}

/// Counts the page's items, refuses it if it is the one before again, and hands it out.
fn arrived<S, P, B, RB>(
    mut walk: Pin<&mut Walk<S, P, B, RB>>,
    previous: &mut Option<Fingerprint>,
    page: Page,
) -> Option<Result<Page, PageError>>
where
    S: Service<Request<B>>,
    P: Strategy<B>,
    B: Clone,
{
    let course = walk.as_mut().course_mut();
    let position = Position::page(page.index);
    let mut last = None;
    let counted = course.config.items_at.clone().map(|pointer| {
        let mut scanner = Scanner::new(pointer, usize::MAX, usize::MAX);
        let mut input = &page.body[..];
        while let Some(item) = scanner.next(&mut input)? {
            if course.needs.last_item {
                last = Some(page.body.slice_ref(item));
            }
        }
        scanner.finish().map(|rest| (scanner.items(), rest))
    });
    let (counted, rest) = match counted {
        Some(Ok((count, rest))) => (Ok(Some(count)), rest),
        Some(Err(error)) => (Err(error), Vec::new()),
        None if page.body.trim_ascii().is_empty() => (Ok(Some(0)), Vec::new()),
        None => (Ok(None), Vec::new()),
    };

    let compare = course.needs.by_count && course.config.on_repeat != OnRepeat::Allow;
    if compare && counted != Ok(Some(0)) {
        let mut print = Fingerprint::default();
        let before = previous.take().unwrap_or_default();
        let same = print.push(&page.body, &before) && print.equals(&before);
        if page.index > 0 && same {
            return stalled(walk, position);
        }
        *previous = Some(print);
    }

    let items_known = course.config.items_at.is_some();
    match counted {
        Ok(items) => {
            course.progress.items += if items_known { items.unwrap_or(0) } else { 1 };
            course.arrived(&Arrived {
                parts: &page.parts,
                rest: if items_known { &rest } else { &page.body },
                items,
                last_item: last.as_deref(),
            });
        }
        Err(error) => course.split_failed(scan_error(error, position)),
    }
    Some(Ok(page))
}

/// The server ignores the cursor: the page is the one before.
pub(crate) fn stalled<S, P, B, RB, T>(
    walk: Pin<&mut Walk<S, P, B, RB>>,
    position: Position,
) -> Option<Result<T, PageError>>
where
    S: Service<Request<B>>,
{
    if walk.course.config.on_repeat == OnRepeat::End {
        walk.finish(End::Repeated);
        return None;
    }
    walk.finish(End::Failed);
    Some(Err(PageError::new(
        PageErrorKind::Stalled,
        position,
        "the page equals the one before, so the server ignores where the next one starts",
        None,
    )))
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
