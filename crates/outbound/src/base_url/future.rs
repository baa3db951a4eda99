use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Response, Uri};
use outbound_http::EffectiveUri;
use pin_project_lite::pin_project;

pin_project! {
    /// The response of [`BaseUrl`](super::BaseUrl).
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the call in flight.
    #[derive(Debug)]
    pub struct BaseUrlFuture<F> {
        #[pin]
        response: F,
        // Boxed, as it is large and most calls have none.
        completed: Option<Box<Uri>>,
    }
}

impl<F> BaseUrlFuture<F> {
    pub(super) const fn new(response: F, completed: Option<Box<Uri>>) -> Self {
        Self {
            response,
            completed,
        }
    }
}

impl<F, RB, E> Future for BaseUrlFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
{
    type Output = Result<Response<RB>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut outcome = this.response.poll(cx);
        // In its place, since a response is large.
        if let Poll::Ready(Ok(response)) = &mut outcome {
            if let Some(uri) = this.completed.take() {
                let extensions = response.extensions_mut();
                if extensions.get::<EffectiveUri>().is_none() {
                    extensions.insert(EffectiveUri(*uri));
                }
            }
        }
        outcome
    }
}
