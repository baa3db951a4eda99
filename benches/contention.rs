//! What a second thread costs those that read the same token: the processor time of a reading on
//! one thread, and on two at once, each with its own clone of the service.
//!
//! Their ratio is the goal of 1.1 at most, and 1.0 where nothing is shared that is written. It is
//! no gate: what else runs on the machine shares its caches.

use std::fs;
use std::thread;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use outbound::BoxError;
use outbound::auth::{Authorize, Bearer, Scope, Token, Tokens, from_fn};

const READS: u32 = 300_000;
const ROUNDS: usize = 15;

fn main() -> Result<(), BoxError> {
    let tokens = Tokens::new(from_fn(|_| async { Ok(Token::new("not fetched")) }));
    tokens.set(
        Token::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl")
            .lives(std::time::Duration::from_secs(3600)),
    )?;
    let bearer = Bearer::new(Scope::origin("https://api.example.com")?, tokens);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let Some(one) = reading(bearer.clone()) else {
            println!("this system does not tell a thread's processor time; nothing was measured");
            return Ok(());
        };
        alone.push(one);
        let threads =
            [bearer.clone(), bearer.clone()].map(|bearer| thread::spawn(|| reading(bearer)));
        beside.extend(
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok().flatten()),
        );
    }
    let (alone, beside) = (median(alone), median(beside));
    println!(
        "on one thread {alone:.0} ns, on two {beside:.0} ns, ratio {:.2}",
        beside / alone
    );
    Ok(())
}

/// The nanoseconds of processor time that adding a token to a request, and taking it off again,
/// takes.
fn reading(mut bearer: Bearer) -> Option<f64> {
    let mut request = Request::get("https://api.example.com/")
        .body(Full::<Bytes>::default())
        .ok()?;
    request.headers_mut().reserve(4);
    let before = processor_time()?;
    for _ in 0..READS {
        drop(std::hint::black_box(bearer.authorize_at_once(&mut request)));
        request.headers_mut().remove(AUTHORIZATION);
    }
    let taken = processor_time()? - before;
    Some(taken as f64 / f64::from(READS))
}

/// This thread's, in nanoseconds.
fn processor_time() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
