use std::fmt;
use std::future::Ready;
use std::sync::Arc;

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue, Request};
use outbound_http::{CrossOrigin, NoAuth};

use crate::scope::Refusal;
use crate::{AuthError, Authorize, InvalidAuth, Scope, Step, query};
use crate::{event, header};

/// A credential that never changes, confined to its scope.
///
/// Made by the constructors of [`AuthLayer`](crate::AuthLayer).
#[derive(Clone)]
pub struct StaticCredential {
    shared: Arc<Shared>,
}

struct Shared {
    scope: Scope,
    secret: Secret,
}

enum Secret {
    Header {
        name: HeaderName,
        value: HeaderValue,
    },
    Query {
        name: Box<str>,
        pair: Box<str>,
    },
}

/// What the scope and the request's marks say.
enum Decision {
    Add,
    Leave,
    Refuse(AuthError),
}

impl StaticCredential {
    pub(crate) fn header(
        scope: Scope,
        name: HeaderName,
        value: HeaderValue,
    ) -> Result<Self, InvalidAuth> {
        Self::new(scope, Secret::Header { name, value })
    }

    pub(crate) fn query(scope: Scope, name: &str, value: &str) -> Result<Self, InvalidAuth> {
        let pair = query::pair(name, value).into();
        let name = name.into();
        Self::new(scope, Secret::Query { name, pair })
    }

    fn new(scope: Scope, secret: Secret) -> Result<Self, InvalidAuth> {
        scope.check_usable()?;
        let shared = Arc::new(Shared { scope, secret });
        Ok(Self { shared })
    }

    pub(crate) fn proxy(self) -> Self {
        let secret = match &self.shared.secret {
            Secret::Header { name, value } if name == AUTHORIZATION => Secret::Header {
                name: PROXY_AUTHORIZATION,
                value: value.clone(),
            },
            _ => return self,
        };
        let scope = self.shared.scope.clone();
        Self {
            shared: Arc::new(Shared { scope, secret }),
        }
    }

    /// Adds the credential if the request may carry it; otherwise leaves it as it is.
    #[inline]
    pub(crate) fn add_within_scope<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions();
        if !extensions.is_empty()
            && (extensions.get::<NoAuth>().is_some() || extensions.get::<CrossOrigin>().is_some())
        {
            return;
        }
        if self.shared.scope.contains(request.uri()) {
            let _ = self.add(request);
        } else if !self.is_present(request) {
            event::withheld(request.uri());
        }
    }

    fn decide<B>(&self, request: &Request<B>) -> Decision {
        let extensions = request.extensions();
        if extensions.get::<NoAuth>().is_some() || self.is_present(request) {
            return Decision::Leave;
        }
        let scope = &self.shared.scope;
        match scope.check(request.uri(), extensions.get::<CrossOrigin>().is_some()) {
            Ok(()) => Decision::Add,
            Err(refusal) => Decision::Refuse(self.refuse(request, refusal)),
        }
    }

    #[cold]
    fn refuse<B>(&self, request: &Request<B>, refusal: Refusal) -> AuthError {
        AuthError::out_of_scope(refusal, request.uri(), self.shared.scope.clone())
    }

    /// Whether the caller put a credential of their own there.
    fn is_present<B>(&self, request: &Request<B>) -> bool {
        match &self.shared.secret {
            Secret::Header { name, .. } => request.headers().contains_key(name),
            // An answer's next-link often repeats the parameter, and not always the value.
            Secret::Query { .. } => false,
        }
    }

    /// Adds it, unless the caller put a header there, or the URI can have no query. Whether it
    /// did.
    #[inline(always)]
    fn add<B>(&self, request: &mut Request<B>) -> bool {
        match &self.shared.secret {
            Secret::Header { name, value } => header::add(request.headers_mut(), name, value),
            Secret::Query { name, pair } => {
                let Some(uri) = query::with_pair(request.uri(), name, pair) else {
                    return false;
                };
                *request.uri_mut() = uri;
                true
            }
        }
    }
}

/// The strict form: out of scope is an error.
impl<B> Authorize<B> for StaticCredential {
    type Mark = ();
    type Wait = Ready<Result<(Request<B>, ()), AuthError>>;

    #[inline(always)]
    fn authorize_at_once(&mut self, request: &mut Request<B>) -> Option<()> {
        let Shared { scope, secret } = &*self.shared;
        let Secret::Header { name, value } = secret else {
            return None;
        };
        if !request.extensions().is_empty() || scope.check(request.uri(), false).is_err() {
            return None;
        }
        header::add(request.headers_mut(), name, value).then_some(())
    }

    fn authorize(&mut self, mut request: Request<B>) -> Step<B, (), Self::Wait> {
        match self.decide(&request) {
            Decision::Add if self.add(&mut request) => Step::Ready(request, ()),
            // No header of the caller's is there: it is the query that cannot be added.
            Decision::Add => Step::Fail(self.refuse(&request, Refusal::NoQuery)),
            Decision::Leave => Step::Skip(request),
            Decision::Refuse(error) => Step::Fail(error),
        }
    }
}

/// Shows where the credential goes, and not what it is.
impl fmt::Debug for StaticCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("StaticCredential");
        match &self.shared.secret {
            Secret::Header { name, .. } => debug.field("header", name),
            Secret::Query { name, .. } => debug.field("query", name),
        };
        debug
            .field("scope", &self.shared.scope)
            .finish_non_exhaustive()
    }
}
