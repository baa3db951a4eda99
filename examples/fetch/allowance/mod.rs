//! One number of retries for each page, whether its head or its body fails.

mod pages;

use std::future::{Ready, ready};
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use futures_util::future::Either;
use http::Request;
use outbound::BoxError;
use outbound::paginate::Refetch;
use outbound::retry::Override;
use tower::{Layer, Service};

pub(crate) use self::pages::{Elsewhere, PageByPage, Sends};
use crate::summary::Counters;

/// Outside the retries: what the page stream asks for again after a body that broke off counts
/// among the page's sends, of which there are one and its retries.
///
/// Which page a request is for its [`Sends`] tell.
#[derive(Clone, Debug)]
pub(crate) struct AllowanceLayer {
    retries: u32,
    counters: Counters,
}

impl AllowanceLayer {
    pub(crate) fn new(retries: u32, counters: &Counters) -> Self {
        Self {
            retries,
            counters: counters.clone(),
        }
    }

    /// Lets a page have the retries that it has left; `false` if not even this send.
    fn admit<B>(&self, request: &mut Request<B>) -> bool {
        let extensions = request.extensions_mut();
        let sends = extensions.get_or_insert_default::<Sends>().clone();
        if extensions.get::<Refetch>().is_none() {
            extensions.insert(sends.begin());
            return true;
        }
        let Some(left) = self.retries.checked_sub(Sends::before(extensions)) else {
            return false;
        };
        self.counters.refetches().fetch_add(1, Relaxed);
        extensions.insert(sends.report());
        extensions.insert(Override::new().retries(left));
        true
    }
}

impl<S> Layer<S> for AllowanceLayer {
    type Service = Allowance<S>;

    fn layer(&self, inner: S) -> Allowance<S> {
        Allowance {
            inner,
            layer: self.clone(),
        }
    }
}

/// Applied by [`AllowanceLayer`].
#[derive(Clone, Debug)]
pub(crate) struct Allowance<S> {
    inner: S,
    layer: AllowanceLayer,
}

impl<S, B> Service<Request<B>> for Allowance<S>
where
    S: Service<Request<B>, Error = BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if self.layer.admit(&mut request) {
            return Either::Right(self.inner.call(request));
        }
        let spent = "the body of the page broke off, and its retries are spent";
        let error = io::Error::new(io::ErrorKind::UnexpectedEof, spent);
        Either::Left(ready(Err(error.into())))
    }
}
