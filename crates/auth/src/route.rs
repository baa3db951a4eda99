use http::header::AUTHORIZATION;
use http::{HeaderName, Request, StatusCode};

use crate::scope::Refusal;
use crate::{AuthError, Scope, Tokens};

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
}

impl Place {
    pub(crate) const fn new(scope: Scope) -> Self {
        Self {
            scope,
            header: AUTHORIZATION,
            refused: StatusCode::UNAUTHORIZED,
        }
    }

    #[cold]
    pub(crate) fn refuse<B>(&self, request: &Request<B>, refusal: Refusal) -> AuthError {
        AuthError::out_of_scope(refusal, request.uri(), self.scope.clone())
    }
}
