//! Sends requests and reads responses, one page after the other.

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
        pub(crate) course: Course<P, B>,
        end: Option<End>,
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
    /// A page begins.
    Head(Parts),
    Data(Bytes),
    Trailers(HeaderMap),
    /// The page has arrived; [`Course::arrived`] has to hear of it.
    End,
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
            end: None,
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
        *this.end = Some(end);
    }

    pub(crate) fn course_mut(self: Pin<&mut Self>) -> &mut Course<P, B> {
        self.project().course
    }

    /// Where the walk is.
    pub(crate) fn position(&self) -> Position {
        Position::page(self.course.progress.pages)
    }
}

impl<S, P, B, RB> Walk<S, P, B, RB>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    P: Strategy<B>,
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

    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, PageError>>> {
        let mut this = self.project();
        let position = Position::page(this.course.progress.pages);
        let service_failed = |error: S::Error| {
            let detail = "the service failed";
            PageError::new(PageErrorKind::Service, position, detail, Some(error.into()))
        };
        loop {
            match this.state.as_mut().project() {
                StateProj::Asking => {
                    if let After::Ask(_) = this.course.after {
                        ready!(this.service.poll_ready(cx)).map_err(service_failed)?;
                    }
                    match std::mem::replace(&mut this.course.after, After::Unknown) {
                        After::Ask(request) => {
                            let response = this.service.call(request);
                            this.state.set(State::Calling { response });
                        }
                        After::Fail(error) => return Poll::Ready(Some(Err(error))),
                        After::End(end) => {
                            *this.end = Some(end);
                            this.state.set(State::Done);
                        }
                        After::Unknown => this.state.set(State::Done),
                    }
                }
                StateProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(service_failed)?;
                    this.state.set(State::reading(response));
                }
                StateProj::Reading { head, .. } if head.is_some() => {
                    return Poll::Ready(head.take().map(|head| Ok(Event::Head(head))));
                }
                StateProj::Reading { body, .. } => match ready!(body.poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(mut data) => {
                            let data = data.copy_to_bytes(data.remaining());
                            this.course.progress.bytes += data.len() as u64;
                            return Poll::Ready(Some(Ok(Event::Data(data))));
                        }
                        Err(frame) => {
                            if let Ok(trailers) = frame.into_trailers() {
                                return Poll::Ready(Some(Ok(Event::Trailers(trailers))));
                            }
                        }
                    },
                    Some(Err(error)) => {
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
                StateProj::Refusing { parts, .. }
                    if parts
                        .as_ref()
                        .is_some_and(|parts| this.course.strategy.is_end(parts)) =>
                {
                    *this.end = Some(End::Complete);
                    this.state.set(State::Done);
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
        }
    }
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
