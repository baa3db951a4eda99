//! Tells a body's own errors from those of who reads it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use outbound_http::BoxError;
use pin_project_lite::pin_project;

pin_project! {
    /// A body whose errors are [`OwnError`]s: it may have a limit of its own, whose error is the
    /// same as that of this crate's limit.
    pub(crate) struct Own<B> {
        #[pin]
        body: B,
    }
}

impl<B> Own<B> {
    pub(crate) const fn new(body: B) -> Self {
        Self { body }
    }
}

/// A body's own error, until it has left the reader.
#[derive(Debug)]
pub(crate) struct OwnError(pub(crate) BoxError);

impl<B> Body for Own<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = OwnError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OwnError>>> {
        let frame = self.project().body.poll_frame(cx);
        frame.map_err(|error| OwnError(error.into()))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for OwnError {}
