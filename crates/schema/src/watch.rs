use std::fmt;
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::Skipped;
use crate::rules::{Held, Rules};
use crate::target::Target;

/// Sees a body pass by, and judges it when it has ended.
///
/// It keeps what it saw, up to the limit: a single frame without a copy. It judges only when the last of them has been handed on, so that none waits for it.
pub(crate) struct Watch {
    rules: Arc<Rules>,
    held: Held,
    status: Option<StatusCode>,
    content_type: Option<HeaderValue>,
    target: Target,
    seen: Seen,
}

enum Seen {
    /// Something may follow.
    Open(Frames),
    /// This is all.
    Whole(Frames),
    /// It was judged or given up.
    Told,
}

/// The first frame is shared; others are copied together, so that many small ones, or the large
/// buffers that they are cut from, take no more memory than their bytes.
#[derive(Default)]
struct Frames {
    first: Bytes,
    others: BytesMut,
}

impl Watch {
    pub(crate) fn new(
        rules: &Arc<Rules>,
        held: Held,
        status: Option<StatusCode>,
        headers: &HeaderMap,
        target: &Target,
    ) -> Self {
        Self {
            rules: Arc::clone(rules),
            held,
            status,
            content_type: headers.get(CONTENT_TYPE).cloned(),
            target: target.clone(),
            seen: Seen::Open(Frames::default()),
        }
    }

    pub(crate) fn see(&mut self, data: &Bytes) {
        if let Seen::Open(frames) = &mut self.seen {
            if data.len() > self.rules.limit.saturating_sub(frames.length()) {
                self.give_up(Skipped::TooLarge);
            } else {
                frames.push(data);
            }
        }
    }

    /// What was seen is all; it is judged once that has been handed on.
    pub(crate) fn end(&mut self) {
        if let Seen::Open(frames) = &mut self.seen {
            self.seen = Seen::Whole(mem::take(frames));
        }
    }

    /// What was seen has been handed on: judges it, if it is all.
    pub(crate) fn judge(&mut self) {
        if let Seen::Whole(frames) = &mut self.seen {
            let body = mem::take(frames).join();
            self.seen = Seen::Told;
            if let Err(violation) = self.held.check(&body) {
                let content_type = self.content_type.as_ref();
                let violation = violation.of(self.status, content_type, &self.target);
                self.rules.tell(&violation);
            }
        }
    }

    /// What came of it says nothing about the contract.
    pub(crate) fn give_up(&mut self, why: Skipped) {
        if let Seen::Open(_) = &self.seen {
            self.seen = Seen::Told;
            self.rules.skip(why);
        }
    }
}

/// Nobody asks for the end of a body that is known to have ended.
impl Drop for Watch {
    fn drop(&mut self) {
        self.judge();
        self.give_up(Skipped::Unfinished);
    }
}

impl Frames {
    fn length(&self) -> usize {
        self.first.len() + self.others.len()
    }

    fn push(&mut self, data: &Bytes) {
        if self.length() == 0 {
            self.first = data.clone();
            return;
        }
        if self.others.is_empty() {
            self.others.extend_from_slice(&mem::take(&mut self.first));
        }
        self.others.extend_from_slice(data);
    }

    fn join(self) -> Bytes {
        if self.others.is_empty() {
            return self.first;
        }
        self.others.freeze()
    }
}

/// Without the frames, which may be large and secret.
impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("status", &self.status)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
