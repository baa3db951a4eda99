use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, Replay, ResendCount, SavedHead};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::refused::Refused;
use crate::{AuthError, Authorize, Step, Verdict};

const DONE: &str = "polled after completion";

pin_project! {
    /// Response future of [`Auth`](crate::Auth).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the attempt in flight, or its place among those who wait for a token.
    /// The token's fetch goes on for the others.
    pub struct ResponseFuture<S, A, R, B, RB>
    where
        S: Service<Request<R::Body>>,
        A: Authorize<R::Body>,
        R: Replay<B>,
    {
        #[pin]
        state: State<S, S::Future, A::Wait, Request<R::Body>>,
        // Stands while the response to an attempt with a credential is awaited.
        mark: Option<A::Mark>,
        further: Further<Kept<S, A, R, R::Saved>, RB>,
    }
}

/// The one further attempt.
enum Further<K, RB> {
    Impossible,
    /// It can be made of this.
    Possible(K),
    /// It is to replace this response. Boxed, as that is rare, and large.
    Prepared(Pin<Box<Refused<RB>>>, ResendCount),
    /// It was made. The count is put on its response.
    Made(ResendCount),
}

/// What a further attempt needs.
pub(crate) struct Kept<S, A, R, V> {
    /// A clone of the inner service that was never polled.
    pub(crate) service: S,
    pub(crate) authorize: A,
    pub(crate) replay: R,
    pub(crate) drain: usize,
    pub(crate) head: SavedHead,
    pub(crate) saved: V,
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, W, Q> {
        Calling { #[pin] response: F },
        // Boxed, so that a call that neither waits for a credential nor is sent again, as nearly
        // all are, is not as large as one that does.
        Later { later: Pin<Box<Later<S, W, Q>>> },
    }
}

pin_project! {
    #[project = LaterProj]
    enum Later<S, W, Q> {
        Failed { error: Option<AuthError> },
        Waiting { #[pin] wait: W, service: Option<S> },
        Readying { service: S, request: Option<Q> },
    }
}

impl<S, A, R, B, RB> ResponseFuture<S, A, R, B, RB>
where
    S: Service<Request<R::Body>>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    pub(crate) fn failed(error: AuthError) -> Self {
        let error = Some(error);
        Self::new(Later::Failed { error }.into(), None, None)
    }

    pub(crate) fn waiting(
        wait: A::Wait,
        service: S,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        let service = Some(service);
        Self::new(Later::Waiting { wait, service }.into(), None, kept)
    }

    #[inline(always)]
    pub(crate) fn calling(
        response: S::Future,
        mark: Option<A::Mark>,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        Self {
            state: State::Calling { response },
            mark,
            further: kept.map_or(Further::Impossible, Further::Possible),
        }
    }

    fn new(
        state: State<S, S::Future, A::Wait, Request<R::Body>>,
        mark: Option<A::Mark>,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        Self {
            state,
            mark,
            further: kept.map_or(Further::Impossible, Further::Possible),
        }
    }
}

impl<S, A, R, B, RB> Future for ResponseFuture<S, A, R, B, RB>
where
    S: Service<Request<R::Body>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    A: Authorize<R::Body>,
    R: Replay<B>,
    RB: Body,
{
    type Output = Result<Response<RB>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Later { later } => match later.as_mut().project() {
                    LaterProj::Failed { error } => {
                        let error = error.take().expect(DONE);
                        return Poll::Ready(give_back(this.further, error));
                    }
                    LaterProj::Waiting { wait, service } => match ready!(wait.poll(cx)) {
                        Ok((request, mark)) => {
                            *this.mark = Some(mark);
                            let readying = Later::readying(service, request);
                            later.set(readying);
                        }
                        Err(error) => return Poll::Ready(give_back(this.further, error)),
                    },
                    LaterProj::Readying { service, request } => {
                        if let Further::Prepared(refused, count) = this.further {
                            ready!(refused.as_mut().poll_drain(cx));
                            *this.further = Further::Made(*count);
                        }
                        ready!(service.poll_ready(cx)).map_err(Into::into)?;
                        let response = service.call(request.take().expect(DONE));
                        this.state.set(State::Calling { response });
                    }
                },
                StateProj::Calling { response } => {
                    // Judged in its place, and the usual one moved once: a response is large.
                    let outcome = response.poll(cx);
                    let verdict = match (&outcome, &mut *this.mark) {
                        (Poll::Pending, _) => return Poll::Pending,
                        (Poll::Ready(Ok(response)), mark) => match mark.take() {
                            Some(mark) => A::observe(mark, response),
                            None => Verdict::Keep,
                        },
                        (Poll::Ready(Err(_)), _) => Verdict::Keep,
                    };
                    if matches!(verdict, Verdict::Keep) && !matches!(this.further, Further::Made(_))
                    {
                        return outcome.map_err(Into::into);
                    }
                    let response = ready!(outcome).map_err(Into::into)?;
                    let again = match verdict {
                        Verdict::Keep => None,
                        Verdict::Replay(mark) => this.further.take().and_then(|kept| {
                            let body = kept.replay.again(&kept.saved)?;
                            Some((kept, mark, body))
                        }),
                    };
                    let Some((mut kept, mark, body)) = again else {
                        return Poll::Ready(Ok(stamped(response, this.further)));
                    };
                    let count = ResendCount::of(kept.head.extensions())
                        .max(ResendCount::of(response.extensions()))
                        .next();
                    let mut request = kept.head.request(body);
                    request.extensions_mut().insert(count);
                    let step = kept.authorize.authorize_again(request, mark);
                    // The inner future goes with the state, and what it holds.
                    let mut service = Some(kept.service);
                    let method = kept.head.method().clone();
                    let refused = Refused::new(response, method, kept.drain);
                    *this.further = Further::Prepared(Box::pin(refused), count);
                    let later = match step {
                        Step::Ready(request, mark) => {
                            *this.mark = Some(mark);
                            Later::readying(&mut service, request)
                        }
                        Step::Skip(request) => Later::readying(&mut service, request),
                        Step::Wait(wait) => Later::Waiting { wait, service },
                        Step::Fail(error) => Later::Failed { error: Some(error) },
                    };
                    this.state.set(later.into());
                }
            }
        }
    }
}

