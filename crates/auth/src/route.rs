use http::header::{AUTHORIZATION, PROXY_AUTHENTICATE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, Request, StatusCode};

use crate::scope::Refusal;
use crate::{AuthError, Challenge, Scope, Tokens};

/// Which token goes where, and what refuses it.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) place: Place,
    pub(crate) tokens: Tokens,
}

/// Where a token goes, and what refuses it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) header: HeaderName,
    pub(crate) refused: StatusCode,
    pub(crate) heeds_challenges: bool,
}

impl Place {
    pub(crate) const fn new(scope: Scope) -> Self {
        Self {
            scope,
            header: AUTHORIZATION,
            refused: StatusCode::UNAUTHORIZED,
            heeds_challenges: false,
        }
    }

    /// Whether a refusal asks for other schemes, and not for this one.
    pub(crate) fn asks_for_others(&self, headers: &HeaderMap) -> bool {
        let name = match self.refused {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => PROXY_AUTHENTICATE,
            _ => WWW_AUTHENTICATE,
        };
        self.heeds_challenges && {
            let challenges = Challenge::from_headers(headers, &name);
            !challenges.is_empty() && !challenges.iter().any(|challenge| challenge.is("Bearer"))
        }
    }

    #[cold]
    pub(crate) fn refuse<B>(&self, request: &Request<B>, refusal: Refusal) -> AuthError {
        AuthError::out_of_scope(refusal, request.uri(), self.scope.clone())
    }
}
