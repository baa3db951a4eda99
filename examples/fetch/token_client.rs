//! The client that tokens are fetched over. Its sends are not among those to the API.

use std::env;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use outbound::BoxError;
use outbound::auth::{FetchError, Reason, Token, TokenSource};
use outbound::retry::{Event, Exponential, Idempotent, RetryLayer};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

use crate::args::RetryArgs;
use crate::pauses::Pauses;
use crate::summary::Counters;
use crate::transport;

pub(crate) type TokenClient =
    BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

/// Retries as the API's client does; asking for a token twice does no harm.
pub(crate) fn client(retry: &RetryArgs, pauses: &Pauses) -> TokenClient {
    let (pauses, sends) = (pauses.clone(), retry.retries.saturating_add(1));
    let layer = RetryLayer::new()
        .retries(retry.retries)
        .budget(None)
        .backoff(Exponential::new(retry.retry_base, retry.retry_cap))
        .hint_ceiling(retry.retry_after_max)
        .attempt_timeout(retry.attempt_timeout)
        .on_retry(move |event: &Event<'_>| pauses.begin_for_a_token(event, sends));
    let client = ServiceBuilder::new()
        .map_request(|mut request: Request<Full<Bytes>>| {
            request.extensions_mut().insert(Idempotent(true));
            request
        })
        .layer(layer)
        .map_err(BoxError::from)
        .service(transport::client());
    BoxCloneSyncService::new(client)
}

/// Counts the tokens of another source: those that are new.
pub(crate) struct Counted<T> {
    source: T,
    counters: Counters,
    last: std::sync::Mutex<Option<String>>,
}

impl<T> Counted<T> {
    pub(crate) fn new(source: T, counters: &Counters) -> Self {
        Self {
            source,
            counters: counters.clone(),
            last: std::sync::Mutex::default(),
        }
    }
}

impl<T: TokenSource> TokenSource for Counted<T> {
    async fn fetch(&self, why: Reason) -> Result<Token, FetchError> {
        let token = self.source.fetch(why).await?;
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // A file that is read again and has not changed is no refresh; what cannot be sent is no token.
        let is_new = last.as_deref() != Some(token.expose_secret());
        if is_new && HeaderValue::from_str(token.expose_secret()).is_ok() {
            *last = Some(token.expose_secret().to_owned());
            self.counters
                .refreshes()
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(token)
    }
}

/// A secret from the environment; the error names the variable.
pub(crate) fn secret(variable: &str) -> Result<String, BoxError> {
    let fault = match env::var(variable) {
        Ok(value) if value.is_empty() => "it is empty",
        Ok(value) if value.chars().any(char::is_control) => {
            "its value contains a control character; is there a line end too many?"
        }
        Ok(value) => return Ok(value),
        Err(env::VarError::NotPresent) => "it is not set",
        // The error's own text shows the value.
        Err(env::VarError::NotUnicode(_)) => "its value is not UTF-8",
    };
    Err(format!("environment variable {variable}: {fault}").into())
}

/// As [`secret`], for `user:password`.
pub(crate) fn pair(variable: &str) -> Result<(String, String), BoxError> {
    let pair = secret(variable)?;
    let (user, password) = pair
        .split_once(':')
        .ok_or_else(|| format!("environment variable {variable}: write it as user:password"))?;
    Ok((user.to_owned(), password.to_owned()))
}
