use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use outbound_http::BoxError;
use tower_service::Service;

use crate::body::ValidatedBody;
use crate::extent::is_at_end;
use crate::future::{Expected, ResponseFuture};
use crate::messages::{Requests, Responses};
use crate::refuse::{Fail, Refuse};
use crate::request::RequestFuture;
use crate::rules::{Announced, Course, Rules};
use crate::target::Target;
use crate::watch::Watch;
use crate::{Mode, Rejection};

/// Holds the JSON bodies of responses, or of requests, to contracts.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct Validate<S, M = Responses, R = Fail> {
    pub(crate) inner: S,
    pub(crate) rules: Arc<Rules>,
    #[allow(dead_code)] // Its type says all.
    pub(crate) messages: M,
    pub(crate) refuse: R,
}

impl<S, M, R> Validate<S, M, R> {
    /// The service within.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service within.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, R, B, RB> Service<Request<B>> for Validate<S, Responses, R>
where
    S: Service<Request<B>, Response = Response<RB>>,
    R: Refuse<S::Error> + Clone,
    RB: Body<Data = Bytes>,
    RB::Error: Into<BoxError>,
{
    type Response = Response<ValidatedBody<RB>>;
    type Error = R::Error;
    type Future = ResponseFuture<S::Future, RB, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        self.inner.poll_ready(cx).map_err(R::error)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // Their responses have no body, whatever they announce.
        let expected = if matches!(*request.method(), Method::HEAD | Method::CONNECT) {
            None
        } else {
            Some(Target::of(request.uri()))
        };
        let (request, expected) = match expected {
            None => (request, None),
            Some(target) => {
                let (request, selected) = self.rules.selector.select(request);
                (request, Some(Expected { target, selected }))
            }
        };
        let response = self.inner.call(request);
        ResponseFuture::new(
            response,
            Arc::clone(&self.rules),
            expected,
            self.refuse.clone(),
        )
    }
}

impl<S, R, B, RB> Service<Request<B>> for Validate<S, Requests, R>
where
    S: Service<Request<ValidatedBody<B>>, Response = Response<RB>> + Clone,
    R: Refuse<S::Error> + Clone,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<ValidatedBody<RB>>;
    type Error = R::Error;
    type Future = RequestFuture<S, B, S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        self.inner.poll_ready(cx).map_err(R::error)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let rules = &self.rules;
        let (request, selected) = rules.selector.select(request);
        let announced = Announced::of(request.headers(), request.body());
        match rules.of_request(&selected, request.method(), announced) {
            Course::Pass(skipped) => {
                rules.skip(skipped);
                RequestFuture::calling(self.inner.call(request.map(ValidatedBody::passed)))
            }
            Course::Refuse(violation) => {
                let target = Target::of(request.uri());
                let violation = rules.broken(violation, None, request.headers(), &target);
                match rules.mode {
                    Mode::Enforce => {
                        // What was made ready goes, and with it a permit that it may hold.
                        let fresh = self.inner.clone();
                        drop(mem::replace(&mut self.inner, fresh));
                        let rejection = Rejection::of_request(violation);
                        RequestFuture::refused(self.refuse.clone(), rejection)
                    }
                    Mode::Report => {
                        RequestFuture::calling(self.inner.call(request.map(ValidatedBody::passed)))
                    }
                }
            }
            Course::Hold(held) => match rules.mode {
                Mode::Enforce => {
                    // The instance that was polled ready is called; its clone may not be ready.
                    let fresh = self.inner.clone();
                    let ready = mem::replace(&mut self.inner, fresh);
                    let rules = Arc::clone(&self.rules);
                    RequestFuture::collecting(ready, request, rules, held, self.refuse.clone())
                }
                Mode::Report => {
                    let (head, body) = request.into_parts();
                    let target = Target::of(&head.uri);
                    let mut watch = Watch::new(rules, held, None, &head.headers, &target);
                    if is_at_end(&body) {
                        watch.end();
                        watch.judge();
                    }
                    let body = ValidatedBody::watched(body, watch);
                    RequestFuture::calling(self.inner.call(Request::from_parts(head, body)))
                }
            },
        }
    }
}
