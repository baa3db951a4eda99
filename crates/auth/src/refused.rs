use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Response};
use http_body::Body;
use outbound_http::Drain;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::{AuthError, ReplayError};

/// How much of it is read, by default.
pub(crate) const DEFAULT_DRAIN: usize = 64 * 1024;

/// How long its rest is waited for at most.
pub(crate) const DRAIN_TIME: Duration = Duration::from_millis(100);

pin_project! {
    /// A refused response: kept until it is certain that the request is sent again, then read to
    /// its end, so that its connection is free for that.
    pub(crate) struct Refused<RB> {
        whole: Option<Whole<RB>>,
        #[pin]
        drain: Drain<RB>,
        // Made when there is something to wait for.
        #[pin]
        patience: Option<Sleep>,
    }
}

struct Whole<RB> {
    response: Response<RB>,
    method: Method,
    limit: usize,
}

impl<RB> Refused<RB> {
    pub(crate) const fn new(response: Response<RB>, method: Method, limit: usize) -> Self {
        Self {
            whole: Some(Whole {
                response,
                method,
                limit,
            }),
            drain: Drain::nothing(),
            patience: None,
        }
    }

    /// The request is not sent again, because of `error` if there is one: the response is what the
    /// caller gets.
    pub(crate) fn give_back(
        self: Pin<&mut Self>,
        error: Option<AuthError>,
    ) -> Option<Response<RB>> {
        let Whole { mut response, .. } = self.project().whole.take()?;
        if let Some(error) = error {
            response.extensions_mut().insert(ReplayError::new(error));
        }
        Some(response)
    }
}

impl<RB: Body> Refused<RB> {
    /// The request is sent again. Ready once there is nothing left of the response.
    pub(crate) fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(whole) = this.whole.take() {
            let drain = Drain::new(whole.response, &whole.method, whole.limit);
            this.drain.set(drain);
        }
        if this.drain.as_mut().poll(cx).is_pending() {
            if this.patience.is_none() {
                this.patience.set(Some(sleep(DRAIN_TIME)));
            }
            let patience = this.patience.as_mut().as_pin_mut();
            if patience.is_some_and(|patience| patience.poll(cx).is_pending()) {
                return Poll::Pending;
            }
            this.drain.set(Drain::nothing());
        }
        this.patience.set(None);
        Poll::Ready(())
    }
}
