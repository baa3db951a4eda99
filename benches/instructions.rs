//! Counts the instructions that each layer adds to one call on its success path.
//!
//! It runs itself under `valgrind --tool=callgrind` with 0 and with 1 000 calls of each layer
//! and divides the difference; the figures repeat exactly for one binary. Without valgrind it
//! says so and ends.

use std::process::{Command, Stdio};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_benches::{Visit, call, request, visit_all};
use tower::Service;

const CALLS: u64 = 1_000;

/// Makes the calls of one layer, for callgrind to watch.
struct Drive {
    name: String,
    calls: u64,
}

impl Visit for Drive {
    fn visit<S>(&mut self, name: &'static str, mut service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>,
    {
        if name == self.name {
            for _ in 0..self.calls {
                drop(call(&mut service, request()));
            }
        }
    }
}

#[derive(Default)]
struct Names(Vec<&'static str>);

impl Visit for Names {
    fn visit<S>(&mut self, name: &'static str, _service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>,
    {
        self.0.push(name);
    }
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    if let (Some(name), Some(calls)) = (arguments.next(), arguments.next()) {
        let calls = calls.parse().expect("a number of calls");
        visit_all(&mut Drive { name, calls }).expect("the layers' settings are right");
        return;
    }
    let mut names = Names::default();
    visit_all(&mut names).expect("the layers' settings are right");
    let mut bare = None;
    for name in names.0 {
        let (Some(none), Some(all)) = (instructions(name, 0), instructions(name, CALLS)) else {
            println!("valgrind is not installed here; nothing was measured");
            return;
        };
        let each = all.saturating_sub(none) / CALLS;
        match bare {
            None => {
                println!("{name:34} {each:6} instructions a call, which are subtracted below");
                bare = Some(each);
            }
            Some(bare) => println!("{name:34} {:6}", each.saturating_sub(bare)),
        }
    }
}

/// Runs this program under callgrind; `None` where there is none.
fn instructions(name: &str, calls: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([name, &calls.to_string()])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let total = report
        .lines()
        .find_map(|line| line.split_once("Collected :"))?
        .1;
    total.trim().parse().ok()
}
