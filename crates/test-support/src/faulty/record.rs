use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The connection it came on; the first one accepted is 0.
    pub connection: usize,
    /// Its place among the requests of its connection; the first is 0.
    pub index: usize,
    /// The request line and the headers, with the blank line that ends them.
    pub head: String,
    /// What came of the body until now, without the framing of chunks.
    pub body: Bytes,
    /// Whether the body was read to its end.
    pub complete: bool,
}

impl ReceivedRequest {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The request's target: path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of the first header of this name, in whatever case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of the first header of this name in a head.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(given, _)| given.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

/// What a server has seen so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    connections: AtomicUsize,
    requests: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// Without its body, which still grows.
    request: ReceivedRequest,
    body: BytesMut,
}

impl Record {
    /// Counts a connection, and numbers it.
    pub(super) fn connect(&self) -> usize {
        self.connections.fetch_add(1, SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        self.entries().iter().map(Entry::to_request).collect()
    }

    /// Adds a request whose head has come, and says where it stands.
    pub(super) fn begin(&self, connection: usize, index: usize, head: String) -> usize {
        let mut entries = self.entries();
        entries.push(Entry {
            request: ReceivedRequest {
                connection,
                index,
                head,
                body: Bytes::new(),
                complete: false,
            },
            body: BytesMut::new(),
        });
        entries.len() - 1
    }

    /// Adds to the body of the request at `place`.
    pub(super) fn receive(&self, place: usize, data: &[u8]) {
        self.entries()[place].body.extend_from_slice(data);
    }

    /// The request at `place` has come to its end.
    pub(super) fn complete(&self, place: usize) {
        self.entries()[place].request.complete = true;
    }

    pub(super) fn request(&self, place: usize) -> ReceivedRequest {
        self.entries()[place].to_request()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn to_request(&self) -> ReceivedRequest {
        ReceivedRequest {
            body: Bytes::copy_from_slice(&self.body),
            ..self.request.clone()
        }
    }
}
