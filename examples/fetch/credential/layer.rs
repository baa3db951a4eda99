//! The layer, which is one for each credential, and counts what they send again.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound::BoxError;
use outbound::http::ResendCount;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

use super::{Credential, Credentials};

type Boxed<RB> = BoxCloneSyncService<Request<Full<Bytes>>, Response<RB>, BoxError>;

impl<S, RB> Layer<S> for Credentials
where
    S: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    RB: http_body::Body + Send + 'static,
{
    type Service = Boxed<RB>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = BoxCloneSyncService::new(inner);
        self.list
            .iter()
            .fold(inner, |inner, credential| match credential {
                Credential::Fixed(layer) => BoxCloneSyncService::new(layer.layer(inner)),
                Credential::Fetched(layer) => self.counted(layer, inner),
                Credential::Digest(layer) => self.counted(layer, inner),
                Credential::Challenge(layer, registry) => {
                    let counted = self.counted(layer, inner);
                    let (registry, counters) = (registry.clone(), self.counters.clone());
                    // A token is fetched within a call only.
                    let counted = ServiceBuilder::new()
                        .map_result(move |result| {
                            counters.refreshes().store(registry.fetches(), Relaxed);
                            result
                        })
                        .service(counted);
                    BoxCloneSyncService::new(counted)
                }
            })
    }
}

/// How often a request had been sent when it came to the layer that may send it again.
#[derive(Clone, Copy)]
struct Entered(ResendCount);

impl Credentials {
    /// Counts what `layer` sends again.
    fn counted<L, RB>(&self, layer: &L, inner: Boxed<RB>) -> Boxed<RB>
    where
        L: Layer<Boxed<RB>>,
        L::Service: Service<Request<Full<Bytes>>, Response = Response<RB>, Error = BoxError>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<Full<Bytes>>>>::Future: Send + 'static,
        RB: 'static,
    {
        let counters = self.counters.clone();
        let beneath = ServiceBuilder::new()
            .map_request(move |request: Request<Full<Bytes>>| {
                let entered = request.extensions().get::<Entered>();
                if entered.is_some_and(|entered| ResendCount::of(request.extensions()) > entered.0)
                {
                    counters.resends().fetch_add(1, Relaxed);
                }
                request
            })
            .service(inner);
        let above = ServiceBuilder::new()
            .map_request(|mut request: Request<Full<Bytes>>| {
                let entered = Entered(ResendCount::of(request.extensions()));
                request.extensions_mut().insert(entered);
                request
            })
            .service(layer.layer(BoxCloneSyncService::new(beneath)));
        BoxCloneSyncService::new(above)
    }
}
