use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use outbound_http::Origin;

use super::client::Client;
use super::error::OAuthError;
use crate::sources::exchange::{self, Answer, Exchange, Over, TokenClient};
use crate::{InvalidAuth, Scope};

/// The token endpoint of an authorization server (RFC 6749, section 3.2), and the client that it
/// is asked over.
#[derive(Clone)]
pub struct TokenEndpoint {
    uri: Uri,
    exchange: Arc<dyn Exchange>,
}

impl TokenEndpoint {
    /// The longest answer that is read: 1 MiB. A longer one is an error, and is not read on.
    pub const MAX_ANSWER: usize = exchange::MAX_ANSWER;

    /// Asks at `uri`, over clones of `client`.
    ///
    /// # Errors
    ///
    /// If `uri` is not absolute, has user information or a fragment, or is plain http to a host
    /// other than this machine.
    pub fn new<C, B>(client: C, uri: &str) -> Result<Self, InvalidAuth>
    where
        C: TokenClient<B>,
        B: From<Bytes> + Send + 'static,
    {
        Self::build(client, uri, |scope| scope)
    }

    /// As [`new`](Self::new), and permits plain http to any host: whoever is on the way can read
    /// the client's secret and the tokens.
    ///
    /// # Errors
    ///
    /// If `uri` is not absolute, or has user information or a fragment.
    pub fn over_plain_http<C, B>(client: C, uri: &str) -> Result<Self, InvalidAuth>
    where
        C: TokenClient<B>,
        B: From<Bytes> + Send + 'static,
    {
        Self::build(client, uri, Scope::allow_http)
    }

    fn build<C, B>(
        client: C,
        uri: &str,
        widen: impl FnOnce(Scope) -> Scope,
    ) -> Result<Self, InvalidAuth>
    where
        Over<C, B>: Exchange + 'static,
    {
        let fault = "the token endpoint's URL cannot be used: write it absolute, with https, without user information and fragment";
        let parsed: Uri = uri.parse().map_err(|_| InvalidAuth::new(fault))?;
        let bare = !uri.contains('#')
            && parsed
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'));
        let origin = Origin::of(&parsed)
            .filter(|_| bare)
            .ok_or(InvalidAuth::new(fault))?;
        widen(Scope::from(origin)).check_usable().map_err(|_| {
            InvalidAuth::new(
                "the token endpoint is plain http to a host that is not this machine: use https, or permit it explicitly",
            )
        })?;
        Ok(Self {
            uri: parsed,
            exchange: Arc::new(Over::<C, B>::new(client)),
        })
    }

    /// Posts a grant for `client`, and waits for the answer.
    pub(super) async fn ask(
        &self,
        client: &Client,
        grant: &[(&str, &str)],
    ) -> Result<Answer, OAuthError> {
        let (authorization, form) = client.authenticate(grant);
        let mut request = Request::new(Bytes::from(form));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(authorization.map(|value| (http::header::AUTHORIZATION, value)));
        Ok(self.exchange.exchange(request).await?)
    }
}

/// Without path and query, which may be secret.
impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("origin", &Origin::of(&self.uri))
            .finish_non_exhaustive()
    }
}
