use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use outbound_http::{CrossOrigin, EffectiveUri, NoAuth};
use pin_project_lite::pin_project;

use crate::flight::Waiter;
use crate::tokens::Acquired;
use crate::{AuthError, Authorize, Scope, Step, Tokens, Verdict};

/// [`Authorize`] that sends a fetched token as `Authorization: Bearer` (RFC 6750, section 2.1).
///
/// A 401 condemns the token that was used, unless it has a successor already, and asks for one
/// further attempt. A 401 on that attempt is handed out, and condemns nothing: a token that is
/// refused while it is fresh is not the cause. Other statuses, 403 among them, are never taken
/// for a matter of the token.
#[derive(Clone, Debug)]
pub struct Bearer {
    scope: Scope,
    tokens: Tokens,
}

/// [`Authorize::Mark`] of [`Bearer`]: which token an attempt carried.
#[derive(Clone, Debug)]
pub struct Generation {
    bearer: Bearer,
    number: u64,
    again: bool,
}

impl Bearer {
    /// Sends a token of `tokens` to `scope`, and to nowhere else.
    #[must_use]
    pub const fn new(scope: Scope, tokens: Tokens) -> Self {
        Self { scope, tokens }
    }

    fn step<B>(
        &self,
        mut request: Request<B>,
        again: bool,
    ) -> Step<B, Generation, WaitForToken<B>> {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some() || request.headers().contains_key(AUTHORIZATION) {
            return Step::Skip(request);
        }
        let strayed = extensions.get::<CrossOrigin>().is_some();
        if let Err(refusal) = self.scope.check(request.uri(), strayed) {
            let scope = self.scope.clone();
            return Step::Fail(AuthError::out_of_scope(refusal, request.uri(), scope));
        }
        let resending = again.then(|| self.tokens.clone());
        match self.tokens.acquire() {
            Acquired::Now(lease) => {
                add(&mut request, lease.value, resending.as_ref());
                let mark = Generation {
                    bearer: self.clone(),
                    number: lease.generation,
                    again,
                };
                Step::Ready(request, mark)
            }
            Acquired::Later(waiter) => Step::Wait(WaitForToken {
                waiter,
                request: Some(request),
                bearer: self.clone(),
                again,
            }),
        }
    }
}

impl<B> Authorize<B> for Bearer {
    type Mark = Generation;
    type Wait = WaitForToken<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, false)
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        _: Generation,
    ) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, true)
    }

    fn observe<RB>(mark: Generation, response: &Response<RB>) -> Verdict<Generation> {
        if response.status() != StatusCode::UNAUTHORIZED || mark.again {
            return Verdict::Keep;
        }
        // Redirected beneath: somebody else refused what was not meant for them.
        let answered_by = response.extensions().get::<EffectiveUri>();
        if answered_by.is_some_and(|uri| !mark.bearer.scope.contains(&uri.0)) {
            return Verdict::Keep;
        }
        mark.bearer.tokens.condemn(mark.number);
        Verdict::Replay(mark)
    }
}

pin_project! {
    /// [`Authorize::Wait`] of [`Bearer`]: waits for the fetch that is under way.
    ///
    /// # Cancellation
    ///
    /// Dropping it disturbs neither the fetch nor the others who wait.
    pub struct WaitForToken<B> {
        #[pin]
        waiter: Waiter,
        request: Option<Request<B>>,
        bearer: Bearer,
        again: bool,
    }
}

impl<B> Future for WaitForToken<B> {
    type Output = Result<(Request<B>, Generation), AuthError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let lease = ready!(this.waiter.poll(cx)).map_err(AuthError::shared)?;
        let mut request = this.request.take().expect("polled after completion");
        let resending = this.again.then_some(&this.bearer.tokens);
        add(&mut request, lease.value, resending);
        let mark = Generation {
            bearer: this.bearer.clone(),
            number: lease.generation,
            again: *this.again,
        };
        Poll::Ready(Ok((request, mark)))
    }
}

fn add<B>(request: &mut Request<B>, value: HeaderValue, resending: Option<&Tokens>) {
    request.headers_mut().insert(AUTHORIZATION, value);
    if let Some(tokens) = resending {
        tokens.count_resend();
    }
}

impl<B> fmt::Debug for WaitForToken<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForToken").finish_non_exhaustive()
    }
}
