use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use outbound_http::CollectLayer;
use tower_layer::Layer;

use crate::messages::{Requests, Responses};
use crate::refuse::{Fail, RejectWith};
use crate::rules::Rules;
use crate::sample::Sampler;
use crate::select::Selector;
use crate::service::Validate;
use crate::{Mode, OtherMedia, Otherwise, Rejection, Skipped, Violation};

/// [`Layer`] that applies [`Validate`].
///
/// [`new`](Self::new) holds responses to their contracts, [`requests`](Self::requests) requests;
/// for both apply two. Either fails the call, as suits a client, unless
/// [`reject_with`](Self::reject_with) makes it answer with a response, as suits a server.
///
/// See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct ValidateLayer<M = Responses, R = Fail> {
    rules: Arc<Rules>,
    messages: M,
    refuse: R,
}

impl ValidateLayer {
    /// Largest response body that is checked, by default: 64 MiB.
    pub const DEFAULT_LIMIT: usize = CollectLayer::DEFAULT_LIMIT;

    /// Largest request body that is checked, by default: 2 MiB.
    pub const DEFAULT_REQUEST_LIMIT: usize = 2 * 1024 * 1024;

    /// Holds responses to `contracts`: a [`Contract`](crate::Contract), which is for those with a
    /// 2xx status, [`Contracts`](crate::Contracts) by status, or [`Routes`](crate::Routes).
    pub fn new(contracts: impl Into<Selector>) -> Self {
        Self {
            rules: Arc::new(Rules::new(contracts.into(), Self::DEFAULT_LIMIT)),
            messages: Responses,
            refuse: Fail,
        }
    }

    /// Holds requests to `contracts`, before they are sent or served.
    ///
    /// A request without a body passes where its method needs none (GET, HEAD, DELETE, CONNECT,
    /// OPTIONS, TRACE). The service within is cloned for each request with a body that is
    /// checked: it is called when that has been read.
    pub fn requests(contracts: impl Into<Selector>) -> ValidateLayer<Requests> {
        ValidateLayer {
            rules: Arc::new(Rules::new(contracts.into(), Self::DEFAULT_REQUEST_LIMIT)),
            messages: Requests,
            refuse: Fail,
        }
    }
}

impl<M> ValidateLayer<M> {
    /// Answers with what `respond` makes of a message that breaks its contract, instead of
    /// failing: usually [`Rejection::problem`].
    ///
    /// The error of the service within stays as it is. A body that fails while it is read is
    /// no breach; it is handed on and fails in the same way.
    pub fn reject_with<F>(self, respond: F) -> ValidateLayer<M, RejectWith<F>>
    where
        F: Fn(&Rejection) -> Response<Bytes>,
    {
        ValidateLayer {
            rules: self.rules,
            messages: self.messages,
            refuse: RejectWith { respond },
        }
    }
}

impl<R> ValidateLayer<Responses, R> {
    /// [Rejects](Rejection) responses with 502 instead of 500: what is served here came from
    /// elsewhere.
    pub fn gateway(mut self) -> Self {
        self.edit().is_gateway = true;
        self
    }
}

impl<M, R> ValidateLayer<M, R> {
    /// What a violation does; by default the message is [withheld](Mode::Enforce).
    pub fn mode(mut self, mode: Mode) -> Self {
        self.edit().mode = mode;
        self
    }

    /// Reads at most `bytes` of a body: by default [64 MiB](ValidateLayer::DEFAULT_LIMIT) of a
    /// response's, [2 MiB](ValidateLayer::DEFAULT_REQUEST_LIMIT) of a request's.
    ///
    /// A larger one is refused before it is read if it announces its length, else while it is:
    /// a client's response fails with [`BodyTooLarge`](outbound_http::BodyTooLarge), all else
    /// with a violation, which [observers](Self::on_violation) are told in either case. In [`Mode::Report`] it passes and is not checked.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.edit().limit = bytes;
        self
    }

    /// What becomes of a body whose content type is missing or not JSON; by default it
    /// [breaks its contract](OtherMedia::Refuse).
    pub fn other_media(mut self, other_media: OtherMedia) -> Self {
        self.edit().other_media = other_media;
        self
    }

    /// What becomes of a body with a content encoding; by default it breaks its contract. Put a
    /// decompression layer where this one sees what it decoded.
    pub fn encoded(mut self, encoded: Otherwise) -> Self {
        self.edit().encoded = encoded;
        self
    }

    /// Checks one message in `one_in`, picked at random; the others pass. By default all are
    /// checked.
    pub fn sample(mut self, one_in: NonZeroU32) -> Self {
        self.edit().sampler = Some(Arc::new(Sampler::new(one_in, None)));
        self
    }

    /// As [`sample`](Self::sample), with a choice that `seed` fixes, for tests.
    pub fn sample_seeded(mut self, one_in: NonZeroU32, seed: u64) -> Self {
        self.edit().sampler = Some(Arc::new(Sampler::new(one_in, Some(seed))));
        self
    }

    /// Tells `observe` of each violation, in either mode.
    ///
    /// It is called on the task that reads the message, and ought to be quick.
    pub fn on_violation(mut self, observe: impl Fn(&Violation) + Send + Sync + 'static) -> Self {
        self.edit().on_violation = Some(Arc::new(observe));
        self
    }

    /// Tells `observe` of each message that was not held to a contract, and why.
    pub fn on_skip(mut self, observe: impl Fn(Skipped) + Send + Sync + 'static) -> Self {
        self.edit().on_skip = Some(Arc::new(observe));
        self
    }

    fn edit(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }
}

impl<M: Clone, R: Clone, S> Layer<S> for ValidateLayer<M, R> {
    type Service = Validate<S, M, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Validate {
            inner,
            rules: Arc::clone(&self.rules),
            messages: self.messages.clone(),
            refuse: self.refuse.clone(),
        }
    }
}
