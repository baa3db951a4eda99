use std::fmt;
use std::time::Duration;

use outbound_http::{
    CollectLayer, Deadline, DeadlineLayer, EffectiveUriLayer, EffectiveUriService, IdleTimeoutLayer,
};
use outbound_retry::RetryLayer;
use tower_layer::{Identity, Layer};

use crate::Stack;

/// The standard stack, each part at its default, without a credential or a contract.
///
/// See [`Standard`].
pub fn standard() -> Standard {
    Standard {
        contract: Identity::new(),
        deadline: DeadlineLayer::default(),
        retry: RetryLayer::default(),
        auth: Identity::new(),
        body: CollectLayer::default(),
        per_try: Identity::new(),
    }
}

/// [`Layer`] that puts outbound's layers into the one order in which they do not harm each
/// other.
///
/// From the outside in, with what each is there for:
///
/// | layer | default | why there |
/// |---|---|---|
/// | contract | none | outside retry: a wrong shape is not transient, and must not burn the budget |
/// | deadline | [60 s](DeadlineLayer::DEFAULT_LIMIT), hard | covers attempts, the waits between them and token fetches |
/// | retry | [`RetryLayer::default`] | what is above it happens once a call, what is below once a try |
/// | auth | none | inside retry, so that each try carries a token that is fresh then |
/// | body | collected, at most [64 MiB](CollectLayer::DEFAULT_LIMIT) | inside the attempt, so that a broken or stalled body can be retried |
/// | per try | none | the place for your own layers, and for tower-http's redirects and decompression |
/// | effective URI | always | innermost, so that relative links resolve against what was really asked |
///
/// [`PaginateLayer`](crate::paginate::PaginateLayer) goes around it, since each page is a call with its
/// own retries, credential and contract.
///
/// ```
/// use outbound::auth::{AuthLayer, Scope};
/// use outbound::schema::{Contract, ValidateLayer};
/// use outbound::standard;
///
/// let layer = standard()
///     .auth(AuthLayer::bearer(Scope::origin("https://api.example.com")?, "token")?.strict())
///     .contract(ValidateLayer::new(Contract::required(["/id"])?));
///
/// assert_eq!(
///     format!("{layer:?}"),
///     "Standard { contract, deadline 60s, retry, auth, body, per_try, effective_uri }",
/// );
/// # Ok::<_, outbound::BoxError>(())
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct Standard<C = CollectLayer, V = Identity, R = RetryLayer, A = Identity, T = Identity> {
    contract: V,
    deadline: DeadlineLayer,
    retry: R,
    auth: A,
    body: C,
    per_try: T,
}

impl<C, V, R, A, T> Standard<C, V, R, A, T> {
    /// Validates responses, usually with a [`ValidateLayer`](crate::schema::ValidateLayer).
    pub fn contract<V2>(self, contract: V2) -> Standard<C, V2, R, A, T> {
        Standard {
            contract,
            deadline: self.deadline,
            retry: self.retry,
            auth: self.auth,
            body: self.body,
            per_try: self.per_try,
        }
    }

    /// Limits each call to `limit`, attempts and waits together.
    pub fn deadline(self, limit: Duration) -> Self {
        Self {
            deadline: DeadlineLayer::new(limit),
            ..self
        }
    }

    /// Retries as `retry` does, instead of [`RetryLayer::default`].
    pub fn retry<R2>(self, retry: R2) -> Standard<C, V, R2, A, T> {
        Standard {
            contract: self.contract,
            deadline: self.deadline,
            retry,
            auth: self.auth,
            body: self.body,
            per_try: self.per_try,
        }
    }

    /// Injects a credential, usually with an [`AuthLayer`](crate::auth::AuthLayer).
    pub fn auth<A2>(self, auth: A2) -> Standard<C, V, R, A2, T> {
        Standard {
            contract: self.contract,
            deadline: self.deadline,
            retry: self.retry,
            auth,
            body: self.body,
            per_try: self.per_try,
        }
    }

    /// Applies a layer of your own to each try, around the transport.
    ///
    /// For tower-http's `FollowRedirectLayer` and `DecompressionLayer`, or a span per send.
    pub fn per_try<T2>(self, per_try: T2) -> Standard<C, V, R, A, T2> {
        Standard {
            contract: self.contract,
            deadline: self.deadline,
            retry: self.retry,
            auth: self.auth,
            body: self.body,
            per_try,
        }
    }

    /// Hands response bodies out as they arrive, instead of collecting them in each attempt.
    ///
    /// A body then fails with [`IdleTimeout`](outbound_http::IdleTimeout) when nothing comes of
    /// it for [30 s](IdleTimeoutLayer::DEFAULT_LIMIT); it is no longer retried when it breaks,
    /// and the deadline covers the head alone.
    pub fn streaming(self) -> Standard<IdleTimeoutLayer, V, R, A, T> {
        self.body(IdleTimeoutLayer::default())
    }

    /// Replaces what is done to response bodies, a [`CollectLayer`] or an
    /// [`IdleTimeoutLayer`] with a limit of your own.
    pub fn body<C2>(self, body: C2) -> Standard<C2, V, R, A, T> {
        Standard {
            contract: self.contract,
            deadline: self.deadline,
            retry: self.retry,
            auth: self.auth,
            body,
            per_try: self.per_try,
        }
    }

    /// Puts the stack around `transport`; the same as [`Layer::layer`].
    pub fn service<S>(&self, transport: S) -> <Self as Layer<S>>::Service
    where
        Self: Layer<S>,
    {
        self.layer(transport)
    }
}

impl<S, C, V, R, A, T> Layer<S> for Standard<C, V, R, A, T>
where
    T: Layer<EffectiveUriService<S>>,
    C: Layer<T::Service>,
    A: Layer<C::Service>,
    R: Layer<A::Service>,
    V: Layer<Deadline<R::Service>>,
{
    type Service = Stack<V::Service>;

    fn layer(&self, transport: S) -> Self::Service {
        let tried = self
            .per_try
            .layer(EffectiveUriLayer::new().layer(transport));
        let authorized = self.auth.layer(self.body.layer(tried));
        let called = self.deadline.layer(self.retry.layer(authorized));
        Stack::new(self.contract.layer(called))
    }
}

/// The order of the layers, from the outside in.
impl<C, V, R, A, T> fmt::Debug for Standard<C, V, R, A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Standard {{ contract, deadline {:?}, retry, auth, body, per_try, effective_uri }}",
            self.deadline.limit()
        )
    }
}
