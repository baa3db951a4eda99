use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::error::BoxError;

/// A body that comes in the pieces that a test wants, or does not come.
#[derive(Default)]
pub struct Body {
    parts: VecDeque<Part>,
    /// Told beforehand, as a Content-Length is.
    exact: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
}

enum Part {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(BoxError),
    Pause(Duration),
    Stall,
}

impl Body {
    /// No bytes, and known to have none.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            exact: Some(0),
            ..Self::default()
        }
    }

    /// One frame of known length.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let exact = Some(bytes.len() as u64);
        let parts = (!bytes.is_empty()).then_some(Part::Data(bytes));
        Self {
            parts: parts.into_iter().collect(),
            exact,
            pause: None,
        }
    }

    /// Several frames; how much they are is not told beforehand.
    #[must_use]
    pub fn chunks<I>(chunks: I) -> Self
    where
        I: IntoIterator<Item: Into<Bytes>>,
    {
        Self {
            parts: chunks
                .into_iter()
                .map(|chunk| Part::Data(chunk.into()))
                .collect(),
            ..Self::default()
        }
    }

    /// Several frames, then an error.
    #[must_use]
    pub fn failing_after<I>(chunks: I, error: impl Into<BoxError>) -> Self
    where
        I: IntoIterator<Item: Into<Bytes>>,
    {
        Self::chunks(chunks).and(Part::Error(error.into()))
    }

    /// Several frames, then nothing for ever.
    #[must_use]
    pub fn stalling_after<I>(chunks: I) -> Self
    where
        I: IntoIterator<Item: Into<Bytes>>,
    {
        Self::chunks(chunks).and(Part::Stall)
    }

    /// Several frames, each after a pause.
    #[must_use]
    pub fn drip<I>(chunks: I, pause: Duration) -> Self
    where
        I: IntoIterator<Item: Into<Bytes>>,
    {
        let drip = |chunk: Bytes| [Part::Pause(pause), Part::Data(chunk)];
        Self {
            parts: chunks.into_iter().map(Into::into).flat_map(drip).collect(),
            ..Self::default()
        }
    }

    /// Ends with `trailers`.
    #[must_use]
    pub fn with_trailers(self, trailers: HeaderMap) -> Self {
        self.and(Part::Trailers(trailers))
    }

    fn and(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            if let Some(pause) = &mut this.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                this.pause = None;
            }
            return Poll::Ready(match this.parts.pop_front() {
                None => None,
                Some(Part::Data(data)) => {
                    if let Some(exact) = &mut this.exact {
                        *exact -= data.len() as u64;
                    }
                    Some(Ok(Frame::data(data)))
                }
                Some(Part::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
                Some(Part::Error(error)) => Some(Err(error)),
                Some(Part::Pause(pause)) => {
                    this.pause = Some(Box::pin(sleep(pause)));
                    continue;
                }
                Some(Part::Stall) => {
                    this.parts.push_front(Part::Stall);
                    return Poll::Pending;
                }
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.exact == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.exact
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::full(text)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::full(text)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}
