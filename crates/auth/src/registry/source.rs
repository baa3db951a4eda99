//! The token of one realm, service and scope.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Request};

use super::realm::Ask;
use crate::oauth2::answer::{self, Expected};
use crate::oauth2::error::fetch_error;
use crate::sources::exchange::Exchange;
use crate::{FetchError, Reason, Token, TokenSource};

/// What the specification of the token protocol has for an answer without `expires_in`.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);

/// Asks realms, all in the same way.
pub(super) struct Realms {
    pub(super) exchange: Arc<dyn Exchange>,
    pub(super) account: Option<Account>,
    pub(super) fetches: AtomicU64,
}

#[derive(Clone)]
pub(super) struct Account {
    pub(super) user: Box<str>,
    pub(super) password: Box<str>,
    pub(super) basic: HeaderValue,
}

pub(super) struct RealmSource {
    pub(super) realms: Arc<Realms>,
    pub(super) ask: Ask,
}

impl TokenSource for RealmSource {
    async fn fetch(&self, _: Reason) -> Result<Token, FetchError> {
        let account = self.realms.account.as_ref();
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.ask.uri.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(account.map(|account| (AUTHORIZATION, account.basic.clone())));

        let answer = self.realms.exchange.exchange(request).await;
        let answer = answer.map_err(|error| fetch_error(error.into()))?;
        let expected = Expected {
            names: &["token", "access_token"],
            lifetime: Some(DEFAULT_LIFETIME),
        };
        let leaks = |text: &str| account.is_some_and(|account| account.leaks(text));
        let grant = answer::read(&answer, expected, leaks).map_err(fetch_error)?;
        self.realms.fetches.fetch_add(1, Ordering::Relaxed);
        Ok(grant.token)
    }
}

impl Account {
    fn leaks(&self, text: &str) -> bool {
        let pair = self.basic.to_str().ok();
        let pair = pair.and_then(|basic| basic.strip_prefix("Basic "));
        (!self.password.is_empty() && text.contains(&*self.password))
            || pair.is_some_and(|pair| text.contains(pair))
    }
}
