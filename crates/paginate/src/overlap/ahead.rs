use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::response::Parts;
use http::{Request, Response, Uri};
use outbound_http::BoxError;
use tower_service::Service;

use crate::course::Course;
use crate::cursor::Cursor;
use crate::strategy::Strategy;

/// The pages that were asked for behind the one at hand, in order.
///
/// They are guesses. Each page that arrives says itself what follows it, and a guess that
/// it does not confirm is dropped with all behind it: what comes out is what one request
/// after the other would give.
pub(crate) struct Ahead<F, RB> {
    slots: VecDeque<Slot<F, RB>>,
}

struct Slot<F, RB> {
    cursor: Cursor,
    asked: Uri,
    incoming: Incoming<F, RB>,
    /// Whether it was looked at for what follows it.
    seen: bool,
}

pub(crate) enum Incoming<F, RB> {
    Asked(Pin<Box<F>>),
    Here(Result<(Parts, RB), BoxError>),
}

impl<F, RB> Ahead<F, RB> {
    pub(crate) const fn new() -> Self {
        Self {
            slots: VecDeque::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }

    /// The page at `cursor`, if that is the next one that was asked for.
    pub(crate) fn take(&mut self, cursor: Option<&Cursor>) -> Option<(Uri, Incoming<F, RB>)> {
        if self.slots.front().map(|slot| &slot.cursor) != cursor {
            self.slots.clear();
        }
        let slot = self.slots.pop_front()?;
        Some((slot.asked, slot.incoming))
    }

    /// Asks for the pages that the course has planned behind its place.
    pub(crate) fn launch<S, P, B>(
        &mut self,
        service: &mut S,
        course: &Course<P, B>,
        cx: &mut Context<'_>,
    ) where
        S: Service<Request<B>, Response = Response<RB>, Future = F>,
        P: Strategy<B>,
        B: Clone,
    {
        for (at, cursor) in course.wanted.iter().enumerate() {
            match self.slots.get(at) {
                Some(slot) if slot.cursor == *cursor => continue,
                _ => self.slots.truncate(at),
            }
            if !self.ask(service, course, cursor, cx) {
                return;
            }
        }
    }

    /// Asks for the page behind the one at hand, if its head tells; whether it did so now.
    pub(crate) fn foresee<S, P, B>(
        &mut self,
        service: &mut S,
        course: &Course<P, B>,
        parts: &Parts,
        cx: &mut Context<'_>,
    ) -> bool
    where
        S: Service<Request<B>, Response = Response<RB>, Future = F>,
        P: Strategy<B>,
        B: Clone,
    {
        if course.config.prefetch == 0 || !self.slots.is_empty() {
            return false;
        }
        let cursor = course.spot.place.cursor.as_ref();
        let next = course.foresee(parts, course.asked(), cursor, 0);
        next.is_some_and(|next| self.ask(service, course, &next, cx))
    }

    /// Asks for the page behind the last one that was asked for, if its head is there and
    /// tells.
    pub(crate) fn look<S, P, B>(
        &mut self,
        service: &mut S,
        course: &Course<P, B>,
        cx: &mut Context<'_>,
    ) where
        S: Service<Request<B>, Response = Response<RB>, Future = F>,
        S::Error: Into<BoxError>,
        F: Future<Output = Result<Response<RB>, S::Error>>,
        P: Strategy<B>,
        B: Clone,
    {
        loop {
            let n = self.slots.len();
            let full = n >= course.config.prefetch;
            let Some(slot) = self.slots.back_mut().filter(|slot| !full && !slot.seen) else {
                return;
            };
            if let Incoming::Asked(response) = &mut slot.incoming {
                let Poll::Ready(response) = response.as_mut().poll(cx) else {
                    return;
                };
                slot.incoming =
                    Incoming::Here(response.map(Response::into_parts).map_err(Into::into));
            }
            slot.seen = true;
            let Incoming::Here(Ok((head, _))) = &slot.incoming else {
                return;
            };
            let next = course.foresee(head, &slot.asked, Some(&slot.cursor), n as u64);
            let Some(next) = next.filter(|next| self.slots.iter().all(|slot| slot.cursor != *next))
            else {
                return;
            };
            if !self.ask(service, course, &next, cx) {
                return;
            }
        }
    }

    fn ask<S, P, B>(
        &mut self,
        service: &mut S,
        course: &Course<P, B>,
        cursor: &Cursor,
        cx: &mut Context<'_>,
    ) -> bool
    where
        S: Service<Request<B>, Response = Response<RB>, Future = F>,
        P: Strategy<B>,
        B: Clone,
    {
        let behind = self.slots.len() as u64 + 1;
        let Some(request) = course.request_ahead(cursor, behind) else {
            return false;
        };
        // Asked for with a task of its own, which waits for readiness itself.
        let Poll::Ready(Ok(())) = service.poll_ready(cx) else {
            return false;
        };
        self.slots.push_back(Slot {
            cursor: cursor.clone(),
            asked: request.uri().clone(),
            incoming: Incoming::Asked(Box::pin(service.call(request))),
            seen: false,
        });
        true
    }
}
