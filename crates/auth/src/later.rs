use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, Replay, ResendCount};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::AuthError;
use crate::refused::Refused;

const DONE: &str = "polled after completion";

pin_project! {
    /// An attempt that is not made at once: the first, if its credential has to be waited for, and
    /// the further one.
    pub(crate) struct Later<S, F, W, Q, R, RB> {
        #[pin]
        stage: Stage<S, F, W, Q>,
        // The further one has it.
        #[pin]
        again: Option<Again<R, RB>>,
    }
}

pin_project! {
    #[project = StageProj]
    pub(crate) enum Stage<S, F, W, Q> {
        Failed { error: Option<AuthError> },
        Waiting { #[pin] wait: W, service: Option<S> },
        Readying { service: S, request: Option<Q> },
        Calling { #[pin] response: F },
    }
}

pin_project! {
    /// What the further attempt replaces.
    pub(crate) struct Again<R, RB> {
        #[pin]
        refused: Refused<RB>,
        // Until the attempt has taken the body over.
        replay: Option<R>,
        count: ResendCount,
    }
}

impl<S, F, W, Q> Stage<S, F, W, Q> {
    pub(crate) const fn failed(error: AuthError) -> Self {
        Self::Failed { error: Some(error) }
    }

    pub(crate) const fn waiting(wait: W, service: S) -> Self {
        Self::Waiting {
            wait,
            service: Some(service),
        }
    }

    pub(crate) const fn readying(service: S, request: Q) -> Self {
        Self::Readying {
            service,
            request: Some(request),
        }
    }
}

impl<R, RB> Again<R, RB> {
    pub(crate) const fn new(refused: Refused<RB>, replay: R, count: ResendCount) -> Self {
        Self {
            refused,
            replay: Some(replay),
            count,
        }
    }
}

impl<S, F, W, Q, R, RB> Later<S, F, W, Q, R, RB> {
    pub(crate) const fn first(stage: Stage<S, F, W, Q>) -> Self {
        Self { stage, again: None }
    }

    pub(crate) const fn again(stage: Stage<S, F, W, Q>, again: Again<R, RB>) -> Self {
        Self {
            stage,
            again: Some(again),
        }
    }
}

impl<S, W, T, R, RB> Later<S, S::Future, W, Request<T>, R, RB>
where
    S: Service<Request<T>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    RB: Body,
{
    /// The attempt's response, which is to be judged if `mark` is left; or the refused one.
    pub(crate) fn poll<B, M>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mark: &mut Option<M>,
    ) -> Poll<Result<Response<RB>, BoxError>>
    where
        W: Future<Output = Result<(Request<T>, M), AuthError>>,
        R: Replay<B, Body = T>,
    {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProj::Failed { error } => {
                    let error = error.take().expect(DONE);
                    return Poll::Ready(give_back(this.again, error));
                }
                StageProj::Waiting { wait, service } => match ready!(wait.poll(cx)) {
                    Ok((request, new)) => {
                        *mark = Some(new);
                        Stage::readying(service.take().expect(DONE), request)
                    }
                    Err(error) => return Poll::Ready(give_back(this.again, error)),
                },
                StageProj::Readying { service, request } => {
                    if let Some(again) = this.again.as_mut().as_pin_mut() {
                        let mut again = again.project();
                        // Not before it is certain that it is sent: an upload that is still under
                        // way ends with that, and the refused response perhaps too.
                        if let (Some(replay), Some(request)) = (again.replay.take(), &mut *request)
                        {
                            if !replay.take_over(request.body_mut()) {
                                *mark = None;
                                let refused = again.refused.give_back(None).expect(DONE);
                                return Poll::Ready(Ok(refused));
                            }
                        }
                        ready!(again.refused.as_mut().poll_drain(cx));
                    }
                    ready!(service.poll_ready(cx)).map_err(Into::into)?;
                    Stage::Calling {
                        response: service.call(request.take().expect(DONE)),
                    }
                }
                StageProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    let count = this.again.as_ref().as_pin_ref().map(|again| again.count);
                    return Poll::Ready(Ok(stamped(response, count)));
                }
            };
            this.stage.set(next);
        }
    }
}

/// What the caller gets because of `error`: the refused response, or else the error.
fn give_back<R, RB>(
    again: Pin<&mut Option<Again<R, RB>>>,
    error: AuthError,
) -> Result<Response<RB>, BoxError> {
    let refused = again
        .as_pin_mut()
        .and_then(|again| again.project().refused.give_back(Some(error.clone())));
    refused.ok_or_else(|| error.into())
}

fn stamped<RB>(mut response: Response<RB>, count: Option<ResendCount>) -> Response<RB> {
    if let Some(count) = count {
        let count = ResendCount::of(response.extensions()).max(count);
        count.mark(response.extensions_mut());
    }
    response
}
