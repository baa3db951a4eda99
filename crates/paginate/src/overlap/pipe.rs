//! A response on its way from the task that fetches it to the stream that reads it.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http::Response;
use http::response::Parts;
use http_body::{Body, Frame};
use outbound_http::BoxError;

/// What both ends share: the head, then frames up to a limit of bytes, then the end.
#[derive(Default)]
struct State {
    head: Option<Result<Parts, BoxError>>,
    frames: VecDeque<Frame<Bytes>>,
    bytes: usize,
    end: Option<Result<(), BoxError>>,
    /// Whether the reader is gone.
    gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

type Shared = Arc<Mutex<State>>;

/// No code of others runs while it is held, so a poisoned lock guards a whole state.
fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pipe that takes up to `limit` bytes (and one frame more) before its reader comes.
pub(super) fn pipe(limit: usize) -> (Writer, Expected) {
    let shared = Shared::default();
    let writer = Writer {
        shared: shared.clone(),
        // Of nothing nothing would ever come.
        limit: limit.max(1),
    };
    (writer, Expected(Some(Reader(shared))))
}

/// The task's end.
pub(super) struct Writer {
    shared: Shared,
    limit: usize,
}

impl Writer {
    /// Hands on what `response` comes to, and gives up as soon as nobody reads it.
    pub(super) async fn write<F, RB>(self, response: F)
    where
        F: Future<Output = Result<Response<RB>, BoxError>>,
        RB: Body,
        RB::Error: Into<BoxError>,
    {
        let response = {
            let mut response = pin!(response);
            self.unless_gone(|cx| response.as_mut().poll(cx)).await
        };
        let (parts, body) = match response {
            None => return,
            Some(Ok(response)) => response.into_parts(),
            Some(Err(error)) => return self.put(|state| state.head = Some(Err(error))),
        };
        self.put(|state| state.head = Some(Ok(parts)));
        let mut body = pin!(body);
        loop {
            let frame = self.unless_gone(|cx| {
                // The waker is registered before the room is looked at, by `unless_gone`.
                if lock(&self.shared).bytes >= self.limit {
                    return Poll::Pending;
                }
                body.as_mut().poll_frame(cx)
            });
            match frame.await {
                None => return,
                Some(Some(Ok(frame))) => {
                    let frame = frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
                    self.put(|state| {
                        state.bytes += frame.data_ref().map_or(0, Bytes::len);
                        state.frames.push_back(frame);
                    });
                }
                Some(Some(Err(error))) => {
                    return self.put(|state| state.end = Some(Err(error.into())));
                }
                Some(None) => return self.put(|state| state.end = Some(Ok(()))),
            }
        }
    }

    /// Polls until it is ready, or `None` once the reader is gone.
    async fn unless_gone<T>(&self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
        poll_fn(|cx| {
            {
                let mut state = lock(&self.shared);
                if state.gone {
                    return Poll::Ready(None);
                }
                register(&mut state.writer, cx);
            }
            poll(cx).map(Some)
        })
        .await
    }

    fn put(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.shared);
        change(&mut state);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }
}

impl Drop for Writer {
    /// A task that panicked, or whose runtime ended, leaves no reader waiting.
    fn drop(&mut self) {
        const LOST: &str = "the task that fetched the page ended early";
        self.put(|state| {
            state.head.get_or_insert_with(|| Err(LOST.into()));
            state.end.get_or_insert_with(|| Err(LOST.into()));
        });
    }
}

/// The stream's end; the task gives up when it is dropped.
struct Reader(Shared);

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.gone = true;
        state.frames.clear();
        let writer = state.writer.take();
        drop(state);
        wake(writer);
    }
}

/// A response that a task of its own is fetching.
///
/// Dropping it, or the body that it resolves to, ends the task.
#[must_use = "futures do nothing unless polled"]
pub struct Expected(Option<Reader>);

impl Future for Expected {
    type Output = Result<Response<PipedBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let reader = self.0.as_ref().expect("polled after completion");
        let mut state = lock(&reader.0);
        let Some(head) = state.head.take() else {
            register(&mut state.reader, cx);
            return Poll::Pending;
        };
        drop(state);
        let reader = self.0.take();
        Poll::Ready(head.map(|parts| Response::from_parts(parts, PipedBody(reader))))
    }
}

/// The body of a page that a task of its own is fetching.
pub struct PipedBody(Option<Reader>);

impl Body for PipedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(reader) = &self.0 else {
            return Poll::Ready(None);
        };
        let mut state = lock(&reader.0);
        if let Some(frame) = state.frames.pop_front() {
            state.bytes -= frame.data_ref().map_or(0, Bytes::len);
            let writer = state.writer.take();
            drop(state);
            wake(writer);
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(end) = state.end.take() else {
            register(&mut state.reader, cx);
            return Poll::Pending;
        };
        drop(state);
        self.0 = None;
        Poll::Ready(end.err().map(Err))
    }
}

fn register(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *waker = Some(cx.waker().clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected").finish_non_exhaustive()
    }
}

impl fmt::Debug for PipedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipedBody").finish_non_exhaustive()
    }
}
