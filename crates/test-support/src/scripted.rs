use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
    Version,
};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep};
use tower_service::Service;

use crate::body::Body;
use crate::error::BoxError;

/// A service that answers by a script, and records what it was asked.
///
/// Clones share script and record. It is always ready. A request's body is read to its end
/// before it is answered, unless the step is [early](Step::early).
///
/// # Panics
///
/// A call panics when the script has no step left.
#[derive(Clone)]
pub struct Scripted(Arc<Shared>);

struct Shared {
    script: Script,
    requests: Mutex<Vec<Recorded>>,
}

enum Script {
    Steps(Mutex<VecDeque<Step>>),
    ByRequest(Box<dyn Fn(&Recorded) -> Step + Send + Sync>),
}

/// One answer of a script.
#[derive(Debug)]
pub struct Step {
    delay: Duration,
    early: bool,
    answer: Result<Response<Body>, BoxError>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The URI, as it was given to the service.
    pub uri: Uri,
    /// The version.
    pub version: Version,
    /// The headers, in their order.
    pub headers: HeaderMap,
    /// The extensions.
    pub extensions: Extensions,
    /// The whole body; empty for an early answer.
    pub body: Bytes,
    /// The body's trailers.
    pub trailers: Option<HeaderMap>,
    /// When the service was called.
    pub at: Instant,
}

impl Step {
    /// Answers with a status and an empty body.
    ///
    /// # Panics
    ///
    /// If `status` is none.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        Self {
            delay: Duration::ZERO,
            early: false,
            answer: Ok(response),
        }
    }

    /// Answers 200 with a JSON body.
    #[must_use]
    pub fn ok(json: impl Into<Bytes>) -> Self {
        Self::status(200)
            .header("content-type", "application/json")
            .body(json)
    }

    /// Fails, as a transport does.
    #[must_use]
    pub fn error(error: impl Into<BoxError>) -> Self {
        Self {
            delay: Duration::ZERO,
            early: false,
            answer: Err(error.into()),
        }
    }

    /// Adds a header to the response.
    ///
    /// # Panics
    ///
    /// If name or value are none.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(response) = &mut self.answer {
            let name = HeaderName::try_from(name).expect("a header name");
            let value = HeaderValue::try_from(value).expect("a header value");
            response.headers_mut().append(name, value);
        }
        self
    }

    /// Sets the response's body, one frame of known length.
    #[must_use]
    pub fn body(self, bytes: impl Into<Bytes>) -> Self {
        self.body_with(Body::full(bytes))
    }

    /// Sets the response's body.
    #[must_use]
    pub fn body_with(mut self, body: Body) -> Self {
        if let Ok(response) = &mut self.answer {
            *response.body_mut() = body;
        }
        self
    }

    /// Sets the response's version; HTTP/1.1 otherwise.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        if let Ok(response) = &mut self.answer {
            *response.version_mut() = version;
        }
        self
    }

    /// Adds an extension to the response.
    #[must_use]
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, extension: T) -> Self {
        if let Ok(response) = &mut self.answer {
            response.extensions_mut().insert(extension);
        }
        self
    }

    /// Waits before the head is answered.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers without having read the request's body, which is dropped.
    #[must_use]
    pub const fn early(mut self) -> Self {
        self.early = true;
        self
    }
}

impl Scripted {
    /// Answers with each of `steps` once, in their order.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::with(Script::Steps(Mutex::new(steps.into_iter().collect())))
    }

    /// Answers by request; its body has been read.
    pub fn from_fn(answer: impl Fn(&Recorded) -> Step + Send + Sync + 'static) -> Self {
        Self::with(Script::ByRequest(Box::new(answer)))
    }

    fn with(script: Script) -> Self {
        Self(Arc::new(Shared {
            script,
            requests: Mutex::default(),
        }))
    }

    /// The requests so far, in the order of their calls.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.0.requests).clone()
    }

    /// How many requests there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        lock(&self.0.requests).len()
    }

    /// How many steps are left; 0 where answers are made by request.
    #[must_use]
    pub fn remaining(&self) -> usize {
        match &self.0.script {
            Script::Steps(steps) => lock(steps).len(),
            Script::ByRequest(_) => 0,
        }
    }
}

impl<B> Service<Request<B>> for Scripted
where
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut recorded = Recorded {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            extensions: head.extensions,
            body: Bytes::new(),
            trailers: None,
            at: Instant::now(),
        };
        // Recorded at once, so that a call which is dropped has been seen.
        let index = {
            let mut requests = lock(&self.0.requests);
            requests.push(recorded.clone());
            requests.len() - 1
        };
        let step = match &self.0.script {
            Script::Steps(steps) => {
                let step = lock(steps).pop_front();
                let count = index + 1;
                Some(step.unwrap_or_else(|| panic!("the script has no step for request {count}")))
            }
            Script::ByRequest(_) => None,
        };
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            if !step.as_ref().is_some_and(|step| step.early) {
                let body = body.collect().await.map_err(Into::into)?;
                recorded.trailers = body.trailers().cloned();
                recorded.body = body.to_bytes();
                lock(&shared.requests)[index] = recorded.clone();
            }
            let step = match (step, &shared.script) {
                (Some(step), _) => step,
                (None, Script::ByRequest(answer)) => answer(&recorded),
                (None, Script::Steps(_)) => unreachable!("a step was taken above"),
            };
            if !step.delay.is_zero() {
                sleep(step.delay).await;
            }
            step.answer
        })
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("calls", &self.calls())
            .field("remaining", &self.remaining())
            .finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
