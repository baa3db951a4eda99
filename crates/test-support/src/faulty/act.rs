use std::time::Duration;

use bytes::Bytes;

use super::head::Head;

/// What a server does about one request, or to the connection instead.
///
/// The request is read to its end first, unless the act says otherwise. Where an act has a
/// `body`, its head is that of a whole answer, 200 with the body's length, whatever happens then.
#[derive(Clone, Debug)]
pub struct Act {
    pub(super) wait: Wait,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// What an act waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Nothing,
    FirstByte,
    Head,
    Request,
}

/// What an act sends.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Head(Head),
    /// Left out of a response to HEAD.
    Body(Bytes),
    Raw(Bytes),
    Pause(Duration),
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The next act meets the next request.
    Next,
    Close,
    Reset,
    Stall,
}

impl Act {
    /// Adds a header to the head that this act sends; without effect if it sends none.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for step in &mut self.steps {
            if let Step::Head(head) = step {
                head.add(name, value);
            }
        }
        self
    }

    /// Waits before anything is sent.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.steps.insert(0, Step::Pause(delay));
        self
    }

    /// Acts once the request's head was read. If the connection stays open, the body is read
    /// after the answer was sent.
    ///
    /// Without effect where the server [answers by request](super::FaultyServer::with).
    #[must_use]
    pub const fn early(self) -> Self {
        self.after(Wait::Head)
    }

    /// Closes the connection when everything was sent, without having announced it.
    #[must_use]
    pub const fn then_close(mut self) -> Self {
        self.end = End::Close;
        self
    }

    pub(super) fn new(steps: impl IntoIterator<Item = Step>, end: End) -> Self {
        Self {
            wait: Wait::Request,
            steps: steps.into_iter().collect(),
            end,
        }
    }

    pub(super) const fn after(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }
}
