use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body::Body;
use outbound_http::{BoxError, EffectiveUri, NoAuth, Origin};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::memory::{Memory, Place, Plan};
use super::realm::Ask;
use super::source::{Account, RealmSource, Realms};
use crate::sources::exchange::Over;
use crate::{
    AuthError, Authorize, Bearer, Challenge, Generation, InvalidAuth, Scope, Step, Tokens, Verdict,
    WaitForToken, secret,
};

/// [`Authorize`] that answers token challenges as OCI registries pose them:
/// `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` (the distribution project's token
/// authentication specification).
///
/// A request goes out without a credential, is answered with a challenge, and is sent once more
/// with a token of that realm, service and scope; later requests to the same repository carry it
/// at once. Each scope has its own [`Tokens`]: fetched once for all who wait, renewed when it
/// expires. A challenge for another scope than the one a request came with is answered too; a
/// refusal of the very token that was asked for, or `insufficient_scope`, is not: the 401 is
/// handed out.
///
/// A server says in the realm where it wants the credentials sent. They go to its own origin, and
/// to those that [`realms`](Self::realms) lists; any other realm is not asked at all. The 401 is
/// handed out, and the [`ReplayError`](crate::ReplayError) in its extensions says why. A registry
/// that asks for `Basic`, and for no token, is given user and password itself.
///
/// ```
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # use http_body_util::Full;
/// use outbound_auth::{AuthLayer, Registry, Scope};
///
/// # fn main() -> Result<(), outbound_auth::InvalidAuth> {
/// # let client = tower::service_fn(|_: Request<Full<Bytes>>| async {
/// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default()))
/// # });
/// let registry = Registry::new(Scope::origin("https://registry-1.example.com")?, client)
///     .realms(Scope::origin("https://auth.example.com")?)
///     .credentials("user", "password")?;
/// let layer = AuthLayer::new(registry).replay();
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    scope: Scope,
    allowed: Scope,
    realms: Arc<Realms>,
    memory: Memory,
}

impl Registry {
    /// Answers the challenges of the registries in `scope`, over clones of `client`, and asks for
    /// tokens without user and password.
    ///
    /// `client` may be the client that the registry itself is asked over.
    #[must_use]
    pub fn new<C, B, RB>(scope: Scope, client: C) -> Self
    where
        C: Service<Request<B>, Response = Response<RB>> + Clone + Send + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send,
        B: From<Bytes> + Send + 'static,
        RB: Body + Send + 'static,
        RB::Data: Send,
        RB::Error: Into<BoxError>,
    {
        let allowed = scope.clone();
        let exchange = Arc::new(Over::<C, B>::new(client));
        Self::with(
            scope,
            allowed,
            Realms {
                exchange,
                account: None,
                fetches: AtomicU64::new(0),
            },
        )
    }

    /// Where tokens may be asked for, besides the origin of the registry that poses the challenge.
    /// By default the scope of the registries.
    #[must_use]
    pub fn realms(self, realms: Scope) -> Self {
        let Shared {
            scope,
            realms: asked,
            ..
        } = &*self.shared;
        Self::with(scope.clone(), realms, asked.again(asked.account.clone()))
    }

