//! What the drain waits for, for those who watch it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use outbound::retry::{Cause, Event};
use tokio::time::Instant;

/// Nobody wonders about a pause that is not longer.
const SHORT: Duration = Duration::from_secs(1);

/// The pauses before retries that are being made; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Pauses(Arc<Mutex<Vec<Pause>>>);

struct Pause {
    end: Instant,
    why: String,
}

/// A pause that is told of until this is dropped, or it is over.
pub(crate) struct Told {
    pauses: Pauses,
    end: Instant,
}

impl Pauses {
    /// A pause has begun, before the send of this `number`, of which there are `most`.
    pub(crate) fn begin(&self, event: &Event<'_>, number: u32, most: u32) -> Option<Told> {
        self.add(event, "", number, most)
    }

    /// The same before one more request for a token.
    pub(crate) fn begin_for_a_token(&self, event: &Event<'_>, most: u32) {
        // It is told of until it is over, whoever still waits for the token.
        std::mem::forget(self.add(event, " for a token", event.retry().saturating_add(1), most));
    }

    fn add(&self, event: &Event<'_>, what: &str, number: u32, most: u32) -> Option<Told> {
        if event.delay() <= SHORT {
            return None;
        }
        let now = Instant::now();
        let end = now.checked_add(event.delay())?;
        let why = format!("{what}, {}, attempt {number} of {most}", cause(event));
        let mut pauses = self.lock();
        pauses.retain(|pause| pause.end > now);
        pauses.push(Pause { end, why });
        drop(pauses);
        Some(Told {
            pauses: self.clone(),
            end,
        })
    }

    /// The one that is over first: `waiting 27 s, asked by the server (503), attempt 2 of 5`.
    pub(crate) fn told(&self) -> Option<String> {
        let now = Instant::now();
        let pauses = self.lock();
        let pending = pauses.iter().filter(|pause| pause.end > now);
        let first = pending.min_by_key(|pause| pause.end)?;
        // The last second is one too.
        let left = (first.end - now + Duration::from_millis(999)).as_secs();
        Some(format!("waiting {left} s{}", first.why))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Pause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let mut pauses = self.pauses.lock();
        if let Some(at) = pauses.iter().position(|pause| pause.end == self.end) {
            pauses.swap_remove(at);
        }
    }
}

fn cause(event: &Event<'_>) -> String {
    match event.cause() {
        Cause::Status(status) if event.server_asked() => {
            format!("asked by the server ({})", status.as_u16())
        }
        Cause::Status(status) => format!("after {}", status.as_u16()),
        Cause::AttemptTimeout => "after an attempt that took too long".to_owned(),
        // It is `failed (connection reset by peer)`, on one line whatever it is.
        other => format!("after it {other}").replace(char::is_control, " "),
    }
}
