use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use fastrand::Rng;
use http::{Request, Response};
use outbound_http::{Replay, ResendCount, clone_head};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use crate::backoff::up_to;
use crate::event::{Cause, Event};
use crate::hint::{self, wall_clock};
use crate::service::Shared;
use crate::verdict::Attempt;
use crate::{Attempts, Classify, MakeBackoff, Verdict};

pin_project! {
    /// The response of [`Retry`](crate::Retry).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the attempt in flight or ends the pause; no further attempt follows.
    pub struct ResponseFuture<S, B, R, C, K>
    where
        R: Replay<B>,
        S: Service<Request<R::Body>>,
        K: MakeBackoff,
    {
        #[pin]
        state: State<S::Future, R::Body>,
        kept: Option<Kept<S, R::Saved, R, C, K, K::Backoff>>,
        // Its `Send` does not depend on the body's.
        body: PhantomData<fn(B)>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B> {
        // Before an attempt is answered. The timer is made once the attempt really waits.
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
            next: Option<B>,
        },
        // Until the service is ready for it.
        Readying { next: Option<B> },
        Done,
    }
}

pin_project! {
    /// The soft timeout of an attempt.
    #[project = TimerProj]
    enum Timer {
        Unset,
        Set {
            #[pin]
            sleep: Sleep,
        },
        // It has no effect: none is configured, or no other attempt may follow.
        Off,
    }
}

/// What a further attempt needs.
pub(crate) struct Kept<S, V, R, C, K, I> {
    /// Not polled until its own call is due.
    service: S,
    head: Request<()>,
    saved: V,
    repeatable: bool,
    shared: Arc<Shared<R, C, K>>,
    attempt: u32,
    resends: ResendCount,
    started: Option<Instant>,
    /// Made at the first retry.
    backoff: Option<I>,
}

/// A retry that has been decided on.
struct Plan {
    delay: Duration,
    asked: bool,
}

impl<S, V, R, C, K> Kept<S, V, R, C, K, K::Backoff>
where
    K: MakeBackoff,
{
    pub(crate) fn new(
        service: S,
        head: Request<()>,
        saved: V,
        repeatable: bool,
        shared: Arc<Shared<R, C, K>>,
    ) -> Self {
        Self {
            service,
            resends: ResendCount::of(head.extensions()),
            head,
            saved,
            repeatable,
            started: shared.config.deadline.map(|_| Instant::now()),
            shared,
            attempt: 1,
            backoff: None,
        }
    }

    fn attempt(&self) -> Attempt<'_> {
        Attempt {
            number: self.attempt,
            method: self.head.method(),
            uri: self.head.uri(),
        }
    }

    fn is_last(&self) -> bool {
        self.attempt > self.shared.config.retries
    }

    /// Whether, and after which pause, another attempt follows one that is not [`Verdict::Done`].
    fn plan(&mut self, hint: Option<Duration>) -> Option<Plan> {
        let config = &self.shared.config;
        if self.is_last() || hint.is_some_and(|hint| hint > config.hint_ceiling) {
            return None;
        }
        let shared = &self.shared;
        let backoff = self
            .backoff
            .get_or_insert_with(|| shared.backoff.make_backoff(shared.seeds.next()));
        let pause = backoff.next()?;
        let delay = match hint {
            // Later than asked for, never earlier, so that a fleet does not come back at once.
            Some(hint) => {
                let jitter = up_to(&mut Rng::with_seed(shared.seeds.next()), hint / 10);
                hint.max(pause).saturating_add(jitter)
            }
            None => pause,
        };
        if let (Some(started), Some(limit)) = (self.started, config.deadline) {
            if delay >= limit.saturating_sub(started.elapsed()) {
                return None;
            }
        }
        Some(Plan {
            delay,
            asked: hint.is_some_and(|hint| hint >= pause),
        })
    }

    fn tell(&self, plan: &Plan, cause: Cause<'_>) {
        if let Some(on_retry) = &self.shared.config.on_retry {
            on_retry(&Event {
                retry: self.attempt,
                delay: plan.delay,
                asked: plan.asked,
                method: self.head.method(),
                uri: self.head.uri(),
                cause,
            });
        }
    }

    /// The request of the next attempt: the head as it was, and how often it was sent again.
    fn request<B>(&mut self, body: B) -> Request<B> {
        self.attempt += 1;
        self.resends = self.resends.next();
        let mut request = clone_head(&self.head).map(|()| body);
        request.extensions_mut().insert(self.resends);
        request
    }

    /// Marks a response that took more than one send.
    fn mark<RB>(&self, response: &mut Response<RB>) {
        if self.attempt > 1 {
            let count = self.attempt;
            response.extensions_mut().insert(Attempts { count });
            let resends = self.resends.max(ResendCount::of(response.extensions()));
            response.extensions_mut().insert(resends);
        }
    }
}

