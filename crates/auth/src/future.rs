use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use outbound_http::{BoxError, Replay, ResendCount};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{AuthError, Authorize, Step, Verdict};

const DONE: &str = "polled after completion";

pin_project! {
    /// Response future of [`Auth`](crate::Auth).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the attempt in flight, or its place among those who wait for a token.
    /// The token's fetch goes on for the others.
    pub struct ResponseFuture<S, A, R, B>
    where
        S: Service<Request<R::Body>>,
        A: Authorize<R::Body>,
        R: Replay<B>,
    {
        #[pin]
        state: State<S, S::Future, A::Wait, Request<R::Body>>,
        authorize: A,
        replay: R,
        // Stands while the response to an attempt with a credential is awaited.
        mark: Option<A::Mark>,
        // What a further attempt is made of; taken by it, so that there is only one.
        saved: Option<(Request<()>, R::Saved)>,
        // A clone of the inner service that was never polled, for a send other than the first.
        fresh: Option<S>,
        // Put on the response, once the request was sent again.
        resent: Option<ResendCount>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, W, Q> {
        Failed { error: Option<AuthError> },
        Waiting { #[pin] wait: W },
        Readying { service: S, request: Option<Q> },
        Calling { #[pin] response: F },
    }
}

impl<S, A, R, B> ResponseFuture<S, A, R, B>
where
    S: Service<Request<R::Body>>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    pub(crate) const fn new(authorize: A, replay: R) -> Self {
        Self {
            state: State::Failed { error: None },
            authorize,
            replay,
            mark: None,
            saved: None,
            fresh: None,
            resent: None,
        }
    }

    pub(crate) fn failed(self, error: AuthError) -> Self {
        Self {
            state: State::Failed { error: Some(error) },
            ..self
        }
    }

    pub(crate) fn waiting(
        self,
        wait: A::Wait,
        saved: Option<(Request<()>, R::Saved)>,
        fresh: S,
    ) -> Self {
        Self {
            state: State::Waiting { wait },
            saved,
            fresh: Some(fresh),
            ..self
        }
    }

    pub(crate) fn calling(
        self,
        response: S::Future,
        mark: Option<A::Mark>,
        saved: Option<(Request<()>, R::Saved)>,
        fresh: Option<S>,
    ) -> Self {
        Self {
            state: State::Calling { response },
            mark,
            saved,
            fresh,
            ..self
        }
    }
}

impl<S, A, R, B, RB> Future for ResponseFuture<S, A, R, B>
where
    S: Service<Request<R::Body>, Response = Response<RB>> + Clone,
    S::Error: Into<BoxError>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    type Output = Result<Response<RB>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Failed { error } => {
                    return Poll::Ready(Err(error.take().expect(DONE).into()));
                }
                StateProj::Waiting { wait } => {
                    let (request, mark) = ready!(wait.poll(cx))?;
                    *this.mark = Some(mark);
                    // The last send takes the last clone.
                    let service = match this.saved {
                        Some(_) => this.fresh.clone(),
                        None => this.fresh.take(),
                    };
                    this.state.set(State::Readying {
                        service: service.expect(DONE),
                        request: Some(request),
                    });
                }
                StateProj::Readying { service, request } => {
                    ready!(service.poll_ready(cx)).map_err(Into::into)?;
                    let response = service.call(request.take().expect(DONE));
                    this.state.set(State::Calling { response });
                }
                StateProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    let Some(mark) = this.mark.take() else {
                        return Poll::Ready(Ok(stamped(response, *this.resent)));
                    };
                    let (head, body) = response.into_parts();
                    let verdict = this.authorize.observe(mark, &head);
                    let again = match (verdict, this.saved.take()) {
                        (Verdict::Replay, Some((request, saved))) => {
                            this.replay.again(&saved).map(|body| request.map(|()| body))
                        }
                        _ => None,
                    };
                    let Some(mut request) = again else {
                        let response = Response::from_parts(head, body);
                        return Poll::Ready(Ok(stamped(response, *this.resent)));
                    };
                    // Whatever the refused response holds is free before anything is waited for.
                    drop(body);
                    let count = ResendCount::of(request.extensions()).next();
                    request.extensions_mut().insert(count);
                    *this.resent = Some(count);
                    match this.authorize.authorize_again(request) {
                        Step::Ready(request, mark) => {
                            *this.mark = Some(mark);
                            this.state.set(State::Readying {
                                service: this.fresh.take().expect(DONE),
                                request: Some(request),
                            });
                        }
                        Step::Skip(request) => this.state.set(State::Readying {
                            service: this.fresh.take().expect(DONE),
                            request: Some(request),
                        }),
                        // The inner future goes with the state, and what it holds.
                        Step::Wait(wait) => this.state.set(State::Waiting { wait }),
                        Step::Fail(error) => this.state.set(State::Failed { error: Some(error) }),
                    }
                }
            }
        }
    }
}

fn stamped<B>(mut response: Response<B>, resent: Option<ResendCount>) -> Response<B> {
    if let Some(count) = resent {
        response.extensions_mut().insert(count);
    }
    response
}

impl<S, A, R, B> fmt::Debug for ResponseFuture<S, A, R, B>
where
    S: Service<Request<R::Body>>,
    A: Authorize<R::Body>,
    R: Replay<B>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
