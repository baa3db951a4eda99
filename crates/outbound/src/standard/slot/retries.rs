use std::time::Duration;

use outbound_retry::{Retry, RetryLayer};
use tower_layer::{Identity, Layer};

/// What the standard stack may have as its retries: a [`RetryLayer`], or none.
///
/// Sealed: any other layer has its place in one of the slots.
pub trait Retries<S>: sealed::Sealed {
    /// The service with its retries.
    type Service;

    /// Puts the retries around `inner`; none begins later than `limit` after its call.
    fn within(&self, limit: Duration, inner: S) -> Self::Service;
}

impl<S, P, J, B> Retries<S> for RetryLayer<P, J, B>
where
    P: Clone,
    J: Clone,
    B: Clone,
{
    type Service = Retry<S, P, J, B>;

    fn within(&self, limit: Duration, inner: S) -> Self::Service {
        self.clone().deadline_at_most(limit).layer(inner)
    }
}

impl<S> Retries<S> for Identity {
    type Service = S;

    fn within(&self, _limit: Duration, inner: S) -> S {
        inner
    }
}

mod sealed {
    use outbound_retry::RetryLayer;
    use tower_layer::Identity;

    #[allow(unnameable_types)] // That is what seals it.
    pub trait Sealed {}

    impl<P, J, B> Sealed for RetryLayer<P, J, B> {}
    impl Sealed for Identity {}
}