impl<S, W, Q> Later<S, W, Q> {
    fn readying(service: &mut Option<S>, request: Q) -> Self {
        Self::Readying {
            service: service.take().expect(DONE),
            request: Some(request),
        }
    }
}

impl<S, F, W, Q> From<Later<S, W, Q>> for State<S, F, W, Q> {
    fn from(later: Later<S, W, Q>) -> Self {
        Self::Later {
            later: Box::pin(later),
        }
    }
}

impl<K, RB> Further<K, RB> {
    /// What the attempt is made of. There is no other after it.
    fn take(&mut self) -> Option<K> {
        match mem::replace(self, Self::Impossible) {
            Self::Possible(kept) => Some(kept),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// What the caller gets because of `error`: the refused response, or else the error.
fn give_back<K, RB>(
    further: &mut Further<K, RB>,
    error: AuthError,
) -> Result<Response<RB>, BoxError> {
    let response = match further {
        Further::Prepared(refused, _) => refused.as_mut().give_back(error.clone()),
        _ => None,
    };
    response.ok_or_else(|| error.into())
}

fn stamped<K, RB>(mut response: Response<RB>, further: &Further<K, RB>) -> Response<RB> {
    if let Further::Made(count) = further {
        let count = ResendCount::of(response.extensions()).max(*count);
        response.extensions_mut().insert(count);
    }
    response
}

impl<S, A, R, B, RB> fmt::Debug for ResponseFuture<S, A, R, B, RB>
where
    S: Service<Request<R::Body>>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
