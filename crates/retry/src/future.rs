use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{Drain, PooledSleep, Replay};
use pin_project_lite::pin_project;
use tokio::time::Instant;
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
        state: State<S::Future, R::Body, RB, S::Error>,
        // What is left at the end is dropped with the future: to drop it before would cost each
        // response one more move.
        kept: Option<Kept<S, R::Saved, R, C, K, K::Backoff>>,
        // Its `Send` does not depend on the body's.
        body: PhantomData<fn(B)>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B, RB, E> {
        // Before an attempt is answered.
        Calling {
            #[pin]
            response: F,
        },
        // Before the next attempt.
        Pausing {
            #[pin]
            drain: Drain<RB>,
            next: Option<Next<B, RB, E>>,
        },
        // Until the service is ready for it.
        Readying { next: Option<Next<B, RB, E>> },
    }
}

const KEPT: &str = "kept, or there would be no further state";

/// What the next attempt sends.
struct Next<B, RB, E> {
    body: B,
    token: Option<Token>,
    /// The call's result if the attempt comes too late. Boxed, since few calls keep one.
    fallback: Option<Box<Result<Response<RB>, E>>>,
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
        if let (StateProj::Calling { response }, None) = (this.state.as_mut().project(), &this.kept)
        {
            return response.poll(cx);
        }
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    assert!(!kept.course.is_over, "polled after completion");
                    // Judged in its place: each move of a response costs as much as to judge it.
                    let mut answer = response.poll(cx);
                    let again = match &mut answer {
                        Poll::Ready(outcome) => Self::judge(kept, outcome),
                        Poll::Pending => {
                            ready!(kept.poll_attempt_timeout(cx));
                            Self::abandon(kept)
                        }
                    };
                    let Some((plan, body)) = again else {
                        kept.course.is_over = answer.is_ready();
                        return answer;
                    };
                    // Nothing is held until then but a body that is being drained, and what holds
                    // nothing itself.
                    let (drain, fallback) = match answer {
                        Poll::Ready(outcome) if kept.keeps(outcome.as_ref().ok()) => {
                            (Drain::nothing(), Some(Box::new(outcome)))
                        }
                        Poll::Ready(Ok(response)) if !plan.delay.is_zero() => {
                            (kept.drain(response), None)
                        }
                        _ => (Drain::nothing(), None),
                    };
                    let next = Some(Next {
                        body,
                        token: plan.token,
                        fallback,
                    });
                    // A pause of zero is none: it registers no timer.
                    if plan.delay.is_zero() {
                        kept.timer = PooledSleep::default();
                        this.state.set(State::Readying { next });
                        continue;
                    }
                    kept.pause(plan.delay);
                    this.state.set(State::Pausing { drain, next });
                }
                StateProj::Pausing { drain, next } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    if kept.poll_pause(cx).is_pending() {
                        let _ = drain.poll(cx);
                        return Poll::Pending;
                    }
                    kept.timer = PooledSleep::default();
                    let next = next.take();
                    this.state.set(State::Readying { next });
                }
                StateProj::Readying { next } => {
                    let kept = this.kept.as_mut().expect(KEPT);
                    let is_kept = next.as_ref().is_some_and(|next| next.fallback.is_some());
                    let is_late = match ready!(Self::poll_ready(kept, is_kept, cx)) {
                        Ok(is_late) => is_late,
                        Err(error) => {
                            *next = None;
                            return Poll::Ready(Err(error));
                        }
                    };
                    let Next {
                        body,
                        token,
                        fallback,
                    } = next.take().expect("polled after completion");
                    if let Some(outcome) = fallback.filter(|_| is_late) {
                        return Poll::Ready(kept.fall_back(*outcome));
                    }
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
    /// The attempt that follows, or none where the outcome is the call's result.
    #[inline]
    fn judge(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        outcome: &mut Result<Response<RB>, S::Error>,
    ) -> Option<(Plan, R::Body)> {
        let classify = &kept.shared.classify;
        let verdict = classify.classify(&kept.attempt(), outcome.as_ref());
        let verdict = match outcome {
            // A layer further in has tried.
            Ok(response) if Attempts::are_exhausted(response.extensions()) => Verdict::Done,
            _ => verdict,
        };
        if verdict == Verdict::Done && kept.is_first() {
            return None;
        }
        Self::follow(kept, outcome, verdict)
    }

    fn follow(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        outcome: &mut Result<Response<RB>, S::Error>,
        verdict: Verdict,
    ) -> Option<(Plan, R::Body)> {
        if let Ok(response) = outcome {
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
        match (&again, outcome) {
            (Some((plan, _)), Ok(response)) => {
                kept.tell(plan, Cause::Status(response.status()));
                if !kept.keeps(Some(response)) {
                    kept.head.recycle(response);
                }
            }
            (Some((plan, _)), Err(error)) => {
                kept.tell(plan, Cause::Error(kept.shared.classify.show(error)));
            }
            (None, Ok(response)) => kept.mark(response, gave_up),
            (None, Err(_)) => {}
        }
        again
    }

    /// Ready when the next attempt can be made, or when it is too late for it, if there is an outcome
    /// to fall back to.
    fn poll_ready(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        is_kept: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, S::Error>> {
        match kept.service.poll_ready(cx)? {
            Poll::Ready(()) => Poll::Ready(Ok(is_kept && kept.course.is_late(Instant::now))),
            Poll::Pending if is_kept => kept.poll_deadline(cx).map(|()| Ok(true)),
            Poll::Pending => Poll::Pending,
        }
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
