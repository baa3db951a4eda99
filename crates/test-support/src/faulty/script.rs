use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::act::Act;
use super::record::ReceivedRequest;

type Answer = dyn Fn(&ReceivedRequest) -> Act + Send + Sync;

/// What the connections of a server do.
pub(super) enum Script {
    /// Each in its turn.
    Connections {
        acts: Vec<Vec<Act>>,
        repeats_last: AtomicBool,
    },
    ByRequest(Arc<Answer>),
}

/// What one connection does.
pub(super) enum Acts {
    List(Vec<Act>),
    ByRequest(Arc<Answer>),
}

impl Script {
    pub(super) fn connections(acts: Vec<Vec<Act>>) -> Self {
        Self::Connections {
            acts,
            repeats_last: AtomicBool::new(false),
        }
    }

    pub(super) fn by_request(
        answer: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::ByRequest(Arc::new(answer))
    }

    pub(super) fn repeat_last(&self) {
        if let Self::Connections { repeats_last, .. } = self {
            repeats_last.store(true, SeqCst);
        }
    }

    /// What the connection with this number does: nothing, if the script is over.
    pub(super) fn connection(&self, number: usize) -> Acts {
        match self {
            Self::Connections { acts, repeats_last } => {
                let repeated = || acts.last().filter(|_| repeats_last.load(SeqCst));
                let list = acts.get(number).or_else(repeated);
                Acts::List(list.cloned().unwrap_or_default())
            }
            Self::ByRequest(answer) => Acts::ByRequest(Arc::clone(answer)),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connections { acts, .. } => f.debug_list().entries(acts).finish(),
            Self::ByRequest(_) => f.write_str("ByRequest"),
        }
    }
}
