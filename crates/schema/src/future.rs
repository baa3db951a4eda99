use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, response};
use http_body::Body;
use outbound_http::{BoxError, BrokenBody, CollectBody};
use pin_project_lite::pin_project;

use crate::body::ValidatedBody;
use crate::extent::is_at_end;
use crate::refuse::{Fail, Refuse};
use crate::rules::{Announced, Course, Held, Rules};
use crate::selected::Selected;
use crate::target::Target;
use crate::watch::Watch;
use crate::{Mode, Rejection, Skipped, Violation};

pin_project! {
    /// The response of a [`Validate`](crate::Validate) for responses.
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call or the body in flight.
    pub struct ResponseFuture<F, RB, R = Fail> {
        #[pin]
        state: State<F, RB>,
        rules: Arc<Rules>,
        refuse: R,
        // `None` where no body can follow.
        expected: Option<Expected>,
    }
}

/// What is known of a response before it is there.
pub(crate) struct Expected {
    pub(crate) target: Target,
    pub(crate) selected: Selected,
}

pin_project! {
    #[project = StateProj]
    enum State<F, RB> {
        Calling {
            #[pin]
            response: F,
        },
        Collecting {
            head: Option<response::Parts>,
            held: Held,
            #[pin]
            body: CollectBody<RB>,
        },
    }
}

impl<F, RB, R> ResponseFuture<F, RB, R> {
    pub(crate) const fn new(
        response: F,
        rules: Arc<Rules>,
        expected: Option<Expected>,
        refuse: R,
    ) -> Self {
        Self {
            state: State::Calling { response },
            rules,
            refuse,
            expected,
        }
    }
}

impl<F, E, RB, R> Future for ResponseFuture<F, RB, R>
where
    F: Future<Output = Result<Response<RB>, E>>,
    R: Refuse<E>,
    RB: Body<Data = Bytes>,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<ValidatedBody<RB>>, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(R::error)?;
                    let Some(expected) = this.expected else {
                        this.rules.skip(Skipped::NoBody);
                        return Poll::Ready(Ok(response.map(ValidatedBody::passed)));
                    };
                    match course(this.rules, expected, response) {
                        Next::Passed(response) => return Poll::Ready(Ok(response)),
                        Next::Refused(rejection) => {
                            return Poll::Ready(refused::<_, R, _>(this.refuse, rejection));
                        }
                        Next::Held(head, held, body) => this.state.set(State::Collecting {
                            head: Some(head),
                            held,
                            body: CollectBody::new(body, this.rules.limit),
                        }),
                    }
                }
                StateProj::Collecting {
                    head,
                    held,
                    mut body,
                } => {
                    let read = ready!(body.as_mut().poll(cx));
                    let head = head.take().expect("polled after completion");
                    let (violation, too_large) = match read {
                        Ok(body) => match held.check(body.bytes()) {
                            Ok(()) => {
                                let body = ValidatedBody::collected(body);
                                return Poll::Ready(Ok(Response::from_parts(head, body)));
                            }
                            Err(violation) => (violation, None),
                        },
                        Err(error) => match error.downcast::<BrokenBody>() {
                            Ok(own) => {
                                let error = this.refuse.body_failed(own.into_inner())?;
                                let body = ValidatedBody::failed(body.take_read(), error);
                                return Poll::Ready(Ok(Response::from_parts(head, body)));
                            }
                            Err(error) => (Violation::too_large(this.rules.limit), Some(error)),
                        },
                    };
                    let expected = this.expected.as_ref().expect("a held response has one");
                    let status = Some(head.status);
                    let violation =
                        this.rules
                            .broken(violation, status, &head.headers, &expected.target);
                    if let Some(error) = too_large {
                        this.refuse.too_large(error)?;
                    }
                    let rejection = Rejection::of_response(violation, this.rules.is_gateway);
                    return Poll::Ready(refused::<_, R, _>(this.refuse, rejection));
                }
            }
        }
    }
}

/// What follows from a response's head.
#[allow(clippy::large_enum_variant)] // The large one is what most calls end with.
enum Next<RB> {
    Passed(Response<ValidatedBody<RB>>),
    Refused(Rejection),
    Held(response::Parts, Held, RB),
}

fn course<RB: Body<Data = Bytes>>(
    rules: &Arc<Rules>,
    expected: &Expected,
    response: Response<RB>,
) -> Next<RB> {
    let Expected { target, selected } = expected;
    let announced = Announced::of(response.headers(), response.body());
    match (
        rules.of_response(selected, response.status(), announced),
        rules.mode,
    ) {
        (Course::Pass(skipped), _) => {
            rules.skip(skipped);
            Next::Passed(response.map(ValidatedBody::passed))
        }
        (Course::Refuse(violation), mode) => {
            let status = Some(response.status());
            let violation = rules.broken(violation, status, response.headers(), target);
            match mode {
                Mode::Enforce => Next::Refused(Rejection::of_response(violation, rules.is_gateway)),
                Mode::Report => Next::Passed(response.map(ValidatedBody::passed)),
            }
        }
        (Course::Hold(held), Mode::Enforce) => {
            let (head, body) = response.into_parts();
            Next::Held(head, held, body)
        }
        (Course::Hold(held), Mode::Report) => {
            let (head, body) = response.into_parts();
            let mut watch = Watch::new(rules, held, Some(head.status), &head.headers, target);
            // Such a body is never asked for a frame.
            if is_at_end(&body) {
                watch.end();
                watch.judge();
            }
            let body = ValidatedBody::watched(body, watch);
            Next::Passed(Response::from_parts(head, body))
        }
    }
}

/// The outcome of a call whose message is withheld.
pub(crate) fn refused<E, R: Refuse<E>, RB>(
    refuse: &R,
    rejection: Rejection,
) -> Result<Response<ValidatedBody<RB>>, R::Error> {
    let response = refuse.refuse(rejection)?;
    Ok(response.map(|body| ValidatedBody::collected(body.into())))
}

/// Headers may carry secrets, and are left out.
impl<F, RB, R> fmt::Debug for ResponseFuture<F, RB, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.expected.as_ref().map(|expected| &expected.target);
        f.debug_struct("ResponseFuture")
            .field("rules", &self.rules)
            .field("target", &target)
            .finish_non_exhaustive()
    }
}
