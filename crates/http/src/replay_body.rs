use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::BoxError;

/// A body that is recorded while it is sent, so that it can be sent again.
///
/// A clone starts at the beginning. All clones share one source and one recording, and **the
/// last that was made for an attempt, or was first polled, owns them**: a new attempt takes over
/// even while the transport still holds the old handle (the response came before the upload
/// ended; dropping a response future does not drop the body at once). The old handle then fails
/// with [`Superseded`], is woken to learn of it, and never steals a frame.
///
/// Made by [`BufferBody`](crate::BufferBody).
pub struct ReplayBody<B> {
    tape: Arc<Mutex<Tape<B>>>,
    /// Which claim on the tape this handle holds; 0 for a clone that was not polled yet.
    claim: u64,
    is_polled: bool,
    /// Frames of the recording that this handle has handed out.
    position: usize,
    trailers_sent: bool,
    /// What the source said of itself before anything was read.
    hint: SizeHint,
    empty: bool,
}

struct Tape<B> {
    /// The source, until it has ended or failed. Boxed pin: the tape is shared by handles
    /// that are moved, and a source need not be `Unpin`.
    source: Option<Pin<Box<B>>>,
    frames: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    /// Bytes that may still be recorded.
    left: usize,
    recording: Recording,
    /// Whether the source gave out anything yet.
    is_begun: bool,
    /// The last claim that was given out.
    owner: u64,
    /// The owner's task, while it waits for the source.
    waiting: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recording {
    Complete,
    /// Went over its limit: the frames are gone.
    Overflowed,
    /// The source failed; a repetition would fail too.
    Failed,
}

impl<B> ReplayBody<B> {
    /// Whether a clone could still send the whole body.
    ///
    /// `false` once the recording went over its limit or the source failed.
    #[must_use]
    pub fn can_replay(&self) -> bool {
        lock(&self.tape).recording == Recording::Complete
    }

    /// A handle for a new attempt, if it could still send the whole body.
    ///
    /// It takes over at once rather than when it is polled: while it waits for its turn, an old
    /// handle might read beyond the limit.
    pub(crate) fn again(&self) -> Option<Self> {
        let mut next = self.clone();
        next.take_over().then_some(next)
    }

