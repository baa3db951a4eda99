use outbound_http::{EffectiveUriLayer, EffectiveUriService};
use tower_layer::Layer;

/// [`Layer`] of the user's own around the transport, with the stamp of the URI that was really
/// asked beneath it. Made by [`Standard::per_try`](crate::Standard::per_try).
#[derive(Clone, Copy, Debug)]
pub struct Tried<T>(T);

impl<T> Tried<T> {
    pub(in crate::standard) const fn new(layer: T) -> Self {
        Self(layer)
    }
}

impl<S, T> Layer<S> for Tried<T>
where
    T: Layer<EffectiveUriService<S>>,
{
    type Service = T::Service;

    fn layer(&self, transport: S) -> T::Service {
        self.0.layer(EffectiveUriLayer::new().layer(transport))
    }
}
