use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use outbound_http::{ResendCount, SavedHead};

use crate::course::{Course, Plan};
use crate::event::{Cause, Event};

use crate::service::Shared;
use crate::verdict::Attempt;
use crate::{Attempts, MakeBackoff, Report};

/// What a further attempt needs.
pub(crate) struct Kept<S, V, R, C, K, I> {
    /// Not polled until its own call is due.
    pub(crate) service: S,
    pub(crate) head: SavedHead,
    pub(crate) saved: V,
    /// Whether it does no harm to repeat a request that may have been processed.
    pub(crate) repeatable: bool,
    pub(crate) shared: Arc<Shared<R, C, K>>,
    course: Course<I>,
    resends: ResendCount,
}

impl<S, V, R, C, K> Kept<S, V, R, C, K, K::Backoff>
where
    K: MakeBackoff,
{
    // Inlined, as what it makes is large and would be copied.
    #[inline(always)]
    pub(crate) fn new(
        service: S,
        head: SavedHead,
        saved: V,
        repeatable: bool,
        shared: Arc<Shared<R, C, K>>,
    ) -> Self {
        Self {
            service,
            course: Course::new(&shared, head.extensions().get()),
            resends: ResendCount::of(head.extensions()),
            head,
            saved,
            repeatable,
            shared,
        }
    }

    pub(crate) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            number: self.course.attempt,
            method: self.head.method(),
            uri: self.head.uri(),
        }
    }

    pub(crate) const fn is_first(&self) -> bool {
        self.course.attempt == 1
    }

    /// After how long the attempt may be given up; `None` where no other may follow.
    pub(crate) fn attempt_timeout(&self) -> Option<Duration> {
        self.shared
            .config
            .attempt_timeout
            .filter(|_| self.repeatable && !self.course.is_last())
    }

    /// Whether, and after which pause, another attempt follows one that failed.
    pub(crate) fn plan(&mut self, hint: Option<Duration>) -> Option<Plan> {
        self.course.plan(&self.shared, self.head.uri(), hint)
    }

    pub(crate) fn tell(&self, plan: &Plan, cause: Cause<'_>) {
        self.shared.config.tell(&Event {
            retry: self.course.attempt,
            delay: plan.delay,
            asked: plan.asked,
            method: self.head.method(),
            uri: self.head.uri(),
            resends: self.resends.next(),
            cause,
        });
    }

    /// The request of the next attempt: the head as it was, and how often it was sent again.
    pub(crate) fn request<B>(&mut self, body: B) -> Request<B> {
        let mut request = self.head.request(body);
        if let Some(name) = &self.shared.config.attempt_header {
            let number = HeaderValue::from(self.course.attempt);
            request.headers_mut().insert(name.clone(), number);
        }
        self.course.attempt += 1;
        self.resends = self.resends.next();
        Report::resent(request.extensions());
        request.extensions_mut().insert(self.resends);
        request
    }

    /// Counts what was sent again beneath.
    pub(crate) fn count<RB>(&mut self, response: &Response<RB>) {
        self.resends = self.resends.max(ResendCount::of(response.extensions()));
    }

    /// Marks a response that took more than one send, or is the last for want of another.
    pub(crate) fn mark<RB>(&self, response: &mut Response<RB>, gave_up: bool) {
        let count = self.course.attempt;
        let extensions = response.extensions_mut();
        if count > 1 || gave_up {
            let exhausted = gave_up || Attempts::are_exhausted(extensions);
            extensions.insert(Attempts { count, exhausted });
        }
        if count > 1 {
            let resends = self.resends.max(ResendCount::of(extensions));
            extensions.insert(resends);
        }
    }
}
