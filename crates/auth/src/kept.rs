use std::pin::Pin;

use http::{Request, Response};
use outbound_http::{Replay, ResendCount, SavedHead};
use tower_service::Service;

use crate::later::{Again, Later, Stage};
use crate::refused::Refused;
use crate::{Authorize, Step};

/// What the one further attempt is made of.
pub(crate) struct Kept<S, A, R, V> {
    /// A clone of the inner service that was never polled.
    pub(crate) service: S,
    pub(crate) authorize: A,
    pub(crate) replay: R,
    pub(crate) drain: usize,
    pub(crate) head: SavedHead,
    pub(crate) saved: V,
}

type Boxed<S, F, W, Q, R, RB> = Pin<Box<Later<S, F, W, Q, R, RB>>>;

impl<S, A, R, V> Kept<S, A, R, V> {
    /// The attempt that is to replace `refusal`, or that again, if the body cannot be sent again.
    pub(crate) fn resend<B, RB>(
        mut self,
        refusal: Response<RB>,
        mark: A::Mark,
        next: &mut Option<A::Mark>,
    ) -> Result<Boxed<S, S::Future, A::Wait, Request<R::Body>, R, RB>, Response<RB>>
    where
        S: Service<Request<R::Body>>,
        A: Authorize<R::Body>,
        R: Replay<B, Saved = V>,
    {
        let Some(body) = self.replay.prospect(&self.saved) else {
            return Err(refusal);
        };
        let count = ResendCount::of(self.head.extensions())
            .max(ResendCount::of(refusal.extensions()))
            .next();
        let mut request = self.head.request(body);
        count.mark(request.extensions_mut());
        let stage = match self.authorize.authorize_again(request, mark) {
            Step::Ready(request, mark) => {
                *next = Some(mark);
                Stage::readying(self.service, request)
            }
            Step::Skip(request) => Stage::readying(self.service, request),
            Step::Wait(wait) => Stage::waiting(wait, self.service),
            Step::Fail(error) => Stage::failed(error),
        };
        let method = self.head.method().clone();
        let again = Again::new(
            Refused::new(refusal, method, self.drain),
            self.replay,
            count,
        );
        Ok(Box::pin(Later::again(stage, again)))
    }
}
