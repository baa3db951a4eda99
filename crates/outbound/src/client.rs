use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use outbound_http::{BoxError, CollectedBody};
use outbound_paginate::{Pages, Paginate, Strategy};
use tower_service::Service;

use crate::base_url::BaseUrlLayer;
use crate::send::send;

/// An HTTP service under a name: `Clone + Send + Sync`, for a struct's field, for axum's
/// `State`, for tests with any transport.
///
/// Each call costs one box, and one more for the clone that [`send`](Self::send) takes; the layers
/// within stay unboxed. A clone shares what the layers share (tokens, budgets, connections), and is
/// not ready: poll it before its own call.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use outbound::{Client, standard};
/// use tower::service_fn;
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
/// let response = app.api.send(Request::default()).await?;
/// assert_eq!(response.into_body().into_bytes(), "{}");
/// # Ok(())
/// # }
/// ```
pub struct Client<B = Full<Bytes>, RB = CollectedBody> {
    inner: Box<dyn Erased<B, RB>>,
    base_url: BaseUrlLayer,
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
    ///
    /// A [`Stack`](crate::Stack) with a base URL is better boxed by its own methods: a client that
    /// does not know the base cannot complete the first request of [`pages`](Self::pages), whose
    /// next pages are then confined to what is beneath the base.
    pub fn new<S, X>(service: S) -> Self
    where
        S: Service<Request<B>, Response = Response<X>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        X: Into<RB>,
    {
        Self::with_base_url(service, BaseUrlLayer::default())
    }

    /// Of a service that completes requests with this base.
    pub(crate) fn with_base_url<S, X>(service: S, base_url: BaseUrlLayer) -> Self
    where
        S: Service<Request<B>, Response = Response<X>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        X: Into<RB>,
    {
        Self {
            inner: Box::new(service),
            base_url,
        }
    }

    /// Sends one request: waits until the client is ready, then for the response.
    ///
    /// # Errors
    ///
    /// The stack's own; [`ErrorExt`](crate::ErrorExt) tells what it is. A response of any status
    /// is none: see [`success`](crate::success).
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the call in flight.
    pub async fn send(&self, request: Request<B>) -> Result<Response<RB>, BoxError> {
        send(self.clone(), request).await
    }

    /// Sends the request of a list's first page; the response is the stream of all of them.
    ///
    /// For other limits and guards put a [`PaginateLayer`](outbound_paginate::PaginateLayer)
    /// around the client.
    ///
    /// # Errors
    ///
    /// The stack's own, where the first page's request got no response. All else comes from the stream,
    /// as a [`PageError`](outbound_paginate::PageError): the status of the first page, whatever happens on
    /// later ones, and the guards against lists without an end (by default
    /// [50](outbound_paginate::DEFAULT_MAX_EMPTY_PAGES) empty pages in a row).
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the call in flight; dropping the stream drops that of the page that is
    /// being fetched, and no other follows.
    pub async fn pages<P>(
        &self,
        strategy: P,
        mut first: Request<B>,
    ) -> Result<Pages<Self, P, B, RB>, BoxError>
    where
        P: Strategy<B> + Clone,
        B: Body + Clone,
    {
        // Next pages are confined to the first one's origin, which has to be known.
        self.base_url.complete(&mut first);
        send(Paginate::new(self.clone(), strategy), first).await
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
            base_url: self.base_url.clone(),
        }
    }
}

/// Says nothing of what is within: a layer may hold a credential.
impl<B, RB> fmt::Debug for Client<B, RB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
