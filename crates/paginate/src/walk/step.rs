//! What happens next on the walk.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use http::{Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use super::state::{State, StateProj};
use super::{Event, Walk};
use crate::course::After;
use crate::error::{PageError, PageErrorKind};
use crate::page::Page;
use crate::position::Position;
use crate::progress::End;
use crate::strategy::Strategy;

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
                    this.course.admits(parts)?;
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
                } if this.course.is_end(parts) => {
                    this.course.admits(parts)?;
                    this.course.ends();
                    this.state.set(State::Asking);
                }
                StateProj::Refusing { parts, body, read } => {
                    let limit = this.course.config.max_page_bytes;
                    ready!(poll_refusal(body, read, limit, cx));
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

/// What the API says about its refusal is read as far as it goes.
fn poll_refusal<RB: Body>(
    mut body: Pin<&mut RB>,
    read: &mut BytesMut,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<()> {
    while let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) {
        if let Ok(data) = frame.into_data() {
            let room = limit - read.len();
            let cut = data.remaining().min(room);
            read.put(data.take(cut));
            if cut == room {
                break;
            }
        }
    }
    Poll::Ready(())
}

pub(super) fn service_failed(position: Position, error: BoxError) -> PageError {
    PageError::new(
        PageErrorKind::Service,
        position,
        "the service failed",
        Some(error),
    )
}
