use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::PROXY_AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use outbound_http::{CrossOrigin, NoAuth};
use pin_project_lite::pin_project;

use crate::answered_by::answered_by;
use crate::engine::{Answer, Outlook};
use crate::fetched::Acquired;
use crate::header;
use crate::held::Held;
use crate::judgement::is_judgement;
use crate::live::Need;
use crate::route::{Place, Route};
use crate::waiter::Waiter;
use crate::{AuthError, Authorize, Scope, Step, Tokens, ValidFor, Verdict};

/// [`Authorize`] that sends a fetched token as `Authorization: Bearer` (RFC 6750, section 2.1).
///
/// A 401 condemns the token that was used, unless it has a successor already, and asks for one
/// further attempt. A 401 on that attempt is handed out, and condemns nothing: a token that is
/// refused while it is fresh is not the cause. Other statuses, 403 among them, are never taken
/// for a matter of the token. Which challenges the 401 poses makes no difference, unless
/// [`heed_challenges`](Self::heed_challenges) says so.
#[derive(Clone)]
pub struct Bearer {
    route: Arc<Route>,
    held: Held,
}

/// [`Authorize::Mark`] of [`Bearer`]: which token an attempt carried.
#[derive(Clone)]
pub struct Generation {
    pub(crate) route: Arc<Route>,
    pub(crate) number: u64,
    pub(crate) again: bool,
    /// Whether the renewal was made because this request was refused.
    pub(crate) is_cause: bool,
}

impl Bearer {
    /// Sends a token of `tokens` to `scope`, and to nowhere else.
    #[must_use]
    pub fn new(scope: Scope, tokens: Tokens) -> Self {
        let place = Place::new(scope);
        Self {
            route: Arc::new(Route { place, tokens }),
            held: Held::default(),
        }
    }

    /// Sends it in the header `name`, rather than in `Authorization`; the token alone, if
    /// [`TokensBuilder::prefix`](crate::TokensBuilder::prefix) is empty.
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        Arc::make_mut(&mut self.route).place.header = name;
        self
    }

    /// Sends it to a proxy: in `Proxy-Authorization`, and a 407 refuses it rather than a 401 (RFC
    /// 9110, section 11.7).
    #[must_use]
    pub fn proxy(mut self) -> Self {
        let place = &mut Arc::make_mut(&mut self.route).place;
        place.header = PROXY_AUTHORIZATION;
        place.refused = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        self
    }

    #[cold]
    fn look_and_add(&mut self, headers: &mut HeaderMap) -> Option<Generation> {
        let lease = self.held.look(&mut self.route)?;
        header::add(headers, &self.route.place.header, &lease.value)
            .then(|| self.mark(lease.generation))
    }

    /// Takes a 401 for a matter of the token only if it asks for `Bearer`, or for nothing: one that
    /// asks for other schemes alone, as a proxy's login page does, is handed out, and condemns
    /// nothing (RFC 9110, section 11.6.1).
    #[must_use]
    pub fn heed_challenges(mut self) -> Self {
        Arc::make_mut(&mut self.route).place.heeds_challenges = true;
        self
    }

    fn step<B>(&self, request: Request<B>, mut need: Need) -> Step<B, Generation, WaitForToken<B>> {
        let place = &self.route.place;
        let mut strayed = false;
        let extensions = request.extensions();
        if !extensions.is_empty() {
            if extensions.get::<NoAuth>().is_some() {
                return Step::Skip(request);
            }
            strayed = extensions.get::<CrossOrigin>().is_some();
            need.valid_for = extensions.get().map(|ValidFor(wanted)| *wanted);
        }
        if let Err(refusal) = place.scope.check(request.uri(), strayed) {
            if request.headers().contains_key(&place.header) {
                return Step::Skip(request);
            }
            return Step::Fail(place.refuse(&request, refusal));
        }
        if request.headers().contains_key(&place.header) {
            return Step::Skip(request);
        }
        self.mark(0).acquire(request, need)
    }

    fn mark(&self, number: u64) -> Generation {
        Generation {
            route: Arc::clone(&self.route),
            number,
            again: false,
            is_cause: false,
        }
    }
}

