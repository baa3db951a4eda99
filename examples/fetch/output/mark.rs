//! How far a file is written, and by what it is known again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// By how many of its last bytes a file is known again.
pub(super) const TAIL: usize = 256;

/// How far a file is written, and by what it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(super) len: u64,
    tail: String,
}

/// What a file holds.
#[derive(Default)]
pub(super) struct Written {
    pub(super) len: u64,
    pub(super) tail: Vec<u8>,
}

impl Written {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.len += line.len() as u64;
        let new = &line[line.len().saturating_sub(TAIL)..];
        let old = (self.tail.len() + new.len()).saturating_sub(TAIL);
        self.tail.drain(..old);
        self.tail.extend_from_slice(new);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            len: self.len,
            tail: format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&self.tail))),
        }
    }
}
