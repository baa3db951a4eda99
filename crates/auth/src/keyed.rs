use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderName, Request, Response};
use outbound_http::{CrossOrigin, NoAuth};

use crate::live::Need;
use crate::route::{Place, Route};
use crate::{
    AuthError, Authorize, For, Generation, Scope, Step, Tokens, ValidFor, Verdict, WaitForToken,
};

/// [`Authorize`] that sends each request with the token of its tenant, or user: that of the key
/// in its extension [`For<K>`](For).
///
/// Each key has [`Tokens`] of its own, made by a closure when the key is first met, so that
/// nobody waits for another's fetch, and nobody gets another's token. The key must tell apart
/// everything that makes a token another one: tenant, scopes, audience, user.
///
/// At most [`capacity`](Self::capacity) keys are kept. Beyond that, those that were used least
/// recently are forgotten; met again, the closure makes new [`Tokens`] and these fetch again, even
/// while a fetch of the old ones is under way. A source that uses up its refresh tokens therefore
/// wants a capacity that is not reached, and a closure that begins with the refresh token which
/// was [persisted](crate::TokensBuilder::persist) last.
///
/// A request without a key fails with an [`AuthError`]; one marked
/// [`NoAuth`](outbound_http::NoAuth) needs none.
///
/// ```
/// use outbound_auth::{AuthLayer, For, Keyed, Scope, Token, Tokens, from_fn};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keyed = Keyed::new(Scope::origin("https://api.example.com")?, |tenant: &u32| {
///     let tenant = *tenant;
///     Tokens::new(from_fn(move |_| async move { Ok(Token::new(format!("of-{tenant}"))) }))
/// });
/// let layer = AuthLayer::new(keyed.clone()).replay();
///
/// let request = http::Request::get("https://api.example.com/v1").extension(For(7_u32)).body(())?;
/// # drop((layer, request));
/// # Ok(())
/// # }
/// ```
pub struct Keyed<K> {
    tenants: Arc<Tenants<K>>,
}

struct Tenants<K> {
    place: Place,
    make: Box<dyn Fn(&K) -> Tokens + Send + Sync>,
    capacity: usize,
    // Written only when a key is met for the first time.
    known: RwLock<HashMap<K, Tenant>>,
    uses: AtomicU64,
}

struct Tenant {
    /// Shared with each of its requests.
    route: Arc<Route>,
    /// The number of its last use.
    used: AtomicU64,
}

