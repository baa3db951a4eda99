//! Sends requests and reads responses, one page after the other.

use std::mem;
use std::pin::Pin;
use std::task::Context;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

mod hurry;
mod state;
mod step;

use self::state::State;
use crate::config::OnRepeat;
use crate::course::{After, Course};
use crate::error::{PageError, PageErrorKind};
use crate::overlap::Ahead;
use crate::position::Position;
use crate::progress::End;

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

    /// The server ignores the cursor: the page is the one before.
    pub(crate) fn stalled(mut self: Pin<&mut Self>) -> Option<PageError> {
        if self.course.config.on_repeat == OnRepeat::End {
            self.as_mut().course_mut().spot.done = true;
            self.finish(End::Repeated);
            return None;
        }
        let position = self.position();
        self.finish(End::Failed);
        Some(PageError::new(
            PageErrorKind::Stalled,
            position,
            "the page has the items of the one before, so the server ignores where the next one starts",
            None,
        ))
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
