//! Lines on stderr, where nobody may read: too slowly, not at all, or not any more.

use std::io::{Write, stderr};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that may wait to be read. What is more is not told: who reads none of these needs no others.
const MOST_WAITING: usize = 256;

/// How long the program waits at its end for what it has told to be read.
const PATIENCE: Duration = Duration::from_secs(1);

enum Told {
    Line(String),
    /// All before is written.
    Heard(SyncSender<()>),
}

/// Prints a line, and waits for nobody.
pub(crate) fn tell(line: &str) {
    match teller() {
        Some(teller) => {
            let _ = teller.try_send(Told::Line(line.to_owned()));
        }
        None => tell_now(line),
    }
}

/// Prints a line before it returns, whatever is still to be told.
pub(crate) fn tell_now(line: &str) {
    // Where nobody reads any more, nothing is left to be told.
    let _ = writeln!(stderr(), "{line}");
}

/// Waits until all that was told is written, for a moment.
pub(crate) fn settle() {
    let (heard, all) = sync_channel(1);
    let teller = teller();
    if teller.is_some_and(|teller| teller.try_send(Told::Heard(heard)).is_ok()) {
        let _ = all.recv_timeout(PATIENCE);
    }
}

/// A thread writes, which ends with the program. Where there is none, nobody waits for it either.
fn teller() -> Option<&'static SyncSender<Told>> {
    static TELLER: OnceLock<Option<SyncSender<Told>>> = OnceLock::new();
    TELLER
        .get_or_init(|| {
            let (teller, told) = sync_channel(MOST_WAITING);
            let thread = thread::Builder::new().name("stderr".to_owned());
            thread.spawn(move || write(&told)).ok().map(|_| teller)
        })
        .as_ref()
}

fn write(told: &Receiver<Told>) {
    for told in told {
        match told {
            Told::Line(line) => tell_now(&line),
            Told::Heard(heard) => {
                let _ = heard.send(());
            }
        }
    }
}