impl Keyed<()> {
    /// How many keys are kept, by default: 1,024.
    pub const DEFAULT_CAPACITY: usize = 1024;
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Keyed<K> {
    /// Sends tokens that `make` makes to `scope`, and to nowhere else.
    #[must_use]
    pub fn new(scope: Scope, make: impl Fn(&K) -> Tokens + Send + Sync + 'static) -> Self {
        Self::with(Place::new(scope), Keyed::DEFAULT_CAPACITY, make)
    }

    /// How many keys are kept, at least one. By default
    /// [`DEFAULT_CAPACITY`](Keyed::DEFAULT_CAPACITY).
    ///
    /// To be set before the first use: what was known is forgotten.
    #[must_use]
    pub fn capacity(self, capacity: usize) -> Self {
        let place = self.tenants.place.clone();
        Self::with(place, capacity.max(1), move |key| (self.tenants.make)(key))
    }

    /// Sends the token in the header `name`, rather than in `Authorization`.
    ///
    /// To be set before the first use: what was known is forgotten.
    #[must_use]
    pub fn header(self, name: HeaderName) -> Self {
        let (mut place, capacity) = (self.tenants.place.clone(), self.tenants.capacity);
        place.header = name;
        Self::with(place, capacity, move |key| (self.tenants.make)(key))
    }

    fn with(
        place: Place,
        capacity: usize,
        make: impl Fn(&K) -> Tokens + Send + Sync + 'static,
    ) -> Self {
        Self {
            tenants: Arc::new(Tenants {
                place,
                make: Box::new(make),
                capacity,
                known: RwLock::default(),
                uses: AtomicU64::new(0),
            }),
        }
    }

    /// The tokens of `key`: to refresh, invalidate or set them.
    ///
    /// Ask for them each time: those of a key that was forgotten meanwhile are no longer the ones
    /// which its requests carry.
    #[must_use]
    pub fn tokens(&self, key: &K) -> Tokens {
        self.tenants.route(key).tokens.clone()
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> usize {
        let known = self.tenants.known.read();
        known.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets `key`. Requests that carry its token are not disturbed.
    pub fn forget(&self, key: &K) {
        let known = self.tenants.known.write();
        known.unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl<K: Hash + Eq + Clone> Tenants<K> {
    fn route(&self, key: &K) -> Arc<Route> {
        let used = self.uses.fetch_add(1, Relaxed);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(tenant) = known.get(key) {
                tenant.used.store(used, Relaxed);
                return Arc::clone(&tenant.route);
            }
        }
        // The closure is the user's: it may take long, or panic.
        let made = Arc::new(Route {
            place: self.place.clone(),
            tokens: (self.make)(key),
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = known.get(key) {
            return Arc::clone(&tenant.route);
        }
        if known.len() >= self.capacity {
            Self::make_room(&mut known);
        }
        let tenant = Tenant {
            route: Arc::clone(&made),
            used: AtomicU64::new(used),
        };
        known.insert(key.clone(), tenant);
        made
    }

    /// Forgets the eighth that was not used for longest, so that the search is not made for each
    /// new key.
    fn make_room(known: &mut HashMap<K, Tenant>) {
        let mut uses: Vec<u64> = known
            .values()
            .map(|tenant| tenant.used.load(Relaxed))
            .collect();
        let at = uses.len() / 8;
        let (_, last, _) = uses.select_nth_unstable(at);
        let last = *last;
        known.retain(|_, tenant| tenant.used.load(Relaxed) > last);
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Keyed<K> {
    fn step<B>(&self, request: Request<B>, mut need: Need) -> Step<B, Generation, WaitForToken<B>> {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some()
            || request.headers().contains_key(&self.tenants.place.header)
        {
            return Step::Skip(request);
        }
        let strayed = extensions.get::<CrossOrigin>().is_some();
        let place = &self.tenants.place;
        if let Err(refusal) = place.scope.check(request.uri(), strayed) {
            return Step::Fail(place.refuse(&request, refusal));
        }
        let Some(For(key)) = extensions.get::<For<K>>() else {
            return Step::Fail(AuthError::unavailable(format!(
                "the request does not say whose token it is to carry; give it the extension For({})",
                type_name::<K>()
            )));
        };
        let mark = Generation {
            route: self.tenants.route(key),
            number: 0,
            again: false,
            is_cause: false,
        };
        need.valid_for = extensions.get().map(|ValidFor(wanted)| *wanted);
        mark.acquire(request, need)
    }
}

impl<K, B> Authorize<B> for Keyed<K>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
{
    type Mark = Generation;
    type Wait = WaitForToken<B>;

    fn authorize(&mut self, request: Request<B>) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, Need::default())
    }

    fn authorize_once(&mut self, request: Request<B>) -> Step<B, Generation, WaitForToken<B>> {
        self.step(request, Need::unrefused())
    }

    fn authorize_again(
        &mut self,
        request: Request<B>,
        mark: Generation,
    ) -> Step<B, Generation, WaitForToken<B>> {
        mark.acquire_again(request)
    }

    fn observe<RB>(mark: Generation, response: &Response<RB>) -> Verdict<Generation> {
        mark.observe(response)
    }
}

impl<K> Clone for Keyed<K> {
    fn clone(&self) -> Self {
        Self {
            tenants: Arc::clone(&self.tenants),
        }
    }
}

/// Without the keys.
impl<K> fmt::Debug for Keyed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("scope", &self.tenants.place.scope)
            .field("capacity", &self.tenants.capacity)
            .finish_non_exhaustive()
    }
}
