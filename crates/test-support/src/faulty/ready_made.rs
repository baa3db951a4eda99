use std::time::Duration;

use bytes::Bytes;

use super::act::{Act, End, Step, Wait};
use super::head::Head;

/// Whole answers.
impl Act {
    /// Answers, with the body's length, and keeps the connection open.
    ///
    /// # Panics
    ///
    /// If `status` is none.
    #[must_use]
    pub fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut head = Head::new(status);
        for (name, value) in headers {
            head.add(name, value);
        }
        head.add_length(body.len());
        Self::new([Step::Head(head), Step::Body(body)], End::Next)
    }

    /// Answers 200 with a JSON body.
    #[must_use]
    pub fn ok(json: impl Into<Bytes>) -> Self {
        Self::respond(200, &[("content-type", "application/json")], json)
    }

    /// Answers 200, the body byte by byte, with `pause` before each.
    #[must_use]
    pub fn drip(body: impl Into<Bytes>, pause: Duration) -> Self {
        let body = body.into();
        let bytes = (0..body.len()).map(|at| Step::Body(body.slice(at..=at)));
        let drops = bytes.flat_map(|byte| [Step::Pause(pause), byte]);
        Self::new([promise(&body)].into_iter().chain(drops), End::Next)
    }

    /// Sends these bytes, whatever they are, and keeps the connection open.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new([Step::Raw(bytes.into())], End::Next)
    }
}

/// Connections that end too early.
impl Act {
    /// Closes the connection at once, without waiting for a request.
    ///
    /// After a whole answer it makes a connection that a client may have kept for its next
    /// request: the answer does not announce its end.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::new([], End::Close).after(Wait::Nothing)
    }

    /// Closes the connection instead of answering.
    #[must_use]
    pub fn close() -> Self {
        Self::new([], End::Close)
    }

    /// Resets the connection as soon as a request begins, which is not read.
    #[must_use]
    pub fn reset_before_request() -> Self {
        Self::new([], End::Reset).after(Wait::FirstByte)
    }

    /// Resets the connection instead of answering.
    #[must_use]
    pub fn reset() -> Self {
        Self::new([], End::Reset)
    }

    /// Resets the connection in the middle of a head.
    #[must_use]
    pub fn reset_in_head() -> Self {
        Self::new([part_of_a_head()], End::Reset)
    }

    /// Resets the connection after the first `sent` bytes of `body`.
    ///
    /// # Panics
    ///
    /// If `body` is shorter.
    #[must_use]
    pub fn reset_in_body(body: impl Into<Bytes>, sent: usize) -> Self {
        Self::new(part(&body.into(), sent), End::Reset)
    }

    /// Closes the connection after the first `sent` bytes of `body`.
    ///
    /// # Panics
    ///
    /// If `body` is shorter.
    #[must_use]
    pub fn truncate(body: impl Into<Bytes>, sent: usize) -> Self {
        Self::new(part(&body.into(), sent), End::Close)
    }

    /// Closes the connection after the first `sent` bytes of `body`, which is one chunk. If that
    /// is all of it, the last chunk is missing: the empty one that ends a body.
    ///
    /// # Panics
    ///
    /// If `body` is shorter.
    #[must_use]
    pub fn truncate_chunked(body: impl Into<Bytes>, sent: usize) -> Self {
        let body = body.into();
        let mut head = Head::new(200);
        head.add("transfer-encoding", "chunked");
        let mut chunk = format!("{:x}\r\n", body.len()).into_bytes();
        chunk.extend_from_slice(&body[..sent]);
        if sent == body.len() {
            chunk.extend_from_slice(b"\r\n");
        }
        Self::new([Step::Head(head), Step::Body(chunk.into())], End::Close)
    }

    /// Sends what is no HTTP, and closes the connection.
    #[must_use]
    pub fn garbage() -> Self {
        let garbage = Bytes::from_static(b"\x16\x03\x01\x00 this is not HTTP\r\n\r\n");
        Self::new([Step::Raw(garbage)], End::Close)
    }
}

/// Connections on which nothing more comes until the server is dropped.
impl Act {
    /// Sends nothing.
    #[must_use]
    pub fn stall() -> Self {
        Self::new([], End::Stall)
    }

    /// Sends the beginning of a head.
    #[must_use]
    pub fn stall_in_head() -> Self {
        Self::new([part_of_a_head()], End::Stall)
    }

    /// Sends a head, and the first `sent` bytes of `body`.
    ///
    /// # Panics
    ///
    /// If `body` is shorter.
    #[must_use]
    pub fn stall_in_body(body: impl Into<Bytes>, sent: usize) -> Self {
        Self::new(part(&body.into(), sent), End::Stall)
    }
}

/// The head that belongs to `body`.
fn promise(body: &Bytes) -> Step {
    let mut head = Head::new(200);
    head.add_length(body.len());
    Step::Head(head)
}

fn part(body: &Bytes, sent: usize) -> [Step; 2] {
    [promise(body), Step::Body(body.slice(..sent))]
}

fn part_of_a_head() -> Step {
    Step::Raw(Bytes::from_static(b"HTTP/1.1 200 OK\r\ncontent-ty"))
}
