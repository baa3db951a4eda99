use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Response};
use http_body::Body;
use outbound_http::{BoxError, Drain};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::{AuthError, AuthLayer, ReplayError};

pin_project! {
    /// A refused response: kept until it is certain that the request is sent again, then read to
    /// its end, so that its connection is free for that.
    pub(crate) struct Refused<RB> {
        kept: Option<Kept<RB>>,
        #[pin]
        drain: Drain<RB>,
        // Made when there is something to wait for. Boxed, as that is rare and it is large.
        patience: Option<Pin<Box<Sleep>>>,
    }
}

struct Kept<RB> {
    response: Response<RB>,
    method: Method,
    limit: usize,
}

impl<RB> Refused<RB> {
    pub(crate) const fn none() -> Self {
        Self {
            kept: None,
            drain: Drain::nothing(),
            patience: None,
        }
    }

    pub(crate) const fn new(response: Response<RB>, method: Method, limit: usize) -> Self {
        Self {
            kept: Some(Kept {
                response,
                method,
                limit,
            }),
            drain: Drain::nothing(),
            patience: None,
        }
    }

    /// The request is not sent again, because of `error`: the response is what the caller gets.
    /// If there is none, the error is.
    pub(crate) fn give_back(
        self: Pin<&mut Self>,
        error: AuthError,
    ) -> Result<Response<RB>, BoxError> {
        let Some(Kept { mut response, .. }) = self.project().kept.take() else {
            return Err(error.into());
        };
        response.extensions_mut().insert(ReplayError::new(error));
        Ok(response)
    }
}

impl<RB: Body> Refused<RB> {
    /// The request is sent again. Ready once there is nothing left of the response.
    pub(crate) fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(kept) = this.kept.take() {
            let drain = Drain::new(kept.response, &kept.method, kept.limit);
            this.drain.set(drain);
        }
        if this.drain.as_mut().poll(cx).is_pending() {
            let patience = this
                .patience
                .get_or_insert_with(|| Box::pin(sleep(AuthLayer::DRAIN_TIME)));
            if patience.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.drain.set(Drain::nothing());
        }
        *this.patience = None;
        Poll::Ready(())
    }
}
