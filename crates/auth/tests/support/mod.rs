//! An API that answers by status, and remembers what it was asked.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use outbound_auth::{
    Auth, AuthError, AuthLayer, Bearer, BoxError, FetchError, Reason, Scope, Token, TokenSource,
    Tokens, from_fn,
};
use outbound_http::CloneBody;
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

pub(crate) type Body = Full<Bytes>;
pub(crate) type Reply = Response<String>;

pub(crate) const SECRET: &str = "canary-s3cret";
pub(crate) const HOME: &str = "https://api.example.com";
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A shared list.
#[derive(Clone)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn push(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

pub(crate) type Sent<B> = Log<Request<B>>;
pub(crate) type Inner<B = Body> = BoxCloneSyncService<Request<B>, Reply, Infallible>;

/// Answers at once with the status that `answer` gives.
pub(crate) fn api<B, F>(answer: F) -> (Inner<B>, Sent<B>)
where
    B: Clone + Send + Sync + 'static,
    F: Fn(&Request<B>) -> u16 + Clone + Send + Sync + 'static,
{
    slow_api(Duration::ZERO, answer)
}

/// As [`api`], but the answer takes a while.
pub(crate) fn slow_api<B, F>(pause: Duration, answer: F) -> (Inner<B>, Sent<B>)
where
    B: Clone + Send + Sync + 'static,
    F: Fn(&Request<B>) -> u16 + Clone + Send + Sync + 'static,
{
    let sent = Log::new();
    let log = sent.clone();
    let service = service_fn(move |request: Request<B>| {
        let status = answer(&request);
        log.push(request);
        async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            let body = if status < 400 { "fine" } else { "refused" };
            Ok(Response::builder()
                .status(status)
                .body(body.to_owned())
                .unwrap())
        }
    });
    (BoxCloneSyncService::new(service), sent)
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::default()).unwrap()
}

pub(crate) fn home() -> Scope {
    Scope::origin(HOME).unwrap()
}

/// What an attempt carried in `Authorization`.
pub(crate) fn credential<B>(request: &Request<B>) -> Option<String> {
    let mut values = request.headers().get_all("authorization").iter();
    let value = values.next()?;
    assert!(value.is_sensitive(), "{value:?} is not marked as sensitive");
    assert!(values.next().is_none(), "more than one credential");
    Some(value.to_str().unwrap().to_owned())
}

pub(crate) fn credentials<B: Clone>(sent: &Sent<B>) -> Vec<Option<String>> {
    sent.all().iter().map(credential).collect()
}

/// Readies a clone and calls it.
pub(crate) fn send<S, R>(
    service: &S,
    request: R,
) -> impl Future<Output = Result<S::Response, S::Error>> + use<S, R>
where
    S: tower::Service<R> + Clone,
{
    service.clone().oneshot(request)
}

/// Polls once, so that what the future starts is started.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut cx)
}

pub(crate) type Service<S> = Auth<S, Bearer, CloneBody>;

pub(crate) fn replaying<S>(tokens: &Tokens, inner: S) -> Service<S> {
    AuthLayer::bearer_from(home(), tokens.clone())
        .replay()
        .layer(inner)
}

/// Gives the tokens 1, 2, 3, ... after a second each.
pub(crate) fn numbered() -> (Tokens, Log<Reason>) {
    let (source, reasons) = source_after(SECOND, None);
    (Tokens::new(source), reasons)
}

pub(crate) fn numbered_at_once() -> (Tokens, Log<Reason>) {
    let (source, reasons) = source(None);
    (Tokens::new(source), reasons)
}

pub(crate) fn source(lifetime: Option<Duration>) -> (impl TokenSource, Log<Reason>) {
    source_after(Duration::ZERO, lifetime)
}

pub(crate) fn source_after(
    pause: Duration,
    lifetime: Option<Duration>,
) -> (impl TokenSource, Log<Reason>) {
    let reasons = Log::new();
    let log = reasons.clone();
    let source = from_fn(move |why| {
        log.push(why);
        let token = Token::new(log.len().to_string());
        async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            Ok(match lifetime {
                Some(lifetime) => token.lives(lifetime),
                None => token,
            })
        }
    });
    (source, reasons)
}

pub(crate) fn bearer(number: u32) -> Option<String> {
    Some(format!("Bearer {number}"))
}

/// 401 to one token, 200 to others.
pub(crate) fn refusing<B>(
    number: u32,
) -> impl Fn(&Request<B>) -> u16 + Clone + Send + Sync + 'static {
    move |request| match credential(request) == bearer(number) {
        true => 401,
        false => 200,
    }
}

pub(crate) fn unavailable(error: BoxError) -> AuthError {
    let error = *error.downcast::<AuthError>().unwrap();
    assert!(error.is_unavailable() && !error.is_out_of_scope());
    error
}

pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    std::iter::successors(error.source(), |&error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// A source whose answers are given in advance; the last is given again and again.
pub(crate) fn script(
    pause: Duration,
    answers: impl IntoIterator<Item = Result<Token, Fault>>,
) -> (impl TokenSource, Log<Reason>) {
    let answers: Vec<_> = answers.into_iter().collect();
    let reasons = Log::new();
    let log = reasons.clone();
    let source = from_fn(move |why| {
        let answer = answers[log.len().min(answers.len() - 1)].clone();
        log.push(why);
        async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            answer.map_err(|fault| {
                let error = FetchError::new(fault.text);
                let error = if fault.permanent {
                    error.permanent()
                } else {
                    error
                };
                match fault.retry_after {
                    Some(delay) => error.retry_after(delay),
                    None => error,
                }
            })
        }
    });
    (source, reasons)
}

#[derive(Clone, Default)]
pub(crate) struct Fault {
    pub(crate) text: &'static str,
    pub(crate) permanent: bool,
    pub(crate) retry_after: Option<Duration>,
}

pub(crate) fn down() -> Result<Token, Fault> {
    Err(Fault {
        text: "down",
        ..Fault::default()
    })
}

pub(crate) fn token(text: &str, lifetime: Duration) -> Result<Token, Fault> {
    Ok(Token::new(text).lives(lifetime))
}

/// A wall clock that stands where it is set.
#[derive(Clone)]
pub(crate) struct Wall(Arc<Mutex<SystemTime>>);

impl Wall {
    pub(crate) fn new() -> Self {
        let start = SystemTime::UNIX_EPOCH + 1_800_000_000 * SECOND;
        Self(Arc::new(Mutex::new(start)))
    }

    pub(crate) fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub(crate) fn back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }

    pub(crate) fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let this = self.clone();
        move || *this.0.lock().unwrap()
    }
}