    /// Makes this handle the one that reads, if it can still send the whole body: one that was read
    /// from cannot.
    pub(crate) fn take_over(&mut self) -> bool {
        let mut tape = lock(&self.tape);
        if self.is_polled || tape.recording != Recording::Complete {
            return false;
        }
        let (claim, superseded) = tape.claim();
        drop(tape);
        self.claim = claim;
        if let Some(superseded) = superseded {
            superseded.wake();
        }
        true
    }
}

impl<B: Body> ReplayBody<B> {
    pub(crate) fn new(source: B, limit: usize) -> Self {
        let hint = source.size_hint();
        let empty = source.is_end_stream();
        let recording = if empty || usize::try_from(hint.lower()).is_ok_and(|size| size <= limit) {
            Recording::Complete
        } else {
            Recording::Overflowed
        };
        Self {
            tape: Arc::new(Mutex::new(Tape {
                source: (!empty).then(|| Box::pin(source)),
                frames: Vec::new(),
                trailers: None,
                left: limit,
                recording,
                is_begun: false,
                owner: 1,
                waiting: None,
            })),
            claim: 1,
            is_polled: false,
            position: 0,
            trailers_sent: false,
            hint,
            empty,
        }
    }
}

/// At the beginning of the body, whatever was read from the original.
impl<B> Clone for ReplayBody<B> {
    fn clone(&self) -> Self {
        Self {
            tape: Arc::clone(&self.tape),
            claim: 0,
            is_polled: false,
            position: 0,
            trailers_sent: false,
            hint: self.hint,
            empty: self.empty,
        }
    }
}

impl<B> Body for ReplayBody<B>
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
        let this = self.get_mut();
        if this.empty {
            return Poll::Ready(None);
        }
        this.is_polled = true;
        let mut tape = lock(&this.tape);
        if this.claim == 0 {
            if tape.is_begun && tape.recording != Recording::Complete {
                return Poll::Ready(Some(Err(Superseded(()).into())));
            }
            let (claim, superseded) = tape.claim();
            this.claim = claim;
            if let Some(superseded) = superseded {
                drop(tape);
                superseded.wake();
                tape = lock(&this.tape);
            }
        }
        if this.claim != tape.owner {
            return Poll::Ready(Some(Err(Superseded(()).into())));
        }
        if let Some(frame) = tape.frames.get(this.position) {
            this.position += 1;
            return Poll::Ready(Some(Ok(Frame::data(frame.clone()))));
        }
        let frame = match &mut tape.source {
            Some(source) => {
                let Poll::Ready(frame) = source.as_mut().poll_frame(cx) else {
                    tape.wait(cx);
                    return Poll::Pending;
                };
                frame
            }
            None => {
                let trailers = tape.trailers.as_ref().filter(|_| !this.trailers_sent);
                this.trailers_sent = true;
                return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers.clone()))));
            }
        };
        tape.is_begun = true;
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let (position, trailers_sent) = (&mut this.position, &mut this.trailers_sent);
                Some(Ok(tape.record(frame, position, trailers_sent)))
            }
            Some(Err(error)) => {
                tape.source = None;
                tape.recording = Recording::Failed;
                Some(Err(error.into()))
            }
            None => {
                tape.source = None;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        // As the size, it is the same for every attempt before its first poll.
        if !self.is_polled {
            return self.empty;
        }
        let tape = lock(&self.tape);
        self.claim == tape.owner
            && self.position >= tape.frames.len()
            && (tape.trailers.is_none() || self.trailers_sent)
            && tape
                .source
                .as_ref()
                .is_none_or(|source| source.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // Asked before the first poll, which is when a Content-Length is chosen: every
        // attempt announces the same. Later only the source knows.
        if !self.is_polled {
            return self.hint;
        }
        let tape = lock(&self.tape);
        let recorded: usize = tape.frames.iter().skip(self.position).map(Bytes::len).sum();
        let mut hint = match &tape.source {
            Some(source) => source.size_hint(),
            None => SizeHint::with_exact(0),
        };
        let recorded = recorded as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(recorded));
        }
        hint.set_lower(hint.lower().saturating_add(recorded));
        hint
    }
}

impl<B> Tape<B> {
    /// The next claim, and who has to be told that theirs has lapsed, once the tape is unlocked.
    fn claim(&mut self) -> (u64, Option<Waker>) {
        self.owner += 1;
        (self.owner, self.waiting.take())
    }

    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(cx.waker()),
            None => self.waiting = Some(cx.waker().clone()),
        }
    }

    /// Keeps a frame that is being handed out, and moves its reader past it.
    fn record(
        &mut self,
        frame: Frame<Bytes>,
        position: &mut usize,
        trailers_sent: &mut bool,
    ) -> Frame<Bytes> {
        match frame.into_data() {
            Ok(data) => {
                // What is empty would fill memory, not the limit.
                if self.recording == Recording::Complete && !data.is_empty() {
                    if let Some(left) = self.left.checked_sub(data.len()) {
                        self.left = left;
                        self.frames.push(data.clone());
                        *position += 1;
                    } else {
                        self.recording = Recording::Overflowed;
                        self.frames = Vec::new();
                        *position = 0;
                    }
                }
                Frame::data(data)
            }
            Err(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers = Some(trailers.clone());
                    *trailers_sent = true;
                    // They are the last frame, and a transport that knows it asks for no other.
                    self.source = None;
                }
                frame
            }
        }
    }
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody")
            .field("claim", &self.claim)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// A source that panicked under the lock left the recording as it was.
fn lock<B>(tape: &Mutex<Tape<B>>) -> MutexGuard<'_, Tape<B>> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A newer attempt has taken the body over; this one can no longer read it.
///
/// Met by a transport that still polls the body of an abandoned attempt, and by a clone that
/// comes too late.
#[derive(Debug)]
pub struct Superseded(());

impl fmt::Display for Superseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request body was taken over by a newer attempt")
    }
}

impl Error for Superseded {}
