use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use outbound_http::Origin;

use super::memory::{Memory, Plan};
use super::realm::Ask;
use super::source::{Account, RealmSource, Realms};
use crate::sources::exchange::{Over, TokenClient};
use crate::{AuthError, Bearer, Challenge, InvalidAuth, Scope, Tokens, secret};

/// [`Authorize`](crate::Authorize) that answers token challenges as OCI registries pose them:
/// `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` (the distribution project's token
/// authentication specification).
///
/// A request goes out without a credential, is answered with a challenge, and is sent once more
/// with a token of that realm, service and scope; later requests to the same repository carry it
/// at once. Each registry and each scope has its own [`Tokens`]: fetched once for all who wait,
/// renewed when it expires, and sent to no other registry. A challenge for another scope than the
/// one a request came with is answered too; a refusal of the very token that was asked for, or
/// `insufficient_scope`, is not: the 401 is handed out. Where three such tokens in a row were
/// refused, another scope is asked for only once in
/// [`Tokens::MIN_REJECTION_PAUSE`](crate::Tokens::MIN_REJECTION_PAUSE), doubled up to
/// [`Tokens::MAX_REJECTION_PAUSE`](crate::Tokens::MAX_REJECTION_PAUSE).
///
/// A server says in the realm where it wants the credentials sent. They go to its own origin, and
/// to those that [`realms`](Self::realms) lists; any other realm is not asked at all. The 401 is
/// handed out, and the [`ReplayError`](crate::ReplayError) in its extensions says why. A registry
/// that asks for `Basic`, and for no token, is given user and password itself.
///
/// What a challenge says of service and scope is believed: a registry in the scope can ask for a
/// token that another one accepts, if they share a realm, and gets one of its own. Registries that
/// must not act for each other want a `Registry` each, with an account each.
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
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) scope: Scope,
    allowed: Scope,
    pub(super) realms: Arc<Realms>,
    pub(super) memory: Memory,
}

impl Registry {
    /// Answers the challenges of the registries in `scope`, over clones of `client`, and asks for
    /// tokens without user and password.
    ///
    /// `client` may be the client that the registry itself is asked over.
    #[must_use]
    pub fn new<C, B>(scope: Scope, client: C) -> Self
    where
        C: TokenClient<B>,
        B: From<Bytes> + Send + 'static,
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
    pub(super) fn plan(
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
