//! What a second thread costs those that read the same token: the time of a reading on one thread,
//! and on two at once, each with its own clone of the service.
//!
//! Their ratio is 1.0 where nothing is shared that is written, and a gate at 1.1. It compares the
//! best of several rounds, of those in which each thread had a core for itself: on a machine that has
//! too little room there are none, which it then says.

use std::fs;
use std::ops::Range;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::{Authorize, Bearer, Scope, Token, Tokens, from_fn};
use tokio::time::Instant;

/// Few, so that a round fits between two disturbances.
const READS: u32 = 10_000;
const ROUNDS: usize = 5_000;

/// So many rounds are enough to judge by.
const ENOUGH: usize = 20;

/// The goal.
const MOST: f64 = 1.1;

fn main() -> Result<(), BoxError> {
    let tokens = Tokens::new(from_fn(|_| async { Ok(Token::new("not fetched")) }));
    tokens.set(
        Token::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl")
            .lives(Duration::from_secs(3600)),
    )?;
    let bearer = Bearer::new(Scope::origin("https://api.example.com")?, tokens);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (Some([one]), Some([two, three])) = (round(&bearer), round(&bearer)) else {
            println!(
                "this system does not tell how long a thread waits for a core; nothing was measured"
            );
            return Ok(());
        };
        if one.is_undisturbed() {
            alone.push(one.each);
        }
        if two.is_undisturbed() && three.is_undisturbed() && two.is_beside(&three) {
            beside.push(two.each.max(three.each));
        }
        if alone.len().min(beside.len()) >= ENOUGH {
            break;
        }
    }
    if alone.len().min(beside.len()) < ENOUGH {
        println!(
            "two threads seldom had a core each ({} rounds of {ROUNDS}); nothing can be said",
            beside.len()
        );
        return Ok(());
    }
    let (alone, beside) = (least(&alone), least(&beside));
    let ratio = beside / alone;
    println!(
        "on one thread {alone:.0} ns, on two {beside:.0} ns, ratio {ratio:.2}, at most {MOST}"
    );
    assert!(ratio <= MOST, "a second thread costs the first");
    Ok(())
}

/// What a thread's readings took.
struct Reading {
    /// Nanoseconds for each.
    each: f64,
    /// How many nanoseconds of it the thread waited for a core.
    waited: u64,
    span: Range<Instant>,
}

impl Reading {
    fn is_undisturbed(&self) -> bool {
        self.waited == 0
    }

    /// Whether both ran at the same time, nearly throughout.
    fn is_beside(&self, other: &Self) -> bool {
        let (one, two) = (&self.span, &other.span);
        let both = one.end.min(two.end) - one.start.max(two.start);
        let all = one.end.max(two.end) - one.start.min(two.start);
        both > all.mul_f64(0.9)
    }
}

/// On `N` threads at once.
fn round<const N: usize>(bearer: &Bearer) -> Option<[Reading; N]> {
    let start = &Barrier::new(N);
    let readings: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..N)
            .map(|_| {
                let bearer = bearer.clone();
                scope.spawn(move || reading(bearer, start))
            })
            .collect();
        let ended = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ended.filter_map(|ended| ended.ok().flatten()).collect()
    });
    readings.try_into().ok()
}

/// Adds a token to a request, and takes it off again.
fn reading(mut bearer: Bearer, start: &Barrier) -> Option<Reading> {
    let mut request = Request::get("https://api.example.com/")
        .body(Full::<Bytes>::default())
        .ok()?;
    request.headers_mut().reserve(4);
    start.wait();
    let waited = waited()?;
    let began = Instant::now();
    for _ in 0..READS {
        drop(std::hint::black_box(bearer.authorize_at_once(&mut request)));
        request.headers_mut().remove(AUTHORIZATION);
    }
    let span = began..Instant::now();
    Some(Reading {
        each: span.end.duration_since(began).as_nanos() as f64 / f64::from(READS),
        waited: self::waited()? - waited,
        span,
    })
}

/// How long this thread waited for a core so far, in nanoseconds. (How long it ran is told too, but
/// as of the last tick.)
fn waited() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

fn least(all: &[f64]) -> f64 {
    all.iter().copied().fold(f64::INFINITY, f64::min)
}
