//! Memory that is used again from one body to the next, so that an accepted one allocates
//! nothing.

use std::sync::{Mutex, PoisonError};

use super::keys::Keys;
use super::memo::Memo;
use super::tape::Tape;

/// The most idle ones that are kept: more bodies at once allocate theirs.
const MOST_IDLE: usize = 16;

/// The most bytes that one of them keeps from body to body, but for the memory of which member
/// follows which: that is as large as the schema says.
const MOST_KEPT: usize = 4 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Which known member was found behind which, a guess that is right in most lists.
    pub(crate) following: Vec<u16>,
    pub(crate) keys: Keys,
    pub(crate) tape: Tape,
    pub(crate) memo: Memo,
    /// The order of elements while they are compared.
    pub(crate) order: Vec<(u64, u32)>,
}

impl Scratch {
    fn bytes(&self) -> usize {
        let order = self.order.capacity() * size_of::<(u64, u32)>();
        self.tape.bytes() + self.memo.bytes() + self.keys.bytes() + order
    }
}

#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Scratch>>,
}

impl Pool {
    pub(crate) fn take(&self) -> Scratch {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop().unwrap_or_default()
    }

    pub(crate) fn put(&self, scratch: Scratch) {
        if scratch.bytes() > MOST_KEPT {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(scratch);
        }
    }
}
