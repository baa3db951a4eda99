use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{Drain, Replay};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::budget::Token;
use crate::course::Plan;
use crate::event::Cause;
use crate::hint::{self, wall_clock};
use crate::kept::Kept;
use crate::{Attempts, Classify, MakeBackoff, Verdict};

pin_project! {
    /// The response of [`Retry`](crate::Retry).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the attempt in flight or ends the pause; no further attempt follows, and
    /// one that was not sent yet costs the budget nothing.
    pub struct ResponseFuture<S, B, RB, R, C, K>
    where
        R: Replay<B>,
        S: Service<Request<R::Body>>,
        K: MakeBackoff,
    {
        #[pin]
        state: State<S::Future, R::Body, RB>,
        kept: Option<Kept<S, R::Saved, R, C, K, K::Backoff>>,
        // What is left then is dropped with the future: to drop it before would cost each response
        // one more move.
        done: bool,
        // Its `Send` does not depend on the body's.
        body: PhantomData<fn(B)>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B, RB> {
        // Before an attempt is answered.
        Calling {
            #[pin]
            response: F,
        },
        // Before the next attempt.
        Pausing {
            #[pin]
            drain: Drain<RB>,
            next: Option<Next<B>>,
        },
        // Until the service is ready for it.
        Readying { next: Option<Next<B>> },
    }
}

const KEPT: &str = "kept, or there would be no further state";

/// What the next attempt sends.
struct Next<B> {
    body: B,
    token: Option<Token>,
}

impl<S, B, RB, R, C, K> ResponseFuture<S, B, RB, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>>,
    K: MakeBackoff,
{
    #[inline(always)]
    pub(crate) const fn new(
        response: S::Future,
        kept: Option<Kept<S, R::Saved, R, C, K, K::Backoff>>,
    ) -> Self {
        Self {
            state: State::Calling { response },
            kept,
            done: false,
            body: PhantomData,
        }
    }
}

impl<S, B, RB, R, C, K> Future for ResponseFuture<S, B, RB, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>>,
    RB: Body,
    C: Classify<RB, S::Error>,
    K: MakeBackoff,
{
    type Output = Result<Response<RB>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        assert!(!*this.done, "polled after completion");
        if let (StateProj::Calling { response }, None) = (this.state.as_mut().project(), &this.kept)
        {
            let outcome = response.poll(cx);
            *this.done = outcome.is_ready();
            return outcome;
        }
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    let Poll::Ready(outcome) = response.poll(cx) else {
                        ready!(kept.poll_attempt_timeout(cx));
                        let Some((plan, body)) = Self::abandon(kept) else {
                            return Poll::Pending;
                        };
                        let waiting = Self::wait(kept, plan, body, |_| Drain::nothing());
                        this.state.set(waiting);
                        continue;
                    };
                    let verdict = Self::verdict(kept, &outcome);
                    if verdict == Verdict::Done && kept.is_first() {
                        *this.done = true;
                        return Poll::Ready(outcome);
                    }
                    match Self::judge(kept, outcome, verdict) {
                        Ok(waiting) => this.state.set(waiting),
                        Err(outcome) => {
                            *this.done = true;
                            return Poll::Ready(outcome);
                        }
                    }
                }
                StateProj::Pausing { drain, next } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    if kept.timer.poll_pause(cx).is_pending() {
                        let _ = drain.poll(cx);
                        return Poll::Pending;
                    }
                    let next = next.take();
                    this.state.set(State::Readying { next });
                }
                StateProj::Readying { next } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    if let Err(error) = ready!(kept.service.poll_ready(cx)) {
                        *this.done = true;
                        return Poll::Ready(Err(error));
                    }
                    let Next { body, token } = next.take().expect("taken once");
                    let request = kept.request(body);
                    if let Some(token) = token {
                        token.spend();
                    }
                    let response = kept.service.call(request);
                    this.state.set(State::Calling { response });
                }
            }
        }
    }
}

impl<S, B, RB, R, C, K> ResponseFuture<S, B, RB, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>>,
    RB: Body,
    C: Classify<RB, S::Error>,
    K: MakeBackoff,
{
    #[inline]
    fn verdict(
        kept: &Kept<S, R::Saved, R, C, K, K::Backoff>,
        outcome: &Result<Response<RB>, S::Error>,
    ) -> Verdict {
        let classify = &kept.shared.classify;
        let verdict = classify.classify(&kept.attempt(), outcome.as_ref());
        match outcome {
            // A layer further in has tried.
            Ok(response) if Attempts::are_exhausted(response.extensions()) => Verdict::Done,
            _ => verdict,
        }
    }

    /// The wait for the next attempt, or the outcome that is the call's result.
    fn judge(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        mut outcome: Result<Response<RB>, S::Error>,
        verdict: Verdict,
    ) -> Result<State<S::Future, R::Body, RB>, Result<Response<RB>, S::Error>> {
        if let Ok(response) = &outcome {
            kept.count(response);
        }
        let plan = kept.may_follow(verdict).then(|| {
            let headers = outcome.as_ref().ok().map(Response::headers);
            let hint = headers.and_then(|headers| hint::wait(headers, wall_clock));
            kept.plan(hint)
        });
        let gave_up = matches!(plan, Some(None));
        let again = plan.flatten().and_then(|plan| {
            // Asked before the pause, which would otherwise be in vain.
            let body = kept.shared.replay.again(&kept.saved)?;
            Some((plan, body))
        });
        let Some((plan, body)) = again else {
            if let Ok(response) = &mut outcome {
                kept.mark(response, gave_up);
            }
            return Err(outcome);
        };
        kept.tell(
            &plan,
            match &outcome {
                Ok(response) => Cause::Status(response.status()),
                Err(error) => Cause::Error(kept.shared.classify.show(error)),
            },
        );
        if let Ok(response) = &mut outcome {
            kept.head.recycle(std::mem::take(response.headers_mut()));
        }
        // Of the outcome nothing is held during the pause but a body that is being drained.
        Ok(Self::wait(kept, plan, body, |kept| match outcome {
            Ok(response) => Drain::new(response, kept.head.method(), kept.shared.config.drain),
            Err(_) => Drain::nothing(),
        }))
    }

    /// A pause of zero is none: it registers no timer.
    fn wait(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        plan: Plan,
        body: R::Body,
        drain: impl FnOnce(&Kept<S, R::Saved, R, C, K, K::Backoff>) -> Drain<RB>,
    ) -> State<S::Future, R::Body, RB> {
        let token = plan.token;
        let next = Some(Next { body, token });
        if plan.delay.is_zero() {
            return State::Readying { next };
        }
        kept.timer.start(plan.delay);
        let drain = drain(kept);
        State::Pausing { drain, next }
    }

    /// The attempt that follows one which took too long.
    fn abandon(kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>) -> Option<(Plan, R::Body)> {
        let plan = kept.plan(None)?;
        let body = kept.shared.replay.again(&kept.saved)?;
        kept.tell(&plan, Cause::AttemptTimeout);
        Some((plan, body))
    }
}

impl<S, B, RB, R, C, K> fmt::Debug for ResponseFuture<S, B, RB, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>>,
    K: MakeBackoff,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
