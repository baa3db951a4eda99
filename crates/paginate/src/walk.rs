//! Sends requests and reads responses, one page after the other.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::response::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::course::{After, Course};
use crate::error::{PageError, PageErrorKind, Position};
use crate::overlap::{Ahead, Incoming};
use crate::page::Page;
use crate::progress::End;
use crate::scan::ScanError;
use crate::strategy::Strategy;

pin_project! {
    /// The one machine beneath both streams.
    ///
    /// It owns its service. That is polled ready only to be called in the same poll, so
    /// nothing is held while the consumer is busy elsewhere.
    pub(crate) struct Walk<S, P, B, RB>
    where
        S: Service<Request<B>>,
    {
        service: S,
        #[pin]
        state: State<S::Future, RB>,
        // The request for the next page, until the service is ready for it.
        request: Option<Request<B>>,
        ahead: Ahead<S::Future, RB>,
        // Whether a page was asked for before it was wanted, and its task may not have begun.
        hurried: bool,
        pub(crate) course: Course<P, B>,
        end: Option<End>,
        // Whether the service has said that it will never be ready again.
        dead: bool,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, RB> {
        Asking,
        Calling {
            #[pin]
            response: F,
        },
        // As `Calling`, for a page that was asked for ahead of time.
        Coming {
            response: Pin<Box<F>>,
        },
        Reading {
            head: Option<Parts>,
            #[pin]
            body: RB,
        },
        Refusing {
            parts: Option<Parts>,
            #[pin]
            body: RB,
            read: BytesMut,
        },
        Done,
    }
}

impl<F, RB> State<F, RB> {
    fn reading(response: Response<RB>) -> Self {
        let (parts, body) = response.into_parts();
        if parts.status.is_success() {
            Self::Reading {
                head: Some(parts),
                body,
            }
        } else {
            Self::Refusing {
                parts: Some(parts),
                body,
                read: BytesMut::new(),
            }
        }
    }
}

/// What happens on the walk.
pub(crate) enum Event {
    /// A page begins; its body has at least so many bytes.
    Head(Parts, u64),
    Data(Bytes),
    Trailers(HeaderMap),
    /// The page has arrived; [`Course::arrived`] has to hear of it.
    End,
    /// The page broke off and will be asked for again.
    Again,
}

impl<S, P, B, RB> Walk<S, P, B, RB>
where
    S: Service<Request<B>>,
{
    pub(crate) fn new(service: S, course: Course<P, B>, response: Option<Response<RB>>) -> Self {
        Self {
            service,
            course,
            state: match response {
                Some(response) => State::reading(response),
                None => State::Asking,
            },
            request: None,
            ahead: Ahead::new(),
            hurried: false,
            end: None,
            dead: false,
        }
    }

    pub(crate) fn into_service(self) -> S {
        self.service
    }

    /// How the walk ended, as far as that is known without another poll.
    pub(crate) fn end(&self) -> Option<End> {
        match (&self.end, &self.state, &self.course.after) {
            (Some(end), ..) => Some(*end),
            (None, State::Asking, After::End(end)) => Some(*end),
            _ => None,
        }
    }

    /// Ends the walk, and drops what is in flight.
    pub(crate) fn finish(self: Pin<&mut Self>, end: End) {
        let mut this = self.project();
        this.state.set(State::Done);
        this.ahead.clear();
        *this.request = None;
        *this.end = Some(end);
    }

    pub(crate) fn course_mut(self: Pin<&mut Self>) -> &mut Course<P, B> {
        self.project().course
    }

    /// Whether a stream that holds items has to pause once before it hands them out: the task that
    /// asks for the next page does not begin while the consumer works without a pause.
    pub(crate) fn lets_begin(self: Pin<&mut Self>, cx: &Context<'_>) -> bool {
        let hurried = mem::take(self.project().hurried);
        if hurried {
            cx.waker().wake_by_ref();
        }
        hurried
    }

    /// Where the walk is.
    pub(crate) const fn position(&self) -> Position {
        self.course.position()
    }

    /// Goes on where an error has ended it, unless its service can do no more.
    pub(crate) fn try_again(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        if *this.end != Some(End::Failed) || *this.dead || !this.course.begun {
            return false;
        }
        *this.end = None;
        this.state.set(State::Asking);
        this.course.begin_again();
        true
    }

    /// Asks for the page at hand once more, if that may be done.
    pub(crate) fn refetch(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        if !this.course.asks_again() {
            return false;
        }
        this.state.set(State::Asking);
        this.ahead.clear();
        true
    }
}

impl<S, P, B, RB> Walk<S, P, B, RB>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
    B: Clone,
    RB: Body,
    RB::Error: Into<BoxError>,
{
    /// What happens next; `None` after the end. An error is the end.
    pub(crate) fn poll_event(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, PageError>>> {
        let event = ready!(self.as_mut().poll_step(cx));
        if let Some(Err(_)) = event {
            self.finish(End::Failed);
        }
        Poll::Ready(event)
    }

    /// Sends the next request now if pages are asked for ahead of the consumer.
    pub(crate) fn hurry(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let asks = matches!(this.course.after, After::Ask) && this.request.is_none();
        if !this.course.config.overlaps() || !asks || !matches!(*this.state, State::Asking) {
            return;
        }
        // What goes wrong here is found again, and said, when the consumer comes.
        let Some((asked, incoming)) = this.ahead.take(this.course.spot.place.cursor.as_ref())
        else {
            let Ok(request) = this.course.request() else {
                return;
            };
            if let Poll::Ready(Ok(())) = this.service.poll_ready(cx) {
                let response = this.service.call(request);
                *this.hurried = true;
                this.course.after = After::Unknown;
                this.state.set(State::Calling { response });
                this.ahead.launch(this.service, this.course, cx);
            } else {
                *this.request = Some(request);
            }
            return;
        };
        this.course.came_to(asked);
        this.course.after = After::Unknown;
        this.ahead.launch(this.service, this.course, cx);
        match incoming {
            Incoming::Asked(response) => this.state.set(State::Coming { response }),
            Incoming::Here(Ok((parts, body))) => {
                this.state
                    .set(State::reading(Response::from_parts(parts, body)));
            }
            Incoming::Here(Err(error)) => {
                this.course.after = After::Fail(service_failed(this.course.position(), error));
            }
        }
    }

    fn poll_step(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, PageError>>> {
        loop {
            self.as_mut().hurry(cx);
            let mut this = self.as_mut().project();
            let position = this.course.position();
            if this.course.config.prefetch > 1 {
                this.ahead.look(this.service, this.course, cx);
            }
            let mut answered = None;
            match this.state.as_mut().project() {
                StateProj::Asking => match this.course.after {
                    After::Ask => {
                        if this.request.is_none() {
                            let request = this.course.request();
                            if request.is_err() {
                                this.course.after = After::Unknown;
                            }
                            *this.request = Some(request?);
                        }
                        ready!(this.service.poll_ready(cx)).map_err(|error| {
                            *this.dead = true;
                            service_failed(position, error.into())
                        })?;
                        if let Some(request) = this.request.take() {
                            let response = this.service.call(request);
                            this.course.after = After::Unknown;
                            this.state.set(State::Calling { response });
                        }
                    }
                    After::Unknown => this.state.set(State::Done),
                    After::Fail(_) | After::End(_) => {
                        match mem::replace(&mut this.course.after, After::Unknown) {
                            After::Fail(error) => return Poll::Ready(Some(Err(error))),
                            After::End(end) => *this.end = Some(end),
                            After::Unknown | After::Ask => {}
                        }
                        this.ahead.clear();
                        this.state.set(State::Done);
                    }
                },
                StateProj::Calling { response } => {
                    answered = Some(ready!(response.poll(cx)).map_err(Into::into));
                }
                StateProj::Coming { response } => {
                    answered = Some(ready!(response.as_mut().poll(cx)).map_err(Into::into));
                }
                StateProj::Reading { head, body } if head.is_some() => {
                    let least = body.size_hint().lower();
                    let Some(parts) = head else {
                        continue;
                    };
                    if this.ahead.foresee(this.service, this.course, parts, cx) {
                        // So that the task begins before the consumer has this page to work on.
                        *this.hurried = true;
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    let Some(head) = head.take() else {
                        continue;
                    };
                    return Poll::Ready(Some(Ok(Event::Head(head, least))));
                }
                StateProj::Reading { body, .. } => match ready!(body.poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(mut data) => {
                            let data = data.copy_to_bytes(data.remaining());
                            this.course.received(data.len());
                            return Poll::Ready(Some(Ok(Event::Data(data))));
                        }
                        Err(frame) => {
                            if let Ok(trailers) = frame.into_trailers() {
                                return Poll::Ready(Some(Ok(Event::Trailers(trailers))));
                            }
                        }
                    },
                    Some(Err(error)) => {
                        if self.as_mut().refetch() {
                            return Poll::Ready(Some(Ok(Event::Again)));
                        }
                        let detail = "the body could not be read to its end";
                        let source = Some(error.into());
                        let error = PageError::new(PageErrorKind::Body, position, detail, source);
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        this.state.set(State::Asking);
                        return Poll::Ready(Some(Ok(Event::End)));
                    }
                },
                StateProj::Refusing {
                    parts: Some(parts), ..
                } if this.course.strategy.is_end(parts) => {
                    this.course.ends();
                    this.state.set(State::Asking);
                }
                StateProj::Refusing { parts, body, read } => {
                    // What the API says about its refusal is read as far as it goes.
                    let limit = this.course.config.max_page_bytes;
                    if let Some(Ok(frame)) = ready!(body.poll_frame(cx)) {
                        if let Ok(data) = frame.into_data() {
                            let room = limit - read.len();
                            let cut = data.remaining().min(room);
                            bytes::BufMut::put(read, data.take(cut));
                            if cut < room {
                                continue;
                            }
                        } else {
                            continue;
                        }
                    }
                    let error = parts.take().map(|parts| {
                        PageError::status(Page {
                            parts,
                            body: read.split().freeze(),
                            trailers: None,
                            index: position.page,
                        })
                    });
                    return Poll::Ready(error.map(Err));
                }
                StateProj::Done => return Poll::Ready(None),
            }
            if let Some(answered) = answered {
                let response = answered.map_err(|error| service_failed(position, error))?;
                this.state.set(State::reading(response));
            }
        }
    }
}

fn service_failed(position: Position, error: BoxError) -> PageError {
    PageError::new(
        PageErrorKind::Service,
        position,
        "the service failed",
        Some(error),
    )
}

/// A page that cannot be split into items.
pub(crate) fn scan_error(error: ScanError, position: Position) -> PageError {
    let kind = match error {
        ScanError::Syntax => PageErrorKind::NotJson,
        ScanError::Truncated => PageErrorKind::Truncated,
        ScanError::Absent | ScanError::NotAnArray | ScanError::Twice => PageErrorKind::Malformed,
        ScanError::ItemTooLarge | ScanError::RestTooLarge => PageErrorKind::TooLarge,
    };
    PageError::new(kind, position, error.to_string(), None)
}
