use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, Uri, response};
use http_body::Body;
use outbound_http::{BoxError, CollectBody};
use pin_project_lite::pin_project;

use crate::applies::{check_head, is_held};
use crate::body::ValidatedBody;
use crate::layer::Config;
use crate::{Mode, Violation};

pin_project! {
    /// The response of [`Validate`](crate::Validate).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call or the body in flight.
    #[derive(Debug)]
    pub struct ResponseFuture<F, RB> {
        #[pin]
        state: State<F, RB>,
        config: Arc<Config>,
        // `None` where no body can follow.
        uri: Option<Uri>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
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
    pub(crate) const fn new(response: F, config: Arc<Config>, uri: Option<Uri>) -> Self {
        Self {
            state: State::Calling { response },
            config,
            uri,
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
                    let Some(uri) = this.uri.as_ref().filter(|_| held) else {
                        return Poll::Ready(Ok(response.map(ValidatedBody::passed)));
                    };
                    let (head, body) = response.into_parts();
                    let broken = check_head(&head.headers)
                        .map_err(|violation| violation.of(head.status, &head.headers, uri));
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
                            let watch = Watch::new(this.config, &head, uri);
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
                        let uri = this.uri.take().unwrap_or_default();
                        let violation = violation.of(head.status, &head.headers, &uri);
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

/// A copy of what passes by, checked at its end.
#[derive(Debug)]
pub(crate) struct Watch {
    config: Arc<Config>,
    about: Box<(response::Parts, Uri)>,
    /// `None` once the body has been checked, or is too large for it.
    copy: Option<Vec<u8>>,
}

impl Watch {
    fn new(config: &Arc<Config>, head: &response::Parts, uri: &Uri) -> Self {
        let (mut about, ()) = Response::new(()).into_parts();
        about.status = head.status;
        about.headers.clone_from(&head.headers);
        Self {
            config: Arc::clone(config),
            about: Box::new((about, uri.clone())),
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
            let (head, uri) = &*self.about;
            let violation: Violation = violation.of(head.status, &head.headers, uri);
            self.config.tell(&violation);
        }
    }

    /// The body failed: what came of it says nothing about the contract.
    pub(crate) fn fail(&mut self) {
        self.copy = None;
    }
}
