use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use outbound_http::{BufferBody, CloneBody};
use tower_layer::Layer;

use crate::config::{self, Config};
use crate::seeds::Seeds;
use crate::service::Retry;
use crate::shared::Shared;
use crate::{Budget, Event, Exponential, Standard};

/// [`Layer`] that applies [`Retry`].
///
/// See the [crate docs](crate) for an example. `R` repeats bodies, `C` judges outcomes, `K`
/// makes pauses.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct RetryLayer<R = CloneBody, C = Standard, K = Exponential> {
    replay: R,
    classify: C,
    backoff: K,
    config: Config,
    seeds: Seeds,
}

impl RetryLayer {
    /// Sends after the first, by default: 3.
    pub const DEFAULT_RETRIES: u32 = config::DEFAULT_RETRIES;

    /// Longest pause that a server may ask for, by default: 60 s.
    pub const DEFAULT_HINT_CEILING: Duration = config::DEFAULT_HINT_CEILING;

    /// How much of a discarded response is read, by default: 64 KiB.
    pub const DEFAULT_DRAIN: usize = config::DEFAULT_DRAIN;

    /// All at its default: [3 retries](Self::DEFAULT_RETRIES), [`Exponential::default`],
    /// [`Budget::default`], [`Standard`], bodies repeated by cloning.
    pub fn new() -> Self {
        Self {
            replay: CloneBody,
            classify: Standard,
            backoff: Exponential::default(),
            config: Config::new(),
            seeds: Seeds::random(),
        }
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<R, C, K> RetryLayer<R, C, K> {
    /// Sends at most `retries` times after the first. With 0 every request is sent once.
    pub fn retries(mut self, retries: u32) -> Self {
        self.config.retries = retries;
        self
    }

    /// Returns a response at once whose server asks for a longer pause than `ceiling`, rather
    /// than wait for it or come back too early.
    pub fn hint_ceiling(mut self, ceiling: Duration) -> Self {
        self.config.hint_ceiling = ceiling;
        self
    }

    /// Gives up an attempt after `timeout`, but only for another that may really follow; the
    /// last attempt, and one that must not be repeated, runs on.
    ///
    /// The time counts from the moment that the attempt first makes its caller wait, and covers
    /// what is beneath this layer. It is off by default.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.config.attempt_timeout = Some(timeout);
        self
    }

    /// Makes no pause that would end later than `limit` after the call, and returns the last
    /// outcome at once instead. What is in flight is not dropped, nor is the wait for a service to
    /// be ready for the next attempt; for that there is
    /// [`DeadlineLayer`](outbound_http::DeadlineLayer). It is off by default; a request's extension
    /// [`DeadlineAt`](outbound_http::DeadlineAt) is heeded all the same.
    ///
    /// Where the service is not ready in time, the attempt is not made, and the outcome before it is
    /// returned at the deadline if it is still there: an error, or a response without a body. A
    /// response with a body was discarded before the wait, since it would hold its connection; the
    /// late attempt is then all that the call can come to, and is made.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.config.deadline = self.config.deadline_of(Some(limit));
        self
    }

    /// As [`deadline`](Self::deadline), where none is set or a later one, for requests too that have one of
    /// their own by [`Override`](crate::Override).
    ///
    /// For a hard [`DeadlineLayer`](outbound_http::DeadlineLayer) above: no pause is made that it would cut.
    pub fn deadline_at_most(mut self, limit: Duration) -> Self {
        self.config.latest = self
            .config
            .latest
            .map(|latest| latest.min(limit))
            .or(Some(limit));
        self.config.deadline = self.config.deadline_of(None);
        self
    }

    /// Bounds retries to a share of first sends, over all clones and services of this layer; see
    /// [`Budget`]. With `None` only [`retries`](Self::retries) bounds them: right for a program
    /// that drains one API and ends, wrong for a fleet.
    ///
    /// Where the budget is spent, the outcome is returned at once. It is on by default.
    pub fn budget(mut self, budget: impl Into<Option<Budget>>) -> Self {
        self.config.budget = budget.into();
        self
    }

    /// Reads up to `limit` bytes of a response that is discarded, so that its HTTP/1 connection
    /// can be used again. That happens during the pause and never prolongs it; what is left then
    /// is dropped with its connection. 0 reads nothing, and so does a pause of zero.
    ///
    /// By default it is [`DEFAULT_DRAIN`](RetryLayer::DEFAULT_DRAIN).
    pub fn drain(mut self, limit: usize) -> Self {
        self.config.drain = limit;
        self
    }

    /// Puts the number of the retry into a header of requests that are sent again: 1 in the first
    /// retry. No header is added by default.
    pub fn attempt_header(mut self, name: HeaderName) -> Self {
        self.config.attempt_header = Some(name);
        self
    }

    /// Fixes the jitter, for tests. By default it is seeded by the operating system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seeds = Seeds::fixed(seed);
        self
    }

    /// Tells `observe` of each retry, before its pause.
    pub fn on_retry(mut self, observe: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.config.on_retry = Some(Arc::new(observe));
        self
    }

    /// Pauses as `backoff` says: an [`Exponential`], or a closure that makes an iterator.
    pub fn backoff<K2>(self, backoff: K2) -> RetryLayer<R, C, K2> {
        RetryLayer {
            replay: self.replay,
            classify: self.classify,
            backoff,
            config: self.config,
            seeds: self.seeds,
        }
    }

    /// Judges outcomes by `classify` instead of [`Standard`].
    pub fn classify<C2>(self, classify: C2) -> RetryLayer<R, C2, K> {
        RetryLayer {
            replay: self.replay,
            classify,
            backoff: self.backoff,
            config: self.config,
            seeds: self.seeds,
        }
    }

    /// Repeats bodies by `replay` instead of cloning them: any
    /// [`Replay`](outbound_http::Replay).
    pub fn replay<R2>(self, replay: R2) -> RetryLayer<R2, C, K> {
        RetryLayer {
            replay,
            classify: self.classify,
            backoff: self.backoff,
            config: self.config,
            seeds: self.seeds,
        }
    }

    /// Repeats streaming bodies by recording up to `limit` bytes of them while they are sent.
    ///
    /// A larger body is sent whole, and once.
    pub fn buffer_body(self, limit: usize) -> RetryLayer<BufferBody, C, K> {
        self.replay(BufferBody::new(limit))
    }
}

#[cfg(feature = "tower")]
impl<R, C, K: crate::MakeBackoff> RetryLayer<R, C, K> {
    /// The same decisions as a [`tower::retry::Policy`], for bodies that the layer's
    /// [strategy](Self::replay) can duplicate: those that are cloned, or as your own does.
    pub fn into_policy(self) -> crate::Policy<R, C, K> {
        crate::Policy::new(Shared {
            replay: self.replay,
            classify: self.classify,
            backoff: self.backoff,
            config: self.config,
            seeds: self.seeds,
        })
    }
}

impl<S, R: Clone, C: Clone, K: Clone> Layer<S> for RetryLayer<R, C, K> {
    type Service = Retry<S, R, C, K>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry {
            inner,
            shared: Arc::new(Shared {
                replay: self.replay.clone(),
                classify: self.classify.clone(),
                backoff: self.backoff.clone(),
                config: self.config.clone(),
                // Each service draws its own sequence.
                seeds: Seeds::fixed(self.seeds.next()),
            }),
        }
    }
}