    /// Asks for tokens as `user`.
    ///
    /// # Errors
    ///
    /// If the user contains a colon, one of the two a control character, or both are empty.
    pub fn credentials(
        self,
        user: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<Self, InvalidAuth> {
        let Shared {
            scope,
            allowed,
            realms,
            ..
        } = &*self.shared;
        scope.check_usable()?;
        let (user, password) = (user.as_ref(), password.as_ref());
        let account = Account {
            basic: secret::basic(user, password)?,
            user: user.into(),
            password: password.into(),
        };
        Ok(Self::with(
            scope.clone(),
            allowed.clone(),
            realms.again(Some(account)),
        ))
    }

    fn with(scope: Scope, allowed: Scope, realms: Realms) -> Self {
        Self {
            shared: Arc::new(Shared {
                scope,
                allowed,
                realms: Arc::new(realms),
                memory: Memory::default(),
            }),
        }
    }

    /// How many tokens were fetched, of all scopes together.
    #[must_use]
    pub fn fetches(&self) -> u64 {
        self.shared.realms.fetches.load(Ordering::Relaxed)
    }

    /// What a challenge asks for; `None` if it is none that is answered here.
    fn plan(
        &self,
        challenges: &[Challenge],
        at: Option<&Origin>,
    ) -> Option<Result<Plan, AuthError>> {
        let shared = &*self.shared;
        let account = shared.realms.account.as_ref();
        let posed = |scheme| move |challenge: &&Challenge| challenge.is(scheme);
        if let Some(bearer) = challenges.iter().find(posed("Bearer")) {
            let user = account.map(|account| &*account.user);
            return Some(match Ask::of(bearer, at, &shared.allowed, user) {
                Ok(ask) => Ok(self.token(&ask)),
                Err(error) => Err(AuthError::unavailable(error)),
            });
        }
        // Never in the place of a token.
        let basic = challenges.iter().any(|challenge| challenge.is("Basic"));
        (basic && account.is_some()).then_some(Ok(Plan::Basic))
    }

    fn token(&self, ask: &Ask) -> Plan {
        let Shared {
            scope,
            realms,
            memory,
            ..
        } = &*self.shared;
        let token = memory.token(ask, || {
            let realms = Arc::clone(realms);
            let source = RealmSource {
                realms,
                ask: ask.clone(),
            };
            Bearer::new(scope.clone(), Tokens::new(source))
        });
        Plan::Token(token)
    }

    /// Lets a request in by `used`, which says what is to be used.
    fn follow<B>(
        &self,
        used: Used,
        mut request: Request<B>,
        place: Place,
        again: bool,
    ) -> Step<B, RegistryMark, WaitForRealm<B>> {
        let renewed = matches!(used, Used::Token(_, Some(_)));
        let mark = |used| RegistryMark {
            registry: self.clone(),
            place,
            used,
            again,
            renewed,
        };
        let (token, step) = match used {
            Used::Nothing => return Step::Ready(request, mark(Used::Nothing)),
            Used::Fault(error) => return Step::Fail(error),
            Used::Basic => {
                let account = self.shared.realms.account.as_ref();
                let basic = account.map(|account| (AUTHORIZATION, account.basic.clone()));
                request.headers_mut().extend(basic);
                return Step::Ready(request, mark(Used::Basic));
            }
            Used::Token(token, None) => {
                let step = token.1.clone().authorize(request);
                (token, step)
            }
            Used::Token(token, Some(generation)) => {
                let step = token.1.clone().authorize_again(request, generation);
                (token, step)
            }
        };
        match step {
            Step::Ready(request, generation) => {
                Step::Ready(request, mark(Used::Token(token, Some(generation))))
            }
            Step::Wait(wait) => Step::Wait(WaitForRealm {
                wait,
                mark: Some(mark(Used::Token(token, None))),
            }),
            Step::Skip(request) => Step::Skip(request),
            Step::Fail(error) => Step::Fail(error),
        }
    }

    fn refused<RB>(mark: RegistryMark, response: &Response<RB>) -> Verdict<RegistryMark> {
        let challenges = Challenge::from_headers(response.headers(), &WWW_AUTHENTICATE);
        let origin = mark.place.origin.as_ref();
        let plan = mark.registry.plan(&challenges, origin);
        let insufficient = challenges
            .iter()
            .any(|challenge| challenge.get("error") == Some("insufficient_scope"));
        let next = match (mark.used, plan) {
            // What was asked for was obtained, and is refused nevertheless.
            (Used::Token(_, Some(generation)), _) if mark.again => {
                if mark.renewed {
                    // It counts what its fetches were good for.
                    <Bearer as Authorize<()>>::observe(generation, response);
                }
                return Verdict::Keep;
            }
            _ if mark.again => return Verdict::Keep,
            (Used::Token(token, Some(generation)), plan) => match plan {
                Some(Ok(Plan::Token(asked))) if asked.0 != token.0 => {
                    let plan = Plan::Token(asked);
                    mark.registry
                        .shared
                        .memory
                        .put(mark.place.clone(), plan.clone());
                    Used::from(plan)
                }
                Some(Err(error)) => Used::Fault(error),
                // Another token of the same scope is worth no more.
                _ if insufficient => return Verdict::Keep,
                // The token is at its end.
                _ => match <Bearer as Authorize<()>>::observe(generation, response) {
                    Verdict::Keep => return Verdict::Keep,
                    Verdict::Replay(generation) => Used::Token(token, Some(generation)),
                },
            },
            (Used::Nothing, Some(Ok(plan))) | (Used::Basic, Some(Ok(plan @ Plan::Token(_)))) => {
                mark.registry
                    .shared
                    .memory
                    .put(mark.place.clone(), plan.clone());
                Used::from(plan)
            }
            (Used::Nothing, Some(Err(error))) => Used::Fault(error),
            _ => return Verdict::Keep,
        };
        Verdict::Replay(RegistryMark { used: next, ..mark })
    }
}

impl From<Plan> for Used {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Basic => Self::Basic,
            Plan::Token(token) => Self::Token(token, None),
        }
    }
}

