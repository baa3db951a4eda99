use std::future::poll_fn;

use tower_service::Service;

/// Waits until `service` is ready, then for its response.
pub(crate) async fn send<S, R>(mut service: S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}
