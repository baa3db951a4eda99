use std::fmt;
use std::sync::Arc;

use http::Uri;
use outbound_http::Origin;

use crate::InvalidAuth;

/// Where a credential may be sent.
///
/// Every credential has one, because a credential that follows a redirect, a next-link or a
/// rewritten URI to another host is the commonest way to lose it. An origin is a scheme, a host
/// and an effective port (RFC 6454, section 4); all three have to match.
///
/// Plain `http` is refused even to an origin that is listed, unless it is this machine
/// (`localhost`, a loopback address) or [`allow_http`](Self::allow_http) was asked for. A
/// request whose URI has no authority is out of every scope but [`any`](Self::any).
///
/// ```
/// use outbound_auth::Scope;
///
/// let scope = Scope::origin("https://api.example.com")?.and("https://files.example.com")?;
/// assert!(scope.contains(&"https://api.example.com:443/v1".parse()?));
/// assert!(!scope.contains(&"https://api.example.com:8443/v1".parse()?));
/// assert!(!scope.contains(&"http://api.example.com/v1".parse()?));
/// assert!(!scope.contains(&"/v1".parse()?));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Scope {
    // Shared: services are cloned for each connection or request, their scope never changes.
    origins: Arc<Vec<Origin>>,
    /// How the authority of nearly every request is written: that of the first https origin, or
    /// else [`NO_AUTHORITY`].
    usual: Arc<str>,
    any: bool,
    http: bool,
}

/// What no authority is.
const NO_AUTHORITY: &str = "/";

/// Why a request may not carry the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Outside,
    PlainHttp,
    NoOrigin,
    /// The credential is a query parameter, and the URI cannot have one.
    NoQuery,
}

impl Scope {
    /// One origin, written `https://api.example.com` or `https://api.example.com:8443`.
    ///
    /// # Errors
    ///
    /// If `origin` is none: it has a user, a path or a query, or no host or scheme.
    pub fn origin(origin: &str) -> Result<Self, InvalidAuth> {
        Self::empty().and(origin)
    }

    /// Several origins.
    ///
    /// # Errors
    ///
    /// If one of them is none, or if there are no origins at all.
    pub fn origins<I>(origins: I) -> Result<Self, InvalidAuth>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let scope = origins
            .into_iter()
            .try_fold(Self::empty(), |scope, origin| scope.and(origin.as_ref()))?;
        if scope.origins.is_empty() {
            return Err(InvalidAuth::new("a scope needs at least one origin"));
        }
        Ok(scope)
    }

    /// Wherever the request goes, a URI without an authority included.
    ///
    /// For tests against an in-process router, and for clients whose every URI is a constant.
    /// A request that another layer marked [`CrossOrigin`](outbound_http::CrossOrigin) is still
    /// refused.
    #[must_use]
    pub fn any() -> Self {
        Self {
            any: true,
            ..Self::empty()
        }
    }

    /// Widens the scope by an origin.
    ///
    /// # Errors
    ///
    /// As [`origin`](Self::origin).
    pub fn and(self, origin: &str) -> Result<Self, InvalidAuth> {
        let origin = origin.parse().map_err(|_| {
            InvalidAuth::new(
                "not an origin: write scheme://host or scheme://host:port, without user, path or query",
            )
        })?;
        Ok(self.with(origin))
    }

    /// Permits plain `http` to hosts other than this machine: whoever is on the way can read
    /// the credential. Of [`any`](Self::any) the target of a CONNECT is then a part, too, of whose
    /// encryption nothing is known.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.http = true;
        self
    }

    /// Whether a request for `uri` may carry the credential.
    #[must_use]
    #[inline]
    pub fn contains(&self, uri: &Uri) -> bool {
        self.check(uri, false).is_ok()
    }

    /// `strayed`: the request left the origin that its caller named, so that only an origin
    /// which is listed will do.
    #[inline]
    pub(crate) fn check(&self, uri: &Uri, strayed: bool) -> Result<(), Refusal> {
        let is_usual = uri.scheme_str() == Some("https")
            && uri.authority().is_some_and(|authority| {
                same(authority.as_str().as_bytes(), self.usual.as_bytes())
            });
        if is_usual {
            Ok(())
        } else {
            self.check_otherwise(uri, strayed)
        }
    }

    fn check_otherwise(&self, uri: &Uri, strayed: bool) -> Result<(), Refusal> {
        if let Some(origin) = self.origins.iter().find(|origin| origin.contains(uri)) {
            return self.check_encrypted(origin);
        }
        if uri.authority().is_none() {
            let allowed = self.any && !strayed;
            return allowed.then_some(()).ok_or(Refusal::NoOrigin);
        }
        if !self.any || strayed {
            return Err(Refusal::Outside);
        }
        if uri.scheme_str() == Some("https") {
            return Ok(()); // without building an origin, which allocates
        }
        match Origin::of(uri) {
            Some(origin) => self.check_encrypted(&origin),
            // A CONNECT has an authority but no scheme: nothing is known about its encryption.
            None if self.http && uri.scheme().is_none() => Ok(()),
            None => Err(Refusal::NoOrigin),
        }
    }

    fn check_encrypted(&self, origin: &Origin) -> Result<(), Refusal> {
        let allowed = self.http || origin.is_secure() || origin.is_loopback();
        allowed.then_some(()).ok_or(Refusal::PlainHttp)
    }

    /// Fails early where a later request could only be refused.
    pub(crate) fn check_usable(&self) -> Result<(), InvalidAuth> {
        self.origins
            .iter()
            .try_for_each(|origin| self.check_encrypted(origin))
            .map_err(|_| {
                InvalidAuth::new(
                    "the scope lists a plain http origin that is not this machine: use https, or say Scope::allow_http()",
                )
            })
    }

    fn with(mut self, origin: Origin) -> Self {
        if &*self.usual == NO_AUTHORITY && origin.scheme() == "https" {
            let written = origin.to_string();
            self.usual = written.trim_start_matches("https://").into();
        }
        Arc::make_mut(&mut self.origins).push(origin);
        self
    }

    fn empty() -> Self {
        Self {
            origins: Arc::default(),
            usual: NO_AUTHORITY.into(),
            any: false,
            http: false,
        }
    }
}

impl From<Origin> for Scope {
    fn from(origin: Origin) -> Self {
        Self::empty().with(origin)
    }
}

/// Whether two texts are the same. Those of up to 16 bytes, which is most hosts, take two
/// comparisons and no call.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if one.len() <= 16 {
        if let (Some(head), Some(tail)) = (one.first_chunk::<8>(), one.last_chunk::<8>()) {
            return Some(head) == other.first_chunk() && Some(tail) == other.last_chunk();
        }
    }
    one == other
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("origins", &self.origins)
            .field("any", &self.any)
            .field("http", &self.http)
            .finish()
    }
}

/// The origins, separated by commas.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.any {
            f.write_str("any origin")?;
            separator = ", ";
        }
        for origin in self.origins.iter() {
            write!(f, "{separator}{origin}")?;
            separator = ", ";
        }
        Ok(())
    }
}
