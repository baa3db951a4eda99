mod order;
pub mod slot;

use std::time::Duration;

use outbound_http::{CollectLayer, DeadlineLayer, IdleTimeoutLayer};
use outbound_retry::{IdempotencyKeyLayer, RetryLayer};
use tower_layer::{Identity, Layer};

use self::slot::{Fits, Misplaced, Tried, Vacant};
use crate::base_url::{BaseUrlLayer, InvalidBaseUrl};

/// The standard stack, each part at its default, without a credential or a contract.
///
/// See [`Standard`].
pub fn standard() -> Standard {
    Standard {
        base_url: BaseUrlLayer::default(),
        per_call: Identity::new(),
        contract: Identity::new(),
        deadline: DeadlineLayer::default(),
        key: Identity::new(),
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
/// | base URL | none | outermost, so that all beneath see the whole URL |
/// | per call | none | the place for your own layers that see each call once: a concurrency limit, a span |
/// | contract | none | outside retry: a wrong shape is not transient, and must not burn the budget |
/// | deadline | [60 s](DeadlineLayer::DEFAULT_LIMIT), hard | covers attempts, the waits between them and token fetches; not the time in which a limit has no room for the call |
/// | idempotency key | none | outside retry, so that all attempts of a call have the same |
/// | retry | [`RetryLayer::default`], within the deadline; without an [attempt timeout](RetryLayer::attempt_timeout), so that an attempt which hangs takes the whole of it | what is above it happens once a call, what is below once a try |
/// | auth | none | inside retry, so that each try carries a token that is fresh then |
/// | body | collected, at most [64 MiB](CollectLayer::DEFAULT_LIMIT) | inside the attempt, so that a broken or stalled body can be retried |
/// | per try | none | the place for your own layers that see each send, and for tower-http's redirects and decompression |
/// | attempt span | with feature `tracing` | innermost, so that each send has one |
///
/// Each slot refuses at compile time the layers of outbound whose place is another, and `auth` a static
/// credential that is not [strict](crate::auth::StaticAuthLayer::strict): [`slot::Fits`]. A slot that has
/// a layer takes no second one, which would replace the first: several go in at once, as a pair or by
/// `ServiceBuilder::into_inner`, the first outermost.
/// [`PaginateLayer`](crate::paginate::PaginateLayer) goes around it, since each page is a call with its
/// own retries, credential and contract: [`Client::pages`](crate::Client::pages).
///
/// ```
/// use outbound::auth::{AuthLayer, Scope};
/// use outbound::schema::{Contract, ValidateLayer};
/// use outbound::standard;
///
/// let layer = standard()
///     .base_url("https://api.example.com/v1")?
///     .auth(AuthLayer::bearer(Scope::origin("https://api.example.com")?, "token")?.strict())
///     .contract(ValidateLayer::new(Contract::required(["/id"])?));
///
/// assert_eq!(
///     format!("{layer:?}"),
///     "base_url > contract ValidateLayer > deadline 60s > RetryLayer > auth AuthLayer > CollectLayer > \
///      attempt_span",
/// );
/// # Ok::<_, outbound::BoxError>(())
/// ```
///
/// ```compile_fail,E0277
/// use outbound::standard;
/// use tower::limit::ConcurrencyLimitLayer;
/// use tower::timeout::TimeoutLayer;
/// # let second = std::time::Duration::from_secs(1);
///
/// // Rather `.per_try((ConcurrencyLimitLayer::new(8), TimeoutLayer::new(second)))`.
/// let _ = standard().per_try(ConcurrencyLimitLayer::new(8)).per_try(TimeoutLayer::new(second));
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is applied to a service"]
pub struct Standard<
    C = CollectLayer,
    V = Identity,
    R = RetryLayer,
    A = Identity,
    T = Identity,
    K = Identity,
    L = Identity,
> {
    base_url: BaseUrlLayer,
    per_call: L,
    contract: V,
    deadline: DeadlineLayer,
    key: K,
    retry: R,
    auth: A,
    body: C,
    per_try: T,
}

/// The same stack with one part replaced, perhaps by one of another type.
macro_rules! replace {
    ($stack:ident { $($kept:ident),* } $part:ident) => {
        Standard { $part, $($kept: $stack.$kept),* }
    };
}

impl<C, V, R, A, T, K, L> Standard<C, V, R, A, T, K, L> {
    /// Completes requests for a path alone; see [`BaseUrlLayer`].
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`], if it is not an absolute http or https URL without query.
    pub fn base_url(self, base: &str) -> Result<Self, InvalidBaseUrl> {
        let base_url = BaseUrlLayer::new(base)?;
        Ok(Self { base_url, ..self })
    }

    /// Applies a layer of your own to each call, attempts and waits together.
    ///
    /// For a concurrency limit, a span per call, what counts calls.
    pub fn per_call<L2, M>(self, per_call: L2) -> Standard<C, V, R, A, T, K, L2>
    where
        L: Vacant,
        L2: Fits<slot::PerCall, M>,
    {
        replace!(self { base_url, contract, deadline, key, retry, auth, body, per_try } per_call)
    }

    /// Validates responses, usually with a [`ValidateLayer`](crate::schema::ValidateLayer).
    pub fn contract<V2, M>(self, contract: V2) -> Standard<C, V2, R, A, T, K, L>
    where
        V: Vacant,
        V2: Fits<slot::Contract, M>,
    {
        replace!(self { base_url, per_call, deadline, key, retry, auth, body, per_try } contract)
    }

    /// Limits each call to `limit`, attempts and waits together: hard, and for the retries soft, so
    /// that none is begun or waited for that would come too late.
    pub fn deadline(self, limit: Duration) -> Self {
        let deadline = DeadlineLayer::new(limit);
        Self { deadline, ..self }
    }

    /// Gives each call that is not idempotent an `Idempotency-Key` of its own, which makes it
    /// repeatable. For APIs that know such keys, and for no others.
    pub fn idempotency_key(self) -> Standard<C, V, R, A, T, IdempotencyKeyLayer, L> {
        let key = IdempotencyKeyLayer::new();
        replace!(self { base_url, per_call, contract, deadline, retry, auth, body, per_try } key)
    }

    /// Retries as `retry` does, instead of [`RetryLayer::default`].
    pub fn retry<P, J, B>(
        self,
        retry: RetryLayer<P, J, B>,
    ) -> Standard<C, V, RetryLayer<P, J, B>, A, T, K, L> {
        replace!(self { base_url, per_call, contract, deadline, key, auth, body, per_try } retry)
    }

    /// Sends each request once.
    pub fn without_retry(self) -> Standard<C, V, Identity, A, T, K, L> {
        let retry = Identity::new();
        replace!(self { base_url, per_call, contract, deadline, key, auth, body, per_try } retry)
    }

    /// Injects a credential, usually with an [`AuthLayer`](crate::auth::AuthLayer).
    pub fn auth<A2, M>(self, auth: A2) -> Standard<C, V, R, A2, T, K, L>
    where
        A: Vacant,
        A2: Fits<slot::Auth, M>,
    {
        replace!(self { base_url, per_call, contract, deadline, key, retry, body, per_try } auth)
    }

    /// Hands response bodies out as they arrive, instead of collecting them in each attempt.
    ///
    /// A body then fails with [`IdleTimeoutExceeded`](outbound_http::IdleTimeoutExceeded) when nothing comes of
    /// it for [30 s](IdleTimeoutLayer::DEFAULT_LIMIT); it is no longer retried when it breaks,
    /// and the deadline covers the head alone.
    pub fn streaming(self) -> Standard<IdleTimeoutLayer, V, R, A, T, K, L> {
        self.body(IdleTimeoutLayer::default())
    }

    /// Replaces what is done to response bodies, a [`CollectLayer`] or an
    /// [`IdleTimeoutLayer`] with a limit of your own.
    pub fn body<C2, M>(self, body: C2) -> Standard<C2, V, R, A, T, K, L>
    where
        C2: Fits<slot::Body, M>,
    {
        replace!(self { base_url, per_call, contract, deadline, key, retry, auth, per_try } body)
    }

    /// Applies a layer of your own to each try, around the transport.
    ///
    /// For tower-http's `FollowRedirectLayer` and `DecompressionLayer`. As what is beneath may be
    /// asked for another URI than the call was, responses are stamped with their
    /// [`EffectiveUri`](outbound_http::EffectiveUri).
    pub fn per_try<T2, M>(self, per_try: T2) -> Standard<C, V, R, A, Tried<T2>, K, L>
    where
        T: Vacant,
        T2: Fits<slot::PerTry, M>,
    {
        let per_try = Tried::new(per_try);
        replace!(self { base_url, per_call, contract, deadline, key, retry, auth, body } per_try)
    }

    /// Puts the stack around `transport`; the same as [`Layer::layer`].
    pub fn service<S>(&self, transport: S) -> <Self as Layer<S>>::Service
    where
        Self: Layer<S>,
    {
        self.layer(transport)
    }
}

/// A stack in a slot of another would retry its retries.
impl<P, C, V, R, A, T, K, L> Misplaced<P, slot::Itself> for Standard<C, V, R, A, T, K, L> {}
