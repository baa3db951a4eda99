use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::course::Course;
use crate::pages::Pages;
use crate::walk::Walk;

pin_project! {
    /// Resolves to the stream of [`Pages`] once the first page's head has arrived.
    ///
    /// # Errors
    ///
    /// The wrapped service's own, if it fails on the first page.
    ///
    /// # Cancellation
    ///
    /// Dropping it drops the first page's request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, P, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        first: Option<S::Future>,
        then: Option<(S, Course<P, B>)>,
    }
}

impl<S, P, B> ResponseFuture<S, P, B>
where
    S: Service<Request<B>>,
{
    pub(crate) fn new(first: Option<S::Future>, service: S, course: Course<P, B>) -> Self {
        Self {
            first,
            then: Some((service, course)),
        }
    }
}

impl<S, P, B, RB> Future for ResponseFuture<S, P, B>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Output = Result<Pages<S, P, B, RB>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = match this.first.as_mut().as_pin_mut() {
            Some(first) => Some(ready!(first.poll(cx))),
            None => None,
        };
        // It may hold a permit for as long as it lives, and who awaits us may keep us.
        this.first.set(None);
        let response = response.transpose()?;
        let (service, course) = this.then.take().expect("polled after completion");
        Poll::Ready(Ok(Pages::new(Walk::new(service, course, response))))
    }
}

impl<S, P, B> fmt::Debug for ResponseFuture<S, P, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
