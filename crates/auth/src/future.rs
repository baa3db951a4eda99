use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, Replay};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::kept::Kept;
use crate::later::{Later, Stage};
use crate::{AuthError, Authorize, Verdict};

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
        state: State<S::Future, Later<S, S::Future, A::Wait, Request<R::Body>, R, RB>>,
        // Stands while the response to an attempt with a credential is awaited.
        mark: Option<A::Mark>,
        // What the one further attempt is made of, as long as it can be made.
        kept: Option<Kept<S, A, R, R::Saved>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, L> {
        First { #[pin] response: F },
        // Boxed, so that a call that neither waits for a credential nor is sent again, as nearly
        // all are, is not as large as one that does.
        Later { later: Pin<Box<L>> },
    }
}

impl<S, A, R, B, RB> ResponseFuture<S, A, R, B, RB>
where
    S: Service<Request<R::Body>>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    pub(crate) fn failed(error: AuthError) -> Self {
        Self::later(Stage::failed(error), None)
    }

    pub(crate) fn waiting(
        wait: A::Wait,
        service: S,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        Self::later(Stage::waiting(wait, service), kept)
    }

    #[inline(always)]
    pub(crate) fn calling(
        response: S::Future,
        mark: Option<A::Mark>,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        Self {
            state: State::First { response },
            mark,
            kept,
        }
    }

    fn later(
        stage: Stage<S, S::Future, A::Wait, Request<R::Body>>,
        kept: Option<Kept<S, A, R, R::Saved>>,
    ) -> Self {
        let later = Box::pin(Later::first(stage));
        Self {
            state: State::Later { later },
            mark: None,
            kept,
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
        let judge = |mark: &mut Option<A::Mark>, response: &Response<RB>| match mark.take() {
            Some(mark) => A::observe(mark, response),
            None => Verdict::Keep,
        };
        loop {
            let (response, mark) = match this.state.as_mut().project() {
                StateProj::First { response } => {
                    // Judged in its place, and the usual one moved once: a response is large.
                    let outcome = response.poll(cx);
                    let verdict = match &outcome {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(response)) => judge(this.mark, response),
                        Poll::Ready(Err(_)) => Verdict::Keep,
                    };
                    let Verdict::Replay(mark) = verdict else {
                        return outcome.map_err(Into::into);
                    };
                    (ready!(outcome).map_err(Into::into)?, mark)
                }
                StateProj::Later { later } => {
                    let response = ready!(later.as_mut().poll(cx, this.mark))?;
                    let Verdict::Replay(mark) = judge(this.mark, &response) else {
                        return Poll::Ready(Ok(response));
                    };
                    (response, mark)
                }
            };
            let Some(kept) = this.kept.take() else {
                return Poll::Ready(Ok(response));
            };
            // What the attempt held goes with the state.
            match kept.resend(response, mark, this.mark) {
                Ok(later) => this.state.set(State::Later { later }),
                Err(response) => return Poll::Ready(Ok(response)),
            }
        }
    }
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
