use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use outbound_http::{BoxError, CollectedBody};
use pin_project_lite::pin_project;

use crate::future::Watch;

pin_project! {
    /// The body of a response that went through [`Validate`](crate::Validate).
    ///
    /// The bytes and trailers are those of the body within.
    #[derive(Debug)]
    pub struct ValidatedBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    #[derive(Debug)]
    enum Kind<B> {
        // It meets its contract.
        Collected { body: CollectedBody },
        // It has none.
        Passed {
            #[pin]
            body: B,
        },
        // It is handed out at once and checked at its end.
        Watched {
            #[pin]
            body: B,
            watch: Watch,
        },
    }
}

impl<B> ValidatedBody<B> {
    pub(crate) const fn collected(body: CollectedBody) -> Self {
        Self {
            kind: Kind::Collected { body },
        }
    }

    pub(crate) const fn passed(body: B) -> Self {
        Self {
            kind: Kind::Passed { body },
        }
    }

    pub(crate) const fn watched(body: B, watch: Watch) -> Self {
        Self {
            kind: Kind::Watched { body, watch },
        }
    }
}

impl<B> Body for ValidatedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().kind.project() {
            KindProj::Collected { body } => Pin::new(body).poll_frame(cx),
            KindProj::Passed { body } => body
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
            KindProj::Watched { mut body, watch } => {
                let frame = ready!(body.as_mut().poll_frame(cx));
                match &frame {
                    Some(Ok(frame)) => {
                        if let Some(data) = frame.data_ref() {
                            watch.see(data);
                        }
                        // Nobody need ask for the end of a body that is known to have ended.
                        if body.is_end_stream() {
                            watch.end();
                        }
                    }
                    Some(Err(_)) => watch.fail(),
                    None => watch.end(),
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Collected { body } => body.is_end_stream(),
            Kind::Passed { body } | Kind::Watched { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Collected { body } => body.size_hint(),
            Kind::Passed { body } | Kind::Watched { body, .. } => body.size_hint(),
        }
    }
}

/// Of a body that was collected beneath, in the standard stack.
///
/// A body that is only reported on is checked here, since it is there as a whole.
impl From<ValidatedBody<Self>> for CollectedBody {
    fn from(body: ValidatedBody<Self>) -> Self {
        match body.kind {
            Kind::Collected { body } | Kind::Passed { body } => body,
            Kind::Watched { body, mut watch } => {
                watch.see(body.bytes());
                watch.end();
                body
            }
        }
    }
}
