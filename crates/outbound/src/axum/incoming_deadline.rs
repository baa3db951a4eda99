use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use outbound_http::DeadlineAt;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// [`Layer`] for a server: stamps each request that comes in with the moment by which its caller
/// needs an answer.
///
/// The stamp is the extension [`DeadlineAt`]. A handler takes it as `Extension<DeadlineAt>` and
/// puts it on the requests that it makes, whose stack then neither waits nor retries beyond it.
///
/// ```
/// use std::time::Duration;
/// use axum::Extension;
/// use axum::extract::State;
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use outbound::{Client, success};
/// use outbound::axum::{IncomingDeadlineLayer, UpstreamError};
/// use outbound::http::DeadlineAt;
///
/// async fn names(
///     State(api): State<Client>,
///     Extension(deadline): Extension<DeadlineAt>,
/// ) -> Result<Bytes, UpstreamError> {
///     let request = Request::get("/names").extension(deadline).body(Full::default())?;
///     Ok(success(api.send(request).await?)?.into_body().into_bytes())
/// }
///
/// let app = axum::Router::<Client>::new()
///     .route("/names", axum::routing::get(names))
///     .layer(IncomingDeadlineLayer::new(Duration::from_secs(10)));
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IncomingDeadlineLayer {
    limit: Duration,
}

impl IncomingDeadlineLayer {
    /// Gives each request this much time.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for IncomingDeadlineLayer {
    type Service = IncomingDeadline<S>;

    fn layer(&self, inner: S) -> IncomingDeadline<S> {
        IncomingDeadline {
            inner,
            limit: self.limit,
        }
    }
}

/// Stamps each request with a deadline. See [`IncomingDeadlineLayer`].
#[derive(Clone, Debug)]
pub struct IncomingDeadline<S> {
    inner: S,
    limit: Duration,
}

impl<S, B> Service<Request<B>> for IncomingDeadline<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(at) = Instant::now().checked_add(self.limit) {
            let extensions = request.extensions_mut();
            // One that is there already and ends sooner stays.
            let at = extensions
                .get()
                .map_or(at, |&DeadlineAt(sooner)| at.min(sooner));
            extensions.insert(DeadlineAt(at));
        }
        self.inner.call(request)
    }
}
