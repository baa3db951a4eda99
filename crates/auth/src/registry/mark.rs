use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;

use super::config::Registry;
use super::memory::{Place, Plan};
use super::realm::Ask;
use crate::{AuthError, Bearer, Generation, WaitForToken};

/// [`Authorize::Mark`](crate::Authorize::Mark) of [`Registry`]: what an attempt carried, or is to carry.
pub struct RegistryMark {
    pub(super) registry: Registry,
    pub(super) place: Place,
    pub(super) used: Used,
    pub(super) again: bool,
    /// Whether its token was fetched because the one before it was refused.
    pub(super) renewed: bool,
}

pub(super) enum Used {
    Nothing,
    Basic,
    /// With the generation that was used, or that was refused.
    Token(Arc<(Ask, Bearer)>, Option<Generation>),
    /// There is to be no other attempt.
    Fault(AuthError),
}

impl From<Plan> for Used {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Basic => Self::Basic,
            Plan::Token(token) => Self::Token(token, None),
        }
    }
}

pin_project! {
    /// [`Authorize::Wait`](crate::Authorize::Wait) of [`Registry`]: waits for the realm's token.
    ///
    /// # Cancellation
    ///
    /// Dropping it disturbs neither the fetch nor the others who wait.
    pub struct WaitForRealm<B> {
        #[pin]
        pub(super) wait: WaitForToken<B>,
        pub(super) mark: Option<RegistryMark>,
    }
}

impl<B> Future for WaitForRealm<B> {
    type Output = Result<(Request<B>, RegistryMark), AuthError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (request, generation) = ready!(this.wait.poll(cx))?;
        let mut mark = this.mark.take().expect("polled after completion");
        if let Used::Token(_, used) = &mut mark.used {
            *used = Some(generation);
        }
        Poll::Ready(Ok((request, mark)))
    }
}

impl fmt::Debug for RegistryMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryMark")
            .field("origin", &self.place.origin)
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for WaitForRealm<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForRealm").finish_non_exhaustive()
    }
}
