//! What goes wrong, and on which page.

use std::sync::{Mutex, PoisonError};

/// What a request for a page meets instead of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 429 that permits the next request at once.
    TooManyRequests,
    /// The connection is reset before a byte of the response.
    Reset,
    /// The token is revoked before its time: 401.
    Revoked,
    /// 200 and a body that ends before its `Content-Length` is reached.
    Truncated,
    /// 503 that asks for a second of patience, by whose end the second token has expired.
    Unavailable,
}

/// The faults that are still to come.
#[derive(Debug)]
pub(super) struct Faults(Mutex<Vec<(u32, Fault)>>);

impl Faults {
    /// The fault that waits on `page`; it is met once.
    pub(super) fn meet(&self, page: u32) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = faults.iter().position(|(place, _)| *place == page)?;
        Some(faults.remove(index).1)
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self(Mutex::new(vec![
            (2, Fault::TooManyRequests),
            (4, Fault::Reset),
            (5, Fault::Revoked),
            (7, Fault::Truncated),
            // Page 8 has an item that breaks the contract, each time it is asked for.
            (9, Fault::Unavailable),
        ]))
    }
}
