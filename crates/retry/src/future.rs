use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{Drain, Replay};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use crate::budget::Token;
use crate::course::Plan;
use crate::event::Cause;
use crate::hint::{self, wall_clock};
use crate::kept::Kept;
use crate::timer::Timer;
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
            #[pin]
            timer: Timer,
        },
        // Before the next attempt.
        Pausing {
            #[pin]
            pause: Sleep,
            #[pin]
            drain: Drain<RB>,
            next: Option<Next<B>>,
        },
        // Until the service is ready for it.
        Readying { next: Option<Next<B>> },
        Done,
    }
}

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
            state: State::calling(response),
            kept,
            body: PhantomData,
        }
    }
}

impl<F, B, RB> State<F, B, RB> {
    const fn calling(response: F) -> Self {
        Self::Calling {
            response,
            timer: Timer::Unset,
        }
    }

    /// A pause of zero is none: it registers no timer.
    fn waiting(plan: Plan, body: B, drain: impl FnOnce() -> Drain<RB>) -> Self {
        let token = plan.token;
        let next = Some(Next { body, token });
        if plan.delay.is_zero() {
            Self::Readying { next }
        } else {
            Self::Pausing {
                pause: sleep(plan.delay),
                drain: drain(),
                next,
            }
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
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response, timer } => {
                    let Poll::Ready(outcome) = response.poll(cx) else {
                        let Some(kept) = this.kept.as_mut() else {
                            return Poll::Pending;
                        };
                        ready!(timer.poll_elapsed(|| kept.attempt_timeout(), cx));
                        let Some((plan, body)) = Self::abandon(kept) else {
                            return Poll::Pending;
                        };
                        this.state.set(State::waiting(plan, body, Drain::nothing));
                        continue;
                    };
                    let Some(kept) = this.kept.as_mut() else {
                        this.state.set(State::Done);
                        return Poll::Ready(outcome);
                    };
                    let verdict = Self::verdict(kept, &outcome);
                    if verdict == Verdict::Done && kept.is_first() {
                        this.state.set(State::Done);
                        return Poll::Ready(outcome);
                    }
                    match Self::judge(kept, outcome, verdict) {
                        Ok(waiting) => this.state.set(waiting),
                        Err(outcome) => {
                            this.state.set(State::Done);
                            return Poll::Ready(outcome);
                        }
                    }
                }
                StateProj::Pausing { pause, drain, next } => {
                    if pause.poll(cx).is_pending() {
                        let _ = drain.poll(cx);
                        return Poll::Pending;
                    }
                    let next = next.take();
                    this.state.set(State::Readying { next });
                }
                StateProj::Readying { next } => {
                    let kept = this.kept.as_mut().expect("kept until the call is done");
                    if let Err(error) = ready!(kept.service.poll_ready(cx)) {
                        this.state.set(State::Done);
                        return Poll::Ready(Err(error));
                    }
                    let Next { body, token } = next.take().expect("taken once");
                    let request = kept.request(body);
                    if let Some(token) = token {
                        token.spend();
                    }
                    let response = kept.service.call(request);
                    this.state.set(State::calling(response));
                }
                StateProj::Done => panic!("polled after completion"),
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
        let is_retried = match verdict {
            Verdict::Done => false,
            Verdict::Unprocessed | Verdict::Throttled => true,
            Verdict::Transient => kept.repeatable,
        };
        let plan = is_retried.then(|| {
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
        // Of the outcome nothing is held during the pause but a body that is being drained.
        Ok(State::waiting(plan, body, || match outcome {
            Ok(response) => {
                let limit = kept.shared.config.drain;
                Drain::new(response, kept.head.method(), limit)
            }
            Err(_) => Drain::nothing(),
        }))
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
