use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, CollectedBody};
use outbound_paginate::{Pages, Paginate, Strategy};
use tower_service::Service;

use crate::base_url::{BaseUrl, BaseUrlFuture};
use crate::client::Client;
use crate::send::send;

/// A service with the standard stack around it, unboxed. Made by [`Standard`](crate::Standard).
///
/// It is `Clone` where the transport is. Its type names every layer; [`Client`] is the one to
/// put into a struct or into axum's `State`.
#[derive(Clone, Debug)]
pub struct Stack<S> {
    inner: BaseUrl<S>,
}

impl<S> Stack<S> {
    pub(crate) const fn new(inner: BaseUrl<S>) -> Self {
        Self { inner }
    }

    /// Boxes a stack that collects bodies into the one type that can be named.
    ///
    /// For a [streaming](crate::Standard::streaming) stack there is
    /// [`boxed_streaming`](Self::boxed_streaming), whose type names the transport's body.
    pub fn boxed<B, RB>(self) -> Client<B>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        RB: Into<CollectedBody> + 'static,
        B: 'static,
    {
        self.into_client()
    }

    /// Boxes a stack and keeps the type of its bodies, which are handed out as they arrive.
    pub fn boxed_streaming<B, RB>(self) -> Client<B, RB>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
    {
        self.into_client()
    }

    fn into_client<B, RB, X>(self) -> Client<B, X>
    where
        S: Service<Request<B>, Response = Response<RB>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        RB: Into<X>,
    {
        let base_url = self.inner.layer().clone();
        Client::with_base_url(self.inner, base_url)
    }
}

impl<S> Stack<S> {
    /// The service within, outermost of its layers.
    pub const fn get_ref(&self) -> &S {
        self.inner.get_ref()
    }
}

impl<S: Clone> Stack<S> {
    /// Sends one request: waits until the stack is ready, then for the response.
    ///
    /// It takes a clone for the call, which shares what the layers share.
    ///
    /// # Errors
    ///
    /// The stack's own; [`ErrorExt`](crate::ErrorExt) tells what it is.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the call in flight.
    pub async fn send<B, RB>(&self, request: Request<B>) -> Result<Response<RB>, S::Error>
    where
        S: Service<Request<B>, Response = Response<RB>>,
    {
        send(self.inner.clone(), request).await
    }

    /// Sends the request of a list's first page; the response is the stream of all of them.
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
    pub async fn pages<P, B, RB>(
        &self,
        strategy: P,
        mut first: Request<B>,
    ) -> Result<Pages<Self, P, B, RB>, S::Error>
    where
        S: Service<Request<B>, Response = Response<RB>>,
        P: Strategy<B> + Clone,
        B: Body + Clone,
    {
        // Next pages are confined to the first one's origin, which has to be known.
        self.inner.layer().complete(&mut first);
        send(Paginate::new(self.clone(), strategy), first).await
    }
}

impl<S, B, RB> Service<Request<B>> for Stack<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = BaseUrlFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.inner.call(request)
    }
}
