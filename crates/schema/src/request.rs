use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, request};
use http_body::Body;
use outbound_http::{BoxError, BrokenBody, CollectBody};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::ValidatedBody;
use crate::future::refused;
use crate::refuse::{Fail, Refuse};
use crate::rules::{Held, Rules};
use crate::target::Target;
use crate::{Rejection, Violation};

pin_project! {
    /// The response of a [`Validate`](crate::Validate) for requests.
    ///
    /// While a body is read, the service that was made ready for it is held.
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the body or the call in flight.
    pub struct RequestFuture<S, B, F, R = Fail> {
        #[pin]
        state: State<S, B, F, R>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B, F, R> {
        Collecting {
            #[pin]
            body: CollectBody<B>,
            collecting: Option<Collecting<S, R>>,
        },
        Calling {
            #[pin]
            response: F,
        },
        // By its head alone.
        Refused {
            refusal: Option<(R, Rejection)>,
        },
    }
}

/// What the body is waited for.
struct Collecting<S, R> {
    service: S,
    head: request::Parts,
    rules: Arc<Rules>,
    held: Held,
    refuse: R,
}

impl<S, B, F, R> RequestFuture<S, B, F, R> {
    pub(crate) const fn calling(response: F) -> Self {
        Self {
            state: State::Calling { response },
        }
    }

    pub(crate) const fn refused(refuse: R, rejection: Rejection) -> Self {
        Self {
            state: State::Refused {
                refusal: Some((refuse, rejection)),
            },
        }
    }

    pub(crate) fn collecting(
        service: S,
        request: Request<B>,
        rules: Arc<Rules>,
        held: Held,
        refuse: R,
    ) -> Self {
        let (head, body) = request.into_parts();
        let body = CollectBody::new(body, rules.limit);
        let collecting = Collecting {
            service,
            head,
            rules,
            held,
            refuse,
        };
        Self {
            state: State::Collecting {
                body,
                collecting: Some(collecting),
            },
        }
    }
}

impl<S, B, R, RB> Future for RequestFuture<S, B, S::Future, R>
where
    S: Service<Request<ValidatedBody<B>>, Response = Response<RB>>,
    R: Refuse<S::Error>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<ValidatedBody<RB>>, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Collecting {
                    mut body,
                    collecting,
                } => {
                    let read = ready!(body.as_mut().poll(cx));
                    let Collecting {
                        mut service,
                        head,
                        rules,
                        held,
                        refuse,
                    } = collecting.take().expect("polled after completion");
                    let checked = match read {
                        Ok(body) => held
                            .check(body.bytes())
                            .map(|()| ValidatedBody::collected(body)),
                        Err(error) => match error.downcast::<BrokenBody>() {
                            Ok(own) => {
                                let error = refuse.body_failed(own.into_inner())?;
                                Ok(ValidatedBody::failed(body.take_read(), error))
                            }
                            Err(_) => Err(Violation::too_large(rules.limit)),
                        },
                    };
                    match checked {
                        Ok(body) => {
                            let response = service.call(Request::from_parts(head, body));
                            this.state.set(State::Calling { response });
                        }
                        Err(violation) => {
                            let target = Target::of(&head.uri);
                            let violation = rules.broken(violation, None, &head.headers, &target);
                            let rejection = Rejection::of_request(violation);
                            return Poll::Ready(refused::<_, R, _>(&refuse, rejection));
                        }
                    }
                }
                StateProj::Calling { response } => {
                    return response
                        .poll(cx)
                        .map_ok(|response| response.map(ValidatedBody::passed))
                        .map_err(R::error);
                }
                StateProj::Refused { refusal } => {
                    let (refuse, rejection) = refusal.take().expect("polled after completion");
                    return Poll::Ready(refused::<_, R, _>(&refuse, rejection));
                }
            }
        }
    }
}

/// Headers may carry secrets, and bodies, and are left out.
impl<S, B, F, R> fmt::Debug for RequestFuture<S, B, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFuture").finish_non_exhaustive()
    }
}
