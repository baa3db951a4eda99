use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Request;
use pin_project_lite::pin_project;
use tokio::time::{Instant, sleep_until};
use tower_layer::Layer;
use tower_service::Service;

use crate::{BoxError, PooledSleep};

/// [`Layer`] that drops a call that takes longer than a limit.
///
/// The limit is **hard**: it covers all that happens beneath (attempts, waits between them,
/// token fetches), and what is in flight when it passes is dropped. The time in which the
/// service is not ready is not counted, since no call exists yet.
///
/// A request whose caller has less time says so in its extension [`DeadlineAt`].
///
/// It covers the response body only where a [`CollectLayer`](crate::CollectLayer) beneath
/// makes the body part of the call; for a streamed body see
/// [`IdleTimeoutLayer`](crate::IdleTimeoutLayer).
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer {
    limit: Duration,
}

impl DeadlineLayer {
    /// The limit of [`DeadlineLayer::default`]: one minute.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

    /// Drops calls that take longer than `limit`; with a limit of zero nothing is sent.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// The time that each call has.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

/// With [`DeadlineLayer::DEFAULT_LIMIT`].
impl Default for DeadlineLayer {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline {
            inner,
            limit: self.limit,
        }
    }
}

/// Request extension: when its caller has no use for an answer any more.
///
/// [`DeadlineLayer`] drops the call then, if its own limit does not end before, and sends none that
/// is made later; a retry layer makes no pause that would end later. For a server that calls
/// others: the deadline of the request that came in becomes that of the requests that go out.
///
/// ```
/// use std::time::Duration;
/// use http::Request;
/// use outbound_http::DeadlineAt;
/// use tokio::time::Instant;
///
/// let deadline = DeadlineAt(Instant::now() + Duration::from_secs(2));
/// let request = Request::get("https://api.example.com/").extension(deadline).body(())?;
/// # let _ = request;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // A newtype around its moment.
pub struct DeadlineAt(pub Instant);

/// Drops a call that takes longer than a limit. See [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
    limit: Duration,
}

impl<S> Deadline<S> {
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

impl<S, B> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let now = Instant::now();
        // A limit beyond what the clock can count is no limit.
        let (mut at, mut limit) = (now.checked_add(self.limit), self.limit);
        if let Some(&DeadlineAt(sooner)) = request.extensions().get() {
            if at.is_none_or(|at| sooner < at) {
                at = Some(sooner);
                limit = sooner.saturating_duration_since(now);
            }
        }
        if limit.is_zero() {
            return DeadlineFuture::late(limit);
        }
        // Made in its place: a call's future is large.
        DeadlineFuture {
            response: Some(self.inner.call(request)),
            at,
            limit,
            timer: PooledSleep::default(),
        }
    }
}

pin_project! {
    /// The response of [`Deadline`].
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call in flight, as the deadline itself does.
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        // None for a call that is too late: it is not sent.
        #[pin]
        response: Option<F>,
        at: Option<Instant>,
        limit: Duration,
        // Registered only once the call really waits.
        timer: PooledSleep,
    }
}

impl<F> DeadlineFuture<F> {
    #[cold]
    fn late(limit: Duration) -> Self {
        Self {
            response: None,
            at: None,
            limit,
            timer: PooledSleep::default(),
        }
    }
}

impl<F, T, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(response) = this.response.as_pin_mut() else {
            return Poll::Ready(Err(DeadlineExceeded { limit: *this.limit }.into()));
        };
        if let Poll::Ready(result) = response.poll(cx) {
            return Poll::Ready(result.map_err(Into::into));
        }
        let Some(at) = *this.at else {
            return Poll::Pending;
        };
        let timer = this.timer;
        if !timer.is_set() {
            *timer = PooledSleep::new(sleep_until(at));
        }
        ready!(Pin::new(timer).poll(cx));
        Poll::Ready(Err(DeadlineExceeded { limit: *this.limit }.into()))
    }
}

/// A call took longer than its deadline, and was dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeadlineExceeded {
    limit: Duration,
}

impl DeadlineExceeded {
    /// The time that the call had.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for DeadlineExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the call took longer than its deadline of {:?}",
            self.limit
        )
    }
}

impl Error for DeadlineExceeded {}
