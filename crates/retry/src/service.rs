use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{PooledSleep, Replay, SavedHead};
use tokio::time::Instant;
use tower_service::Service;

use crate::course::Course;
use crate::future::ResponseFuture;
use crate::kept::Kept;
use crate::shared::Shared;
use crate::{Classify, MakeBackoff, Report};

/// Retries HTTP requests with jittered back-off.
///
/// See the [crate docs](crate) for an example.
#[derive(Debug)]
pub struct Retry<S, R, C, K> {
    pub(crate) inner: S,
    pub(crate) shared: Arc<Shared<R, C, K>>,
}

impl<S, R, C, K> Retry<S, R, C, K> {
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

impl<S: Clone, R, C, K> Clone for Retry<S, R, C, K> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, B, RB, R, C, K> Service<Request<B>> for Retry<S, R, C, K>
where
    R: Replay<B>,
    S: Service<Request<R::Body>, Response = Response<RB>> + Clone,
    RB: Body,
    C: Classify<RB, S::Error>,
    K: MakeBackoff,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, RB, R, C, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = &self.shared;
        Report::sent(request.extensions());
        let course = Course::new(&shared.config, request.extensions(), Instant::now);
        if course.is_last() {
            let request = request.map(|body| shared.replay.once(body));
            return ResponseFuture::new(self.inner.call(request), None);
        }
        let (request, saved) = shared.replay.split_request(request);
        let kept = saved.map(|saved| {
            if let Some(budget) = &shared.config.budget {
                budget.earn(request.uri());
            }
            Kept {
                // Never polled, so that it holds nothing of what readiness reserves.
                service: self.inner.clone(),
                head: SavedHead::of(&request),
                saved,
                shared: Arc::clone(shared),
                course,
                timer: PooledSleep::default(),
                backoff: None,
            }
        });
        ResponseFuture::new(self.inner.call(request), kept)
    }
}
