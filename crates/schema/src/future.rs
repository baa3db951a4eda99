use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode, response};
use http_body::Body;
use outbound_http::{BoxError, CollectBody};
use pin_project_lite::pin_project;

use crate::Mode;
use crate::applies::{check_head, is_held};
use crate::body::ValidatedBody;
use crate::layer::Config;
use crate::target::Target;

pin_project! {
    /// The response of [`Validate`](crate::Validate).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call or the body in flight.
    pub struct ResponseFuture<F, RB> {
        #[pin]
        state: State<F, RB>,
        config: Arc<Config>,
        // `None` where no body can follow.
        target: Option<Target>,
    }
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
            #[pin]
            body: CollectBody<RB>,
        },
    }
}

impl<F, RB> ResponseFuture<F, RB> {
    pub(crate) const fn new(response: F, config: Arc<Config>, target: Option<Target>) -> Self {
        Self {
            state: State::Calling { response },
            config,
            target,
        }
    }
}

impl<F, E, RB> Future for ResponseFuture<F, RB>
where
    F: Future<Output = Result<Response<RB>, E>>,
    E: Into<BoxError>,
    RB: Body<Data = Bytes>,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<ValidatedBody<RB>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    let held = is_held(response.status());
                    let Some(target) = this.target.as_ref().filter(|_| held) else {
                        return Poll::Ready(Ok(response.map(ValidatedBody::passed)));
                    };
                    let (head, body) = response.into_parts();
                    let broken = check_head(&head.headers).map_err(|violation| {
                        violation.of(Some(head.status), head.headers.get(CONTENT_TYPE), target)
                    });
                    match (this.config.mode, broken) {
                        (Mode::Enforce, Ok(())) => this.state.set(State::Collecting {
                            head: Some(head),
                            body: CollectBody::new(body, this.config.limit),
                        }),
                        (Mode::Enforce, Err(violation)) => {
                            this.config.tell(&violation);
                            return Poll::Ready(Err(violation.into()));
                        }
                        (Mode::Report, Ok(())) => {
                            let mut watch = Watch::new(this.config, &head, target);
                            // Such a body is never asked for a frame.
                            if body.is_end_stream() {
                                watch.end();
                            }
                            let body = ValidatedBody::watched(body, watch);
                            return Poll::Ready(Ok(Response::from_parts(head, body)));
                        }
                        (Mode::Report, Err(violation)) => {
                            this.config.tell(&violation);
                            let body = ValidatedBody::passed(body);
                            return Poll::Ready(Ok(Response::from_parts(head, body)));
                        }
                    }
                }
                StateProj::Collecting { head, body } => {
                    let body = ready!(body.poll(cx))?;
                    let head = head.take().expect("polled after completion");
                    if let Err(violation) = this.config.contract.check(body.bytes()) {
                        let target = this.target.take().expect("a held response has one");
                        let content_type = head.headers.get(CONTENT_TYPE);
                        let violation = violation.of(Some(head.status), content_type, &target);
                        this.config.tell(&violation);
                        return Poll::Ready(Err(violation.into()));
                    }
                    let body = ValidatedBody::collected(body);
                    return Poll::Ready(Ok(Response::from_parts(head, body)));
                }
            }
        }
    }
}

/// Headers may carry secrets, and are left out.
impl<F, RB> fmt::Debug for ResponseFuture<F, RB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("config", &self.config)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A copy of what passes by, checked at its end.
pub(crate) struct Watch {
    config: Arc<Config>,
    status: StatusCode,
    content_type: Option<HeaderValue>,
    target: Target,
    /// `None` once the body has been checked, or is too large for it.
    copy: Option<Vec<u8>>,
}

impl Watch {
    fn new(config: &Arc<Config>, head: &response::Parts, target: &Target) -> Self {
        Self {
            config: Arc::clone(config),
            status: head.status,
            content_type: head.headers.get(CONTENT_TYPE).cloned(),
            target: target.clone(),
            copy: Some(Vec::new()),
        }
    }

    pub(crate) fn see(&mut self, data: &[u8]) {
        if let Some(copy) = &mut self.copy {
            if data.len() > self.config.limit.saturating_sub(copy.len()) {
                self.copy = None;
            } else {
                copy.extend_from_slice(data);
            }
        }
    }

    pub(crate) fn end(&mut self) {
        let checked = self
            .copy
            .take()
            .map(|copy| self.config.contract.check(&copy));
        if let Some(Err(violation)) = checked {
            let content_type = self.content_type.as_ref();
            let violation = violation.of(Some(self.status), content_type, &self.target);
            self.config.tell(&violation);
        }
    }

    /// The body failed: what came of it says nothing about the contract.
    pub(crate) fn fail(&mut self) {
        self.copy = None;
    }
}

/// Without the copy, which may be large and secret.
impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("config", &self.config)
            .field("status", &self.status)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
