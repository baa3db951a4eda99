//! kube's client over the standard stack: pages, a token renewed, creates repeated where it is safe.
//! cargo run --example kube --features kube

use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, ObjectMeta, PostParams};
use kube::client::Body;
use kube::{Client, ResourceExt};
use outbound::auth::{AuthLayer, Scope};
use outbound::retry::RetryLayer;
use outbound::{BoxError, standard};

use crate::replay::KubeBody;

#[path = "kube/api.rs"]
mod api;
#[path = "kube/replay.rs"]
mod replay;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let origin = outbound_examples::serve(api::router()).await?;
    let transport = Hyper::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http::<Body>();
    // A client that watches wants `.streaming()`, for a watch has no end; and by `.body(…)` an idle
    // timeout that is longer than its watches may be silent.
    let stack = standard()
        // kube asks for paths.
        .base_url(&origin)?
        .retry(RetryLayer::new().replay(KubeBody))
        .auth(AuthLayer::bearer_from(Scope::origin(&origin)?, api::tokens()).replay_with(KubeBody))
        .service(transport);
    let maps: Api<ConfigMap> = Api::default_namespaced(Client::new(stack, "default"));

    let mut page = ListParams::default().limit(2);
    loop {
        let list = maps.list(&page).await?;
        let names: Vec<_> = list.items.iter().map(ResourceExt::name_any).collect();
        println!("page: {}", names.join(", "));
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => break,
        }
    }

    // 429 says that nothing was done. 503 does not, and to create is not idempotent.
    for name in ["throttled", "unavailable"] {
        let map = ConfigMap {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            data: Some([("key".to_owned(), "value".to_owned())].into()),
            ..ConfigMap::default()
        };
        match maps.create(&PostParams::default(), &map).await {
            Ok(made) => println!("created {}: {:?}", made.name_any(), made.data),
            Err(kube::Error::Api(status)) => println!("{name} not created: {}", status.code),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
