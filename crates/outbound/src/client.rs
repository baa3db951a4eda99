use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound_http::{BoxError, CollectedBody};
use tower_service::Service;

/// An HTTP service under a name: `Clone + Send + Sync`, for a struct's field, for axum's
/// `State`, for tests with any transport.
///
/// Each call costs one box; the layers within stay unboxed. A clone shares what the layers
/// share (tokens, budgets, connections), and is not ready: poll it before its own call.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use outbound::{Client, standard};
/// use tower::{ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), outbound::BoxError> {
/// struct App {
///     api: Client,
/// }
///
/// let transport = service_fn(async |_: Request<Full<Bytes>>| {
///     Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from("{}"))))
/// });
/// let app = App { api: standard().service(transport).boxed() };
///
/// let response = app.api.clone().oneshot(Request::default()).await?;
/// assert_eq!(response.into_body().into_bytes(), "{}");
/// # Ok(())
/// # }
/// ```
pub struct Client<B = Full<Bytes>, RB = CollectedBody> {
    inner: Box<dyn Erased<B, RB>>,
}

type Responding<RB> = Pin<Box<dyn Future<Output = Result<Response<RB>, BoxError>> + Send>>;

/// What a client needs of the service within, in a form that has a vtable.
trait Erased<B, RB>: Send + Sync {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>>;
    fn call(&mut self, request: Request<B>) -> Responding<RB>;
    fn clone_box(&self) -> Box<dyn Erased<B, RB>>;
}

impl<B, RB> Client<B, RB> {
    /// Boxes `service`, whose body becomes the client's.
    pub fn new<S, X>(service: S) -> Self
    where
        S: Service<Request<B>, Response = Response<X>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        X: Into<RB>,
    {
        Self {
            inner: Box::new(service),
        }
    }
}

impl<S, B, RB, X> Erased<B, RB> for S
where
    S: Service<Request<B>, Response = Response<X>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    X: Into<RB>,
{
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Service::poll_ready(self, cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Responding<RB> {
        let response = Service::call(self, request);
        Box::pin(async move {
            let response = response.await.map_err(Into::into)?;
            Ok(response.map(Into::into))
        })
    }

    fn clone_box(&self) -> Box<dyn Erased<B, RB>> {
        Box::new(self.clone())
    }
}

impl<B, RB> Service<Request<B>> for Client<B, RB> {
    type Response = Response<RB>;
    type Error = BoxError;
    type Future = Responding<RB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.inner.call(request)
    }
}

impl<B, RB> Clone for Client<B, RB> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone_box(),
        }
    }
}

/// Says nothing of what is within: a layer may hold a credential.
impl<B, RB> fmt::Debug for Client<B, RB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