impl<S, B, R, C, K> ResponseFuture<S, B, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>>,
    K: MakeBackoff,
{
    pub(crate) fn new(
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

impl<F, B> State<F, B> {
    const fn calling(response: F) -> Self {
        Self::Calling {
            response,
            timer: Timer::Unset,
        }
    }

    fn waiting(delay: Duration, next: B) -> Self {
        let next = Some(next);
        if delay.is_zero() {
            Self::Readying { next }
        } else {
            let pause = sleep(delay);
            Self::Pausing { pause, next }
        }
    }
}

impl<S, B, RB, R, C, K> Future for ResponseFuture<S, B, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>>,
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
                        ready!(timer.poll_elapsed(kept, cx));
                        let Some((delay, body)) = Self::abandon(kept) else {
                            return Poll::Pending;
                        };
                        this.state.set(State::waiting(delay, body));
                        continue;
                    };
                    let Some(kept) = this.kept.as_mut() else {
                        this.state.set(State::Done);
                        return Poll::Ready(outcome);
                    };
                    match Self::judge(kept, outcome) {
                        // The outcome was dropped: nothing of it is held during the pause.
                        Ok((delay, body)) => this.state.set(State::waiting(delay, body)),
                        Err(outcome) => {
                            this.state.set(State::Done);
                            return Poll::Ready(outcome);
                        }
                    }
                }
                StateProj::Pausing { pause, next } => {
                    ready!(pause.poll(cx));
                    let next = next.take();
                    this.state.set(State::Readying { next });
                }
                StateProj::Readying { next } => {
                    let kept = this.kept.as_mut().expect("kept until the call is done");
                    if let Err(error) = ready!(kept.service.poll_ready(cx)) {
                        this.state.set(State::Done);
                        return Poll::Ready(Err(error));
                    }
                    let body = next.take().expect("taken once");
                    let request = kept.request(body);
                    let response = kept.service.call(request);
                    this.state.set(State::calling(response));
                }
                StateProj::Done => panic!("polled after completion"),
            }
        }
    }
}

impl<S, B, RB, R, C, K> ResponseFuture<S, B, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>>,
    C: Classify<RB, S::Error>,
    K: MakeBackoff,
{
    /// The pause and the body of the next attempt, or the outcome that is the call's result.
    fn judge(
        kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>,
        mut outcome: Result<Response<RB>, S::Error>,
    ) -> Result<(Duration, R::Body), Result<Response<RB>, S::Error>> {
        if let Ok(response) = &outcome {
            kept.resends = kept.resends.max(ResendCount::of(response.extensions()));
        }
        let verdict = kept
            .shared
            .classify
            .classify(&kept.attempt(), outcome.as_ref());
        let retried = match verdict {
            Verdict::Done => None,
            Verdict::Transient if !kept.repeatable => None,
            Verdict::Unprocessed | Verdict::Throttled | Verdict::Transient => {
                let headers = outcome.as_ref().ok().map(Response::headers);
                let hint = headers.and_then(|headers| hint::wait(headers, wall_clock));
                kept.plan(hint)
            }
        };
        let again = retried.and_then(|plan| {
            // Asked before the pause, which would otherwise be in vain.
            let body = kept.shared.replay.again(&kept.saved)?;
            Some((plan, body))
        });
        let Some((plan, body)) = again else {
            if let Ok(response) = &mut outcome {
                kept.mark(response);
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
        Ok((plan.delay, body))
    }

    /// The pause and the body of the attempt that follows one which took too long.
    fn abandon(kept: &mut Kept<S, R::Saved, R, C, K, K::Backoff>) -> Option<(Duration, R::Body)> {
        let plan = kept.plan(None)?;
        let body = kept.shared.replay.again(&kept.saved)?;
        kept.tell(&plan, Cause::AttemptTimeout);
        Some((plan.delay, body))
    }
}

impl Timer {
    /// Ready once, when the attempt has taken too long and another may follow.
    fn poll_elapsed<S, V, R, C, K>(
        mut self: Pin<&mut Self>,
        kept: &Kept<S, V, R, C, K, K::Backoff>,
        cx: &mut Context<'_>,
    ) -> Poll<()>
    where
        K: MakeBackoff,
    {
        loop {
            match self.as_mut().project() {
                TimerProj::Unset => {
                    let timeout = kept.shared.config.attempt_timeout;
                    self.set(match timeout {
                        Some(timeout) if kept.repeatable && !kept.is_last() => Self::Set {
                            sleep: sleep(timeout),
                        },
                        _ => Self::Off,
                    });
                }
                TimerProj::Set { sleep } => {
                    ready!(sleep.poll(cx));
                    self.set(Self::Off);
                    return Poll::Ready(());
                }
                TimerProj::Off => return Poll::Pending,
            }
        }
    }
}

impl<S, B, R, C, K> fmt::Debug for ResponseFuture<S, B, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>>,
    K: MakeBackoff,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
