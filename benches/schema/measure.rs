use std::fs;

use outbound_benches::Counting;

use crate::contestants::Contestant;

#[global_allocator]
static GLOBAL: Counting = Counting;

/// Of one call, once all that is filled once is filled.
pub(crate) fn allocations(contestant: &Contestant) -> u64 {
    contestant.accepts();
    let before = outbound_benches::allocations();
    contestant.accepts();
    outbound_benches::allocations() - before
}

/// Rounds in which all contestants take their turn.
const ROUNDS: usize = 7;
/// How long one turn takes, in nanoseconds.
const TURN: u64 = 25_000_000;

/// The CPU time of this thread in nanoseconds; where the system does not tell, that on the wall.
fn now() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next()?.parse().ok());
    told.unwrap_or_else(|| {
        #[allow(clippy::disallowed_methods)] // Nothing here has a clock that could be paused.
        let now = std::time::SystemTime::now();
        let since = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// Nanoseconds of one call of each, the median of the rounds.
pub(crate) fn times(contestants: &[Contestant]) -> Vec<f64> {
    let counts: Vec<u64> = contestants.iter().map(calls_in_a_turn).collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for _ in 0..ROUNDS {
        for ((contestant, count), samples) in contestants.iter().zip(&counts).zip(&mut samples) {
            let start = now();
            for _ in 0..*count {
                contestant.accepts();
            }
            #[allow(clippy::cast_precision_loss)] // Far below 2^53.
            samples.push((now() - start) as f64 / *count as f64);
        }
    }
    samples
        .into_iter()
        .map(|mut samples| {
            samples.sort_by(f64::total_cmp);
            samples[ROUNDS / 2]
        })
        .collect()
}

fn calls_in_a_turn(contestant: &Contestant) -> u64 {
    let mut calls = 1;
    loop {
        let start = now();
        for _ in 0..calls {
            contestant.accepts();
        }
        let taken = now() - start;
        if taken > TURN / 2 {
            return (calls * TURN / taken).max(1);
        }
        calls *= 2;
    }
}
