//! Counts retries when they are sent, and the time that was waited for them.

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::allowance::Sends;
use crate::pauses::Told;
use crate::summary::Counters;

task_local! {
    /// The call that is being polled: what decides on a retry and what sends it know nothing of each
    /// other.
    static CALL: Call;
}

pub(crate) struct Call {
    counters: Counters,
    /// The page's sends before the first of this call.
    before: u32,
    pause: Cell<Option<Pause>>,
}

/// A pause before a retry.
struct Pause {
    since: Instant,
    /// How long it shall be.
    delay: Duration,
    _told: Option<Told>,
}

/// A retry was decided on, after a pause of `delay` that is `told` of.
pub(crate) fn decided(delay: Duration, told: Option<Told>) {
    let pause = Pause {
        since: Instant::now(),
        delay,
        _told: told,
    };
    // Without a call nobody counts.
    let _ = CALL.try_with(|call| call.pause.set(Some(pause)));
}

/// How often the page of the call was sent for before it.
pub(crate) fn sent_before() -> u32 {
    CALL.try_with(|call| call.before).unwrap_or_default()
}

/// A request is sent; the first after a decision is the retry.
pub(crate) fn sent() {
    let _ = CALL.try_with(|call| {
        if call.waited() {
            call.counters.retries().fetch_add(1, Relaxed);
        }
    });
}

impl Call {
    /// Counts the time of a pause that is over; whether there was one.
    fn waited(&self) -> bool {
        let Some(pause) = self.pause.take() else {
            return false;
        };
        // A token may have been fetched after it.
        self.counters
            .add_wait(pause.since.elapsed().min(pause.delay));
        true
    }
}

/// One that is cut short, by Ctrl-C or a deadline, was waited for as well.
impl Drop for Call {
    fn drop(&mut self) {
        self.waited();
    }
}

/// Around the retries of each call.
#[derive(Clone, Debug)]
pub(crate) struct TallyLayer(Counters);

impl TallyLayer {
    pub(crate) fn new(counters: &Counters) -> Self {
        Self(counters.clone())
    }
}

impl<S> Layer<S> for TallyLayer {
    type Service = Tally<S>;

    fn layer(&self, inner: S) -> Tally<S> {
        let counters = self.0.clone();
        Tally { inner, counters }
    }
}

/// Applied by [`TallyLayer`].
#[derive(Clone, Debug)]
pub(crate) struct Tally<S> {
    inner: S,
    counters: Counters,
}

impl<S, B> Service<Request<B>> for Tally<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Call, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = Call {
            counters: self.counters.clone(),
            before: Sends::before(request.extensions()),
            pause: Cell::new(None),
        };
        CALL.scope(call, self.inner.call(request))
    }
}
