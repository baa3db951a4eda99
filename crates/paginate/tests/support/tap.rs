//! A body that comes when the test says so.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Frame;
use outbound_http::BoxError;

/// A body whose pieces the test hands over one by one.
#[derive(Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<(VecDeque<Option<Result<Bytes, BoxError>>>, Option<Waker>)>>);

impl Tap {
    pub(crate) fn open(&self, piece: &'static str) {
        self.send(Some(Ok(Bytes::from_static(piece.as_bytes()))));
    }

    pub(crate) fn send(&self, piece: Option<Result<Bytes, BoxError>>) {
        let mut tap = self.0.lock().unwrap();
        tap.0.push_back(piece);
        if let Some(waker) = tap.1.take() {
            waker.wake();
        }
    }
}

impl http_body::Body for Tap {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut tap = self.0.lock().unwrap();
        match tap.0.pop_front() {
            Some(piece) => Poll::Ready(piece.map(|piece| piece.map(Frame::data))),
            None => {
                tap.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
