//! Instructions, counted by callgrind: this program runs itself under it with and without the
//! calls, and the difference repeats exactly.

use outbound_benches::callgrind;

use crate::contestants::{Contestant, contestants};
use crate::documents::{Document, documents};

const CALLS: u64 = 100;
/// Before the calls that are counted: what is filled once is filled.
const WARM: u64 = 3;

/// Makes the calls, for callgrind to watch.
pub(crate) fn drive(document: &str, contestant: &str, calls: &str) {
    let calls: u64 = calls.parse().expect("a number of calls");
    let documents = documents();
    let document = documents.iter().find(|known| known.name == document);
    let contestants = contestants(document.expect("a document"));
    let contestant = contestants.iter().find(|known| known.name == contestant);
    let contestant = contestant.expect("a contestant");
    for _ in 0..WARM + calls {
        contestant.accepts();
    }
}

/// Of one call; `None` where there is no valgrind.
pub(crate) fn of(document: &Document, contestant: &Contestant) -> Option<u64> {
    let none = count(document.name, contestant.name, 0)?;
    let all = count(document.name, contestant.name, CALLS)?;
    Some(all.saturating_sub(none) / CALLS)
}

fn count(document: &str, contestant: &str, calls: u64) -> Option<u64> {
    callgrind([document, contestant, &calls.to_string()])
}
