use std::future::poll_fn;
use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use outbound_http::{BoxError, Spawn};
use tower_service::Service;

use super::pipe::{Expected, PipedBody, pipe};
use super::turn::{Turn, in_turn, turn};

/// Fetches each response in a task of its own, body included.
///
/// A page that is on its way while the consumer is busy has to be driven by somebody, or
/// it would keep a permit or a connection for as long as the consumer takes.
#[derive(Debug)]
pub struct Spawned<S, X> {
    inner: S,
    spawn: X,
    read_ahead: usize,
    /// Whether the next call is the caller's own, which is made with the readiness that
    /// the caller has waited for. Every later one is made, and waited for, in its task.
    relay: bool,
    /// Of the task that was spawned last.
    before: Option<Turn>,
}

impl<S, X> Spawned<S, X> {
    pub(crate) const fn new(inner: S, spawn: X, read_ahead: usize) -> Self {
        Self {
            inner,
            spawn,
            read_ahead,
            relay: true,
            before: None,
        }
    }

    /// The service that the tasks use.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Gives the service back that the tasks use.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

// A clone belongs to a new caller.
impl<S: Clone, X: Clone> Clone for Spawned<S, X> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.spawn.clone(), self.read_ahead)
    }
}

impl<S, X, B, RB> Service<Request<B>> for Spawned<S, X>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    X: Spawn,
    B: Send + 'static,
    RB: Body + Send + 'static,
    RB::Data: Send,
    RB::Error: Into<BoxError>,
{
    type Response = Response<PipedBody>;
    type Error = BoxError;
    type Future = Expected;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.relay {
            self.inner.poll_ready(cx).map_err(Into::into)
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn call(&mut self, request: Request<B>) -> Expected {
        let (writer, expected) = pipe(self.read_ahead);
        let (begins, turn) = turn();
        let before = self.before.replace(turn);
        if mem::take(&mut self.relay) {
            let response = self.inner.call(request);
            let response = async move { response.await.map_err(Into::into) };
            self.spawn
                .spawn(writer.write(in_turn(before, begins, response)));
        } else {
            let mut service = self.inner.clone();
            let response = async move {
                poll_fn(|cx| service.poll_ready(cx))
                    .await
                    .map_err(Into::into)?;
                let response = service.call(request);
                drop(service);
                response.await.map_err(Into::into)
            };
            self.spawn
                .spawn(writer.write(in_turn(before, begins, response)));
        }
        expected
    }
}
