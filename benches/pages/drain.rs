//! A thousand pages of a hundred items over loopback: the page stream beside the loop that one
//! writes by hand.
//!
//! Server and contestants are processes of their own, each run a new one. Only ratios of one
//! run mean anything.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

mod client;
mod server;

use self::client::Sum;

pub(crate) const PAGES: u64 = 1000;
pub(crate) const ITEMS: u64 = 100;

/// What is compared, and with what: the goals D1, D2 and D3.
const TABLES: &[(&str, u64, &[&str])] = &[
    ("at once", 0, &["hand", "items", "items, lent", "pages"]),
    (
        "5 ms a page",
        5,
        &["hand", "items", "hand, 8 ahead", "items, 8 ahead"],
    ),
    (
        "5 ms a page, and 5 ms of work on each",
        5,
        &["hand, working", "pages, working", "items, working"],
    ),
];

/// Runs the tables, each contestant so many times.
pub(crate) fn tables(rounds: usize) {
    for (title, latency, contestants) in TABLES {
        let (server, port) = serve(*latency);
        let mut times: Vec<(&str, Vec<f64>, u64)> = Vec::new();
        for name in *contestants {
            times.push((name, Vec::new(), 0));
        }
        for _ in 0..rounds {
            for (name, times, memory) in &mut times {
                let (time, peak) = contest(name, port);
                times.push(time);
                *memory = peak.max(*memory);
            }
        }
        drop(server);
        println!("{PAGES} pages of {ITEMS} items, {title}: seconds, ratio to the first, peak");
        let mut first = None;
        for (name, mut times, memory) in times {
            times.sort_by(f64::total_cmp);
            let median = times[times.len() / 2];
            let first = *first.get_or_insert(median);
            let ratio = first / median;
            let mib = memory as f64 / 1024.0;
            println!("  {name:22} {median:8.3} s {ratio:6.2}x {mib:7.1} MiB");
        }
    }
}

/// Ends with whoever holds it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn own() -> Command {
    Command::new(std::env::current_exe().expect("this program"))
}

fn serve(latency: u64) -> (Server, u16) {
    let mut child = own()
        .args(["serve", &latency.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("its output");
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("its port");
    let port = line.trim().parse().expect("a port");
    (Server(child), port)
}

/// A run of one contestant: seconds, and the most memory it had, in KiB.
fn contest(name: &str, port: u16) -> (f64, u64) {
    let output = own()
        .args(["contest", name, &port.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("a run");
    assert!(output.status.success(), "{name} failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let (time, memory) = text.trim().split_once(' ').expect("time and memory");
    let parsed = (time.parse(), memory.parse());
    (parsed.0.expect("seconds"), parsed.1.expect("KiB"))
}

pub(crate) fn server(latency: &str) {
    runtime().block_on(server::run(latency.parse().expect("milliseconds")));
}

pub(crate) fn contestant(name: &str, port: &str) {
    let port = port.parse().expect("a port");
    #[allow(
        clippy::disallowed_methods,
        reason = "it is the wall clock that counts"
    )]
    let start = Instant::now();
    let mut sum = Sum::default();
    runtime().block_on(async {
        client::run(name, port, &mut sum).await;
    });
    sum.check();
    println!("{} {}", start.elapsed().as_secs_f64(), memory());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The most memory that this process has had, in KiB, where the system tells.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