impl<B> Authorize<B> for Bearer {
    type Mark = Generation;
    type Wait = WaitForToken<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, Need::default())
    }

    fn authorize_once(&mut self, request: Request<B>) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, Need::unrefused())
    }

    #[inline(always)]
    fn authorize_at_once(&mut self, request: &mut Request<B>) -> Option<Generation> {
        let place = &self.route.place;
        let extensions = request.extensions();
        if !extensions.is_empty() && is_marked(extensions)
            || place.scope.check(request.uri(), false).is_err()
        {
            return None;
        }
        let Some((number, value)) = self.held.copy(&self.route) else {
            return self.look_and_add(request.headers_mut());
        };
        if !header::add(request.headers_mut(), &place.header, value) {
            return None;
        }
        Some(self.mark(number))
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: Generation,
    ) -> Step<B, Generation, WaitForToken<B>> {
        mark.acquire_again(request)
    }

    #[inline(always)]
    fn observe<RB>(mark: Generation, response: &Response<RB>) -> Verdict<Generation> {
        mark.observe(response)
    }
}

/// Whether a request says something that takes a closer look.
fn is_marked(extensions: &Extensions) -> bool {
    extensions.get::<NoAuth>().is_some()
        || extensions.get::<CrossOrigin>().is_some()
        || extensions.get::<ValidFor>().is_some()
}

impl Generation {
    /// The way that takes longer: through the engine.
    pub(crate) fn acquire<B>(
        mut self,
        mut request: Request<B>,
        need: Need,
    ) -> Step<B, Self, WaitForToken<B>> {
        match self.route.tokens.acquire(need) {
            Acquired::Now(lease) => {
                self.number = lease.generation;
                self.add(&mut request, lease.value.clone());
                Step::Ready(request, self)
            }
            Acquired::Later(waiter) => Step::Wait(WaitForToken {
                waiter,
                request: Some((request, self)),
            }),
            Acquired::Failed(error) => Step::Fail(AuthError::shared(error)),
        }
    }

    pub(crate) fn acquire_again<B>(
        mut self,
        request: Request<B>,
    ) -> Step<B, Self, WaitForToken<B>> {
        self.again = true;
        let need = Need {
            after: Some(self.number),
            unrefused: true,
            valid_for: request.extensions().get().map(|ValidFor(wanted)| *wanted),
        };
        self.acquire(request, need)
    }

    fn add<B>(&self, request: &mut Request<B>, value: HeaderValue) {
        request
            .headers_mut()
            .insert(&self.route.place.header, value);
        if self.again {
            self.route.tokens.count_resend();
        }
    }

    #[inline(always)]
    pub(crate) fn observe<RB>(self, response: &Response<RB>) -> Verdict<Self> {
        if response.status() == self.route.place.refused {
            return self.refused(response);
        }
        if (self.again || self.route.tokens.engine().is_watching()) && is_judgement(response) {
            if self.again {
                let accepted = Answer::Accepted {
                    by_cause: self.is_cause,
                };
                self.route.tokens.engine().replayed(self.number, accepted);
            } else {
                self.route.tokens.engine().accepted();
            }
        }
        Verdict::Keep
    }

    #[cold]
    fn refused<RB>(self, response: &Response<RB>) -> Verdict<Self> {
        // Redirected beneath: somebody else refused what was not meant for them.
        let scope = &self.route.place.scope;
        if answered_by(response.extensions()).is_some_and(|uri| !scope.contains(uri)) {
            return Verdict::Keep;
        }
        if self.route.place.asks_for_others(response.headers()) {
            return Verdict::Keep;
        }
        if self.again {
            self.route
                .tokens
                .engine()
                .replayed(self.number, Answer::Refused);
            return Verdict::Keep;
        }
        match self.route.tokens.rejected(self.number) {
            Outlook::None => Verdict::Keep,
            outlook => Verdict::Replay(Self {
                is_cause: outlook == Outlook::Renewal,
                ..self
            }),
        }
    }
}

pin_project! {
    /// [`Authorize::Wait`] of [`Bearer`] and [`Keyed`](crate::Keyed): waits for the fetch that is
    /// under way.
    ///
    /// # Cancellation
    ///
    /// Dropping it disturbs neither the fetch nor the others who wait.
    pub struct WaitForToken<B> {
        #[pin]
        waiter: Waiter,
        request: Option<(Request<B>, Generation)>,
    }
}

impl<B> Future for WaitForToken<B> {
    type Output = Result<(Request<B>, Generation), AuthError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let lease = ready!(this.waiter.poll(cx)).map_err(AuthError::shared)?;
        let (mut request, mut mark) = this.request.take().expect("polled after completion");
        mark.number = lease.generation;
        mark.add(&mut request, lease.value.clone());
        Poll::Ready(Ok((request, mark)))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("header", &self.route.place.header)
            .field("scope", &self.route.place.scope)
            .field("tokens", &self.route.tokens)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for WaitForToken<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForToken").finish_non_exhaustive()
    }
}
