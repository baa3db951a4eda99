use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use outbound_http::{BoxError, CollectedBody};
use pin_project_lite::pin_project;

use crate::Skipped;
use crate::extent::is_at_end;
use crate::watch::Watch;

pin_project! {
    /// The body of a message that went through [`Validate`](crate::Validate).
    ///
    /// The bytes and trailers are those of the body within.
    pub struct ValidatedBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        // It meets its contract, or stands where a message was rejected.
        Collected { body: CollectedBody },
        // It has none.
        Passed {
            #[pin]
            body: B,
        },
        // It is handed out at once and judged behind its end.
        Watched {
            #[pin]
            body: B,
            watch: Watch,
        },
        // It failed before it could be checked, and does so again.
        Failed {
            read: CollectedBody,
            error: Option<BoxError>,
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

    pub(crate) const fn failed(read: CollectedBody, error: BoxError) -> Self {
        Self {
            kind: Kind::Failed {
                read,
                error: Some(error),
            },
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
                        // Of a body that is known to have ended nobody need ask for more.
                        if is_at_end(&*body) {
                            watch.end();
                        }
                    }
                    Some(Err(_)) => watch.give_up(Skipped::Unfinished),
                    None => {
                        watch.end();
                        watch.judge();
                    }
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            KindProj::Failed { read, error } => match ready!(Pin::new(read).poll_frame(cx)) {
                Some(frame) => Poll::Ready(Some(frame)),
                None => Poll::Ready(error.take().map(Err)),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Collected { body } => body.is_end_stream(),
            Kind::Passed { body } | Kind::Watched { body, .. } => body.is_end_stream(),
            Kind::Failed { read, error } => read.is_end_stream() && error.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Collected { body } => body.size_hint(),
            Kind::Passed { body } | Kind::Watched { body, .. } => body.size_hint(),
            Kind::Failed { read, error: None } => read.size_hint(),
            Kind::Failed { read, .. } => {
                let mut hint = SizeHint::new();
                hint.set_lower(read.size_hint().lower());
                hint
            }
        }
    }
}

/// A copy of a body that is reported on is not reported on a second time. A body that failed
/// fails in the copy with the same words, for an error cannot be copied.
impl<B: Clone> Clone for ValidatedBody<B> {
    fn clone(&self) -> Self {
        let kind = match &self.kind {
            Kind::Collected { body } => Kind::Collected { body: body.clone() },
            Kind::Passed { body } | Kind::Watched { body, .. } => {
                Kind::Passed { body: body.clone() }
            }
            Kind::Failed { read, error } => Kind::Failed {
                read: read.clone(),
                error: error.as_ref().map(|error| error.to_string().into()),
            },
        };
        Self { kind }
    }
}

/// Of a body that was collected beneath, in the standard stack.
///
/// A body that is only reported on is judged here, since it is there as a whole.
impl<B: Into<Self>> From<ValidatedBody<B>> for CollectedBody {
    fn from(body: ValidatedBody<B>) -> Self {
        match body.kind {
            Kind::Collected { body } | Kind::Failed { read: body, .. } => body,
            Kind::Passed { body } => body.into(),
            Kind::Watched { body, mut watch } => {
                let body = body.into();
                watch.see(body.bytes());
                watch.end();
                body
            }
        }
    }
}

/// Without what it holds, which may be large and secret.
impl<B> fmt::Debug for ValidatedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Collected { .. } => "ValidatedBody::Collected",
            Kind::Passed { .. } => "ValidatedBody::Passed",
            Kind::Watched { .. } => "ValidatedBody::Watched",
            Kind::Failed { .. } => "ValidatedBody::Failed",
        })
    }
}
