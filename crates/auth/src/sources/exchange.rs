//! One question to an authorization server, over any service.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body;
use outbound_http::{BodyTooLarge, BoxError, CollectBody, CollectedBody, NoAuth, Origin};
use tower_service::Service;

use crate::answered_by::answered_by;

/// The longest answer that is read. See [`TokenEndpoint::MAX_ANSWER`](crate::oauth2::TokenEndpoint::MAX_ANSWER).
pub(crate) const MAX_ANSWER: usize = 1024 * 1024;

/// An answer, read to its end. Its status is anything but a redirect.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What tokens are asked over: any service that can be cloned and sent to another thread, with
/// answers that can be read. It is implemented for all of them.
///
/// Its requests' body `B` is made [from](From) [`Bytes`]; where the compiler cannot find out which
/// it is, say `TokenEndpoint::new::<_, Full<Bytes>>(..)`.
pub trait TokenClient<B>:
    Service<
        Request<B>,
        Response = Response<Self::ResponseBody>,
        Error: Into<BoxError>,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
    /// The body of its answers.
    type ResponseBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
}

impl<C, B, RB> TokenClient<B> for C
where
    C: Service<Request<B>, Response = Response<RB>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    RB: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type ResponseBody = RB;
}

/// Hides the client's type. A fetch happens once a token, so that a box costs nothing.
pub(crate) trait Exchange: Send + Sync {
    fn exchange(&self, request: Request<Bytes>) -> Exchanging<'_>;
}

pub(crate) type Exchanging<'a> =
    Pin<Box<dyn Future<Output = Result<Answer, ExchangeError>> + Send + 'a>>;

/// Asks over clones of `client`.
pub(crate) struct Over<C, B> {
    // Locked for a clone only, so that the client need not be `Sync`.
    client: Mutex<C>,
    body: PhantomData<fn(B)>,
}

impl<C, B> Over<C, B> {
    pub(crate) const fn new(client: C) -> Self {
        Self {
            client: Mutex::new(client),
            body: PhantomData,
        }
    }
}

impl<C, B> Exchange for Over<C, B>
where
    C: TokenClient<B>,
    B: From<Bytes> + Send + 'static,
{
    fn exchange(&self, request: Request<Bytes>) -> Exchanging<'_> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = client.clone();
        Box::pin(ask(client, request))
    }
}

async fn ask<C, B>(mut client: C, request: Request<Bytes>) -> Result<Answer, ExchangeError>
where
    C: TokenClient<B>,
    B: From<Bytes>,
{
    let asked = request.uri().clone();
    let mut request = request.map(B::from);
    // The client may be the one that waits for this very answer.
    request.extensions_mut().insert(NoAuth);

    let failed = |error: C::Error| ExchangeError::Transport(error.into());
    poll_fn(|cx| client.poll_ready(cx)).await.map_err(failed)?;
    let response = client.call(request).await.map_err(failed)?;
    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        return Err(ExchangeError::Redirected(head.status));
    }
    if answered_by(&head.extensions).is_some_and(|uri| !same_origin(&asked, uri)) {
        return Err(ExchangeError::Elsewhere);
    }
    Ok(Answer {
        status: head.status,
        body: read(body).await?,
        headers: head.headers,
    })
}

fn same_origin(one: &Uri, other: &Uri) -> bool {
    Origin::of(one) == Origin::of(other)
}

async fn read<RB>(body: RB) -> Result<Bytes, ExchangeError>
where
    RB: Body,
    RB::Error: Into<BoxError>,
{
    let read = CollectBody::new(body, MAX_ANSWER).await;
    read.map(CollectedBody::into_bytes).map_err(|error| {
        if error.is::<BodyTooLarge>() {
            ExchangeError::TooLarge
        } else {
            ExchangeError::Transport(error)
        }
    })
}

/// How a question can fail before its answer is understood.
#[derive(Debug)]
pub(crate) enum ExchangeError {
    Transport(BoxError),
    Redirected(StatusCode),
    Elsewhere,
    TooLarge,
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(_) => f.write_str("the token endpoint cannot be reached"),
            Self::Redirected(status) => write!(
                f,
                "the token endpoint answered with a redirect ({status}), which is not followed with a secret; give its final URL"
            ),
            Self::Elsewhere => f.write_str(
                "another origin than the token endpoint's answered; give its final URL, or a client that follows no redirects",
            ),
            Self::TooLarge => write!(f, "the token endpoint's answer is longer than {MAX_ANSWER} bytes"),
        }
    }
}

impl Error for ExchangeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Transport(source) => Some(&**source),
            _ => None,
        }
    }
}