impl Realms {
    fn again(&self, account: Option<Account>) -> Self {
        Self {
            exchange: Arc::clone(&self.exchange),
            account,
            fetches: AtomicU64::new(0),
        }
    }
}

/// [`Authorize::Mark`] of [`Registry`]: what an attempt carried, or is to carry.
pub struct RegistryMark {
    registry: Registry,
    place: Place,
    used: Used,
    again: bool,
    /// Whether its token was fetched because the one before it was refused.
    renewed: bool,
}

enum Used {
    Nothing,
    Basic,
    /// With the generation that was used, or that was refused.
    Token(Arc<(Ask, Bearer)>, Option<Generation>),
    /// There is to be no other attempt.
    Fault(AuthError),
}

impl<B> Authorize<B> for Registry {
    type Mark = RegistryMark;
    type Wait = WaitForRealm<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, RegistryMark, WaitForRealm<B>> {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some() || request.headers().contains_key(AUTHORIZATION) {
            return Step::Skip(request);
        }
        if let Err(error) = self.shared.scope.admit(&request) {
            return Step::Fail(error);
        }
        let place = Place::of(&request);
        let plan = self.shared.memory.plan(&place);
        let used = plan.map_or(Used::Nothing, Used::from);
        self.follow(used, request, place, false)
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: RegistryMark,
    ) -> Step<B, RegistryMark, WaitForRealm<B>> {
        self.follow(mark.used, request, mark.place, true)
    }

    fn observe<RB>(mark: RegistryMark, response: &Response<RB>) -> Verdict<RegistryMark> {
        // Redirected beneath: somebody else's challenge is not answered.
        let answered_by = response.extensions().get::<EffectiveUri>();
        let elsewhere = |uri: &EffectiveUri| Origin::of(&uri.0) != mark.place.origin;
        if answered_by.is_some_and(elsewhere) {
            return Verdict::Keep;
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            return Self::refused(mark, response);
        }
        if let Used::Token(_, Some(generation)) = mark.used {
            // As above.
            <Bearer as Authorize<()>>::observe(generation, response);
        }
        Verdict::Keep
    }
}

pin_project! {
    /// [`Authorize::Wait`] of [`Registry`]: waits for the realm's token.
    ///
    /// # Cancellation
    ///
    /// Dropping it disturbs neither the fetch nor the others who wait.
    pub struct WaitForRealm<B> {
        #[pin]
        wait: WaitForToken<B>,
        mark: Option<RegistryMark>,
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

/// Without the credentials.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("scope", &self.shared.scope)
            .field("realms", &self.shared.allowed)
            .field("fetches", &self.fetches())
            .finish_non_exhaustive()
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
