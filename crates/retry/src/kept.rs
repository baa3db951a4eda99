use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use outbound_http::{Drain, PooledSleep, ResendCount, SavedHead};
use tokio::time::{Instant, sleep, sleep_until};

use crate::course::{Course, Plan};
use crate::event::{Cause, Event};
use crate::repeat::may_follow;
use crate::shared::Shared;
use crate::verdict::{Attempt, Verdict};
use crate::{Attempts, MakeBackoff, Report};

/// What a further attempt needs.
pub(crate) struct Kept<S, V, R, C, K, I> {
    /// Not polled until its own call is due.
    pub(crate) service: S,
    pub(crate) head: SavedHead,
    pub(crate) saved: V,
    pub(crate) shared: Arc<Shared<R, C, K>>,
    pub(crate) course: Course,
    /// Of an attempt that has a soft timeout, once it really waits, then of a pause, then of the
    /// deadline.
    pub(crate) timer: PooledSleep,
    /// Made at the first retry.
    pub(crate) backoff: Option<I>,
}

impl<S, V, R, C, K> Kept<S, V, R, C, K, K::Backoff>
where
    K: MakeBackoff,
{
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            number: self.course.attempt,
            method: self.head.method(),
            uri: self.head.uri(),
        }
    }

    pub(crate) fn is_first(&self) -> bool {
        self.course.attempt == 1
    }

    /// Ready once, when the attempt has taken so long that it may be given up; never where no other
    /// may follow.
    pub(crate) fn poll_attempt_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timeout) = self.shared.config.attempt_timeout else {
            return Poll::Pending;
        };
        if self.course.has_timed_out {
            return Poll::Pending;
        }
        if !self.timer.is_set() {
            if self.course.is_last() || !self.may_follow(Verdict::Transient) {
                return Poll::Pending;
            }
            self.pause(timeout);
        }
        ready!(self.poll_pause(cx));
        self.timer = PooledSleep::default();
        self.course.has_timed_out = true;
        Poll::Ready(())
    }

    /// Sets the timer.
    pub(crate) fn pause(&mut self, delay: Duration) {
        self.timer = PooledSleep::new(sleep(delay));
    }

    /// Ready when the timer has rung.
    pub(crate) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.timer).poll(cx)
    }

    /// Ready when the deadline has passed, if there is one. The timer must not be set for another
    /// reason.
    pub(crate) fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.course.deadline else {
            return Poll::Pending;
        };
        if !self.timer.is_set() {
            self.timer = PooledSleep::new(sleep_until(deadline));
        }
        self.poll_pause(cx)
    }

    /// Whether another attempt may follow one with this verdict without doing harm.
    pub(crate) fn may_follow(&self, verdict: Verdict) -> bool {
        may_follow(&self.head, verdict)
    }

    /// Whether, and after which pause, another attempt follows one that failed.
    pub(crate) fn plan(&mut self, hint: Option<Duration>) -> Option<Plan> {
        let uri = self.head.uri();
        self.course
            .plan(&self.shared, &mut self.backoff, uri, hint, Instant::now)
    }

    /// Whether an outcome is kept until the next attempt is sent, since that may turn out to be too
    /// late for the deadline. What holds something of a connection is not.
    pub(crate) fn keeps<RB: Body>(&self, response: Option<&Response<RB>>) -> bool {
        self.course.deadline.is_some()
            && response.is_none_or(|response| response.body().is_end_stream())
    }

    /// The outcome that was kept is the call's result after all.
    pub(crate) fn fall_back<RB, E>(
        &self,
        mut outcome: Result<Response<RB>, E>,
    ) -> Result<Response<RB>, E> {
        if let Ok(response) = &mut outcome {
            self.mark(response, true);
        }
        outcome
    }

    pub(crate) fn tell(&self, plan: &Plan, cause: Cause<'_>) {
        self.shared.config.tell(&Event {
            retry: self.course.attempt,
            delay: plan.delay,
            asked: plan.asked,
            method: self.head.method(),
            uri: self.head.uri(),
            resends: self.course.resends.next(),
            cause,
        });
    }

    /// The request of the next attempt: the head as it was, and how often it was sent again.
    #[inline]
    pub(crate) fn request<B>(&mut self, body: B) -> Request<B> {
        self.timer = PooledSleep::default();
        let mut request = self.head.request(body);
        let retry = self.course.attempt;
        self.shared.config.number(request.headers_mut(), retry);
        Report::resent(request.extensions());
        let course = &mut self.course;
        course.advance();
        course.resends.mark(request.extensions_mut());
        request
    }

    /// What is left of a response that is discarded.
    pub(crate) fn drain<RB: Body>(&self, response: Response<RB>) -> Drain<RB> {
        Drain::new(response, self.head.method(), self.shared.config.drain)
    }

    /// Counts what was sent again beneath.
    pub(crate) fn count<RB>(&mut self, response: &Response<RB>) {
        let course = &mut self.course;
        course.resends = course.resends.max(ResendCount::of(response.extensions()));
    }

    /// Marks a response that took more than one send, or is the last for want of another.
    pub(crate) fn mark<RB>(&self, response: &mut Response<RB>, gave_up: bool) {
        let (count, resends) = (self.course.attempt, self.course.resends);
        let extensions = response.extensions_mut();
        if count > 1 || gave_up {
            let exhausted = gave_up || Attempts::are_exhausted(extensions);
            Attempts::new(count, exhausted, resends).mark(extensions);
        }
    }
}
