use std::convert::Infallible;

use bytes::Bytes;
use http::Request;
use http_body::Body;

use crate::{BoxError, ReplayBody};

/// Knows how to send a body of type `B` more than once.
///
/// It is a value rather than a trait of the body, because users cannot implement a foreign
/// trait for a foreign body: `impl Replay<kube::client::Body> for KubeBody` is theirs to write.
///
/// ```
/// use outbound_http::{CloneBody, Replay};
///
/// let (sent, saved) = CloneBody.split(String::from("body"));
/// assert_eq!(sent, "body");
/// assert_eq!(saved.and_then(|saved| CloneBody.again(&saved)), Some(String::from("body")));
/// ```
pub trait Replay<B> {
    /// The body that the inner service receives.
    type Body;

    /// What is kept so that the body can be sent again.
    type Saved;

    /// Prepares a body for its first send.
    ///
    /// `None` means that it can be sent only once; it is then sent, never refused.
    fn split(&self, body: B) -> (Self::Body, Option<Self::Saved>);

    /// Prepares the body of a request for its first send: [`split`](Self::split), in its place.
    ///
    /// Only for speed: a request is large, and to take it apart and put it together again costs
    /// two moves. A strategy whose body stays what it is can spare them.
    #[inline]
    fn split_request(&self, request: Request<B>) -> (Request<Self::Body>, Option<Self::Saved>) {
        let (head, body) = request.into_parts();
        let (body, saved) = self.split(body);
        (Request::from_parts(head, body), saved)
    }

    /// Prepares a body that will not be sent again, and records nothing.
    fn once(&self, body: B) -> Self::Body;

    /// Prepares the body for one more send.
    ///
    /// `None` means that it turned out not to be repeatable: it went over its limit, or its
    /// source failed. A caller asks *before* it waits, so that it never waits in vain. What was
    /// prepared before need not be readable any more.
    fn again(&self, saved: &Self::Saved) -> Option<Self::Body>;

    /// As [`again`](Self::again), for a send that may yet come to nothing: what was prepared before
    /// stays readable until [`take_over`](Self::take_over).
    ///
    /// By default it does not.
    fn prospect(&self, saved: &Self::Saved) -> Option<Self::Body> {
        self.again(saved)
    }

    /// Whether a body that [`prospect`](Self::prospect) prepared can be sent still. It is asked right
    /// before that; what was prepared before need not be readable any more.
    ///
    /// A strategy has both or neither.
    fn take_over(&self, body: &mut Self::Body) -> bool {
        let _ = body;
        true
    }

    /// A second body like this one, both of which can be sent, for what has to ask for it beforehand:
    /// a `tower::retry::Policy`.
    ///
    /// By default there is none, and the body is sent once.
    fn duplicate(&self, body: &B) -> Option<B> {
        let _ = body;
        None
    }
}

/// Repeats a body by cloning it: for `Full<Bytes>`, `Empty`, `String` and their like.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // A strategy without settings.
pub struct CloneBody;

impl<B: Clone> Replay<B> for CloneBody {
    type Body = B;
    type Saved = B;

    #[inline]
    fn split(&self, body: B) -> (B, Option<B>) {
        (body.clone(), Some(body))
    }

    #[inline]
    fn split_request(&self, request: Request<B>) -> (Request<B>, Option<B>) {
        let body = request.body().clone();
        (request, Some(body))
    }

    fn once(&self, body: B) -> B {
        body
    }

    fn again(&self, saved: &B) -> Option<B> {
        Some(saved.clone())
    }

    fn duplicate(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

/// Repeats nothing: each body is sent once.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // A strategy without settings.
pub struct NoReplay;

impl<B> Replay<B> for NoReplay {
    type Body = B;
    type Saved = Infallible;

    #[inline]
    fn split(&self, body: B) -> (B, Option<Infallible>) {
        (body, None)
    }

    #[inline]
    fn split_request(&self, request: Request<B>) -> (Request<B>, Option<Infallible>) {
        (request, None)
    }

    fn once(&self, body: B) -> B {
        body
    }

    fn again(&self, saved: &Infallible) -> Option<B> {
        match *saved {}
    }
}

/// Repeats a streaming body by recording what was sent of it, up to a limit.
///
/// Nothing is read ahead: the recording grows as the transport reads. A body whose size is
/// known to exceed the limit is not recorded at all; one that turns out to exceed it is sent
/// to its end, and cannot be sent again. See [`ReplayBody`].
#[derive(Clone, Copy, Debug)]
pub struct BufferBody {
    limit: usize,
}

impl BufferBody {
    /// The limit of [`BufferBody::default`]: 64 KiB.
    pub const DEFAULT_LIMIT: usize = 64 * 1024;

    /// Records at most `limit` bytes of each body.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit }
    }
}

/// Records at most [`DEFAULT_LIMIT`](BufferBody::DEFAULT_LIMIT) bytes.
impl Default for BufferBody {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl<B> Replay<B> for BufferBody
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Body = ReplayBody<B>;
    type Saved = ReplayBody<B>;

    fn split(&self, body: B) -> (ReplayBody<B>, Option<ReplayBody<B>>) {
        let body = ReplayBody::new(body, self.limit);
        let saved = body.can_replay().then(|| body.clone());
        (body, saved)
    }

    fn once(&self, body: B) -> ReplayBody<B> {
        ReplayBody::new(body, 0)
    }

    fn again(&self, saved: &ReplayBody<B>) -> Option<ReplayBody<B>> {
        saved.again()
    }

    fn prospect(&self, saved: &ReplayBody<B>) -> Option<ReplayBody<B>> {
        saved.can_replay().then(|| saved.clone())
    }

    fn take_over(&self, body: &mut ReplayBody<B>) -> bool {
        body.take_over()
    }
}

/// Repeats a [`ReplayBody`] that a layer further out already records, without a second
/// recording.
///
/// For an authentication layer inside a retry layer that uses [`BufferBody`].
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // A strategy without settings.
pub struct Rewind;

impl<B> Replay<ReplayBody<B>> for Rewind {
    type Body = ReplayBody<B>;
    type Saved = ReplayBody<B>;

    fn split(&self, body: ReplayBody<B>) -> (ReplayBody<B>, Option<ReplayBody<B>>) {
        let saved = body.can_replay().then(|| body.clone());
        (body, saved)
    }

    #[inline]
    fn split_request(
        &self,
        request: Request<ReplayBody<B>>,
    ) -> (Request<ReplayBody<B>>, Option<ReplayBody<B>>) {
        let body = request.body();
        let saved = body.can_replay().then(|| body.clone());
        (request, saved)
    }

    fn once(&self, body: ReplayBody<B>) -> ReplayBody<B> {
        body
    }

    fn again(&self, saved: &ReplayBody<B>) -> Option<ReplayBody<B>> {
        saved.again()
    }

    fn prospect(&self, saved: &ReplayBody<B>) -> Option<ReplayBody<B>> {
        saved.can_replay().then(|| saved.clone())
    }

    fn take_over(&self, body: &mut ReplayBody<B>) -> bool {
        body.take_over()
    }
}
