use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use outbound_http::{CloneBody, Replay, clone_head};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

use crate::budget::Token;
use crate::course::{Course, Plan};
use crate::event::{Cause, Event};
use crate::hint::{self, wall_clock};
use crate::repeat::{is_upgrade, may_follow};
use crate::shared::Shared;
use crate::verdict::Attempt;
use crate::{Attempts, Classify, Exponential, MakeBackoff, Override, Report, Standard};

/// The decisions of [`RetryLayer`](crate::RetryLayer) as a [`tower::retry::Policy`], for clients
/// that take one and nothing else.
///
/// It classifies, hears the server, backs off and keeps to the budget in the same way. Bodies are
/// repeated by the layer's strategy, as far as that can
/// [duplicate](Replay::duplicate) them beforehand; where it cannot, a request is sent once. What a
/// policy cannot do is missing: it does not record bodies, drains no response, has no attempt
/// timeout, and marks no response with [`Attempts`]. Its deadline counts from the first failure,
/// and its token is spent when the pause ends.
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use outbound_http::ResendCount;
/// use outbound_retry::RetryLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let busy_at_first = service_fn(async |request: Request<String>| {
///     let resent = ResendCount::of(request.extensions()) > ResendCount(0);
///     let status = if resent { 200 } else { 503 };
///     Response::builder().status(status).body(Empty::<&[u8]>::new()).map_err(std::io::Error::other)
/// });
///
/// let policy = RetryLayer::new().retries(2).into_policy();
/// let client = tower::retry::RetryLayer::new(policy).layer(busy_at_first);
/// assert_eq!(client.oneshot(Request::default()).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
pub struct Policy<R = CloneBody, C = Standard, K: MakeBackoff = Exponential> {
    shared: Arc<Shared<R, C, K>>,
    /// Of the request that this clone is for, from its first failure on.
    course: Option<Course>,
    backoff: Option<K::Backoff>,
}

impl<R, C, K: MakeBackoff> Policy<R, C, K> {
    pub(crate) fn new(shared: Shared<R, C, K>) -> Self {
        Self {
            shared: Arc::new(shared),
            course: None,
            backoff: None,
        }
    }
}

/// As tower clones a policy for each request, a clone starts anew.
impl<R, C, K: MakeBackoff> Clone for Policy<R, C, K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            course: None,
            backoff: None,
        }
    }
}

impl<R, C, K: MakeBackoff> fmt::Debug for Policy<R, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl<B, RB, E, R, C, K> tower::retry::Policy<Request<B>, Response<RB>, E> for Policy<R, C, K>
where
    R: Replay<B, Body = B>,
    C: Classify<RB, E>,
    K: MakeBackoff,
{
    type Future = Pause;

    fn retry(
        &mut self,
        request: &mut Request<B>,
        outcome: &mut Result<Response<RB>, E>,
    ) -> Option<Pause> {
        let config = &self.shared.config;
        let course = self
            .course
            .get_or_insert_with(|| Course::new(config, request.extensions(), Instant::now));
        let attempt = Attempt {
            number: course.attempt,
            method: request.method(),
            uri: request.uri(),
        };
        let verdict = self.shared.classify.classify(&attempt, outcome.as_ref());
        let given_up = |response: &Response<RB>| Attempts::are_exhausted(response.extensions());
        if outcome.as_ref().is_ok_and(given_up) || !may_follow(request, verdict) {
            return None;
        }
        let headers = outcome.as_ref().ok().map(Response::headers);
        let hint = headers.and_then(|headers| hint::wait(headers, wall_clock));
        let (backoff, uri) = (&mut self.backoff, request.uri());
        let plan = course.plan(&self.shared, backoff, uri, hint, Instant::now)?;
        config.tell(&Event {
            retry: course.attempt,
            delay: plan.delay,
            asked: plan.asked,
            method: request.method(),
            uri: request.uri(),
            resends: course.resends.next(),
            cause: match outcome {
                Ok(response) => Cause::Status(response.status()),
                Err(error) => Cause::Error(self.shared.classify.show(error)),
            },
        });
        config.number(request.headers_mut(), course.attempt);
        course.advance();
        Report::resent(request.extensions());
        course.resends.mark(request.extensions_mut());
        Some(Pause::new(plan))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        if self.course.is_none() {
            Report::sent(request.extensions());
        }
        let settings: Option<&Override> = request.extensions().get();
        let config = &self.shared.config;
        if Override::retries_of(settings, config.retries) == 0 || is_upgrade(request) {
            return None;
        }
        let body = self.shared.replay.duplicate(request.body())?;
        if self.course.is_none() {
            if let Some(budget) = &config.budget {
                budget.earn(request.uri());
            }
        }
        Some(clone_head(request).map(|()| body))
    }
}

pin_project! {
    /// The pause before a retry of [`Policy`].
    ///
    /// # Cancellation
    ///
    /// Dropping it ends the call, and costs the budget nothing.
    #[derive(Debug)]
    pub struct Pause {
        #[pin]
        sleep: Option<Sleep>,
        token: Option<Token>,
    }
}

impl Pause {
    /// None registers no timer.
    fn new(plan: Plan) -> Self {
        Self {
            sleep: (!plan.delay.is_zero()).then(|| sleep(plan.delay)),
            token: plan.token,
        }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        // The policy does not learn whether the retry is sent after all.
        if let Some(token) = this.token.take() {
            token.spend();
        }
        Poll::Ready(())
    }
}
