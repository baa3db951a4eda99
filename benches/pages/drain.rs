//! A thousand pages of a hundred items over loopback: the page stream beside the loop that one
//! writes by hand and, with `--features peers`, beside octocrab and page-turner.
//!
//! Server and contestants are processes of their own, each run a new one. Only ratios of one
//! run mean anything.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

mod client;
#[cfg(feature = "peers")]
mod peers;
mod server;

use self::client::Sum;

pub(crate) const PAGES: u64 = 1000;
pub(crate) const ITEMS: u64 = 100;

struct Table {
    title: &'static str,
    /// What the server waits before each answer, in milliseconds.
    latency: u64,
    contestants: &'static [&'static str],
    goals: &'static [Goal],
}

/// That `ours` is at least `ratio` times as fast as `theirs`.
struct Goal {
    name: &'static str,
    ours: &'static str,
    theirs: &'static str,
    ratio: f64,
}

const fn goal(name: &'static str, ours: &'static str, theirs: &'static str, ratio: f64) -> Goal {
    Goal {
        name,
        ours,
        theirs,
        ratio,
    }
}

const TABLES: &[Table] = &[
    Table {
        title: "at once",
        latency: 0,
        contestants: &[
            "hand",
            "items",
            "items, lent",
            "pages",
            "octocrab",
            "page-turner",
        ],
        goals: &[
            goal("D1", "items", "octocrab", 2.4),
            goal("D1", "items", "hand", 1.0 / 1.03),
            goal("D1", "pages", "hand", 1.0 / 1.03),
        ],
    },
    Table {
        title: "5 ms a page",
        latency: 5,
        contestants: &[
            "hand",
            "items",
            "hand, 8 ahead",
            "items, 8 ahead",
            "octocrab",
            "page-turner, 8 ahead",
        ],
        goals: &[goal("D2", "items, 8 ahead", "octocrab", 7.0)],
    },
    Table {
        title: "5 ms a page, and 5 ms of work on each",
        latency: 5,
        contestants: &[
            "hand, working",
            "hand, working, ahead",
            "pages, working",
            "items, working",
            "octocrab, working",
        ],
        goals: &[
            goal("D3", "pages, working", "hand, working", 1.95),
            goal("D3", "items, working", "hand, working", 1.95),
        ],
    },
];

/// What is known of a contestant after so many runs.
struct Runs {
    name: &'static str,
    wall: Vec<f64>,
    busy: Vec<f64>,
    /// The most memory that a run had, in KiB.
    memory: u64,
}

impl Runs {
    /// Whether this build can run it.
    fn of(name: &'static str) -> Option<Self> {
        let peer = name.starts_with("octocrab") || name.starts_with("page-turner");
        (cfg!(feature = "peers") || !peer).then_some(Self {
            name,
            wall: Vec::new(),
            busy: Vec::new(),
            memory: 0,
        })
    }

    fn run(&mut self, port: u16) {
        let run = contest(self.name, port);
        self.wall.push(run.wall);
        self.busy.push(run.busy);
        self.memory = self.memory.max(run.memory);
    }
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How often `theirs` takes the time of `ours`: the median of the rounds, whose runs stand side by
/// side and meet the same disturbances.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(our, their)| their / our)
        .collect();
    median(&ratios)
}

/// The time of the run that was disturbed least.
fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Runs the tables, each contestant so many times.
pub(crate) fn tables(rounds: usize) {
    for table in TABLES {
        let (server, port) = serve(table.latency);
        let names = table.contestants.iter();
        let mut all: Vec<Runs> = names.filter_map(|name| Runs::of(name)).collect();
        for _ in 0..rounds {
            for runs in &mut all {
                runs.run(port);
            }
        }
        drop(server);
        println!(
            "{PAGES} pages of {ITEMS} items, {}: seconds (median, fastest), speed beside the first, seconds of CPU, peak",
            table.title
        );
        for runs in &all {
            println!(
                "  {:22} {:8.3} {:8.3} s {:6.2}x {:8.3} s {:7.1} MiB",
                runs.name,
                median(&runs.wall),
                fastest(&runs.wall),
                ratio(&runs.wall, &all[0].wall),
                median(&runs.busy),
                runs.memory as f64 / 1024.0
            );
        }
        let find = |name| all.iter().find(|runs| runs.name == name);
        for goal in table.goals {
            let (Some(ours), Some(theirs)) = (find(goal.ours), find(goal.theirs)) else {
                println!("  {}: {} takes `--features peers`", goal.name, goal.theirs);
                continue;
            };
            println!(
                "  {}: {} is {:.2}x as fast as {}, {:.2}x by the fastest runs, {:.2}x by CPU; the goal {:.2}x",
                goal.name,
                goal.ours,
                ratio(&ours.wall, &theirs.wall),
                goal.theirs,
                fastest(&theirs.wall) / fastest(&ours.wall),
                ratio(&ours.busy, &theirs.busy),
                goal.ratio
            );
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

struct Run {
    /// Seconds, by the clock and of the processor.
    wall: f64,
    busy: f64,
    /// The most memory it had, in KiB.
    memory: u64,
}

/// A run of one contestant.
fn contest(name: &str, port: u16) -> Run {
    let output = own()
        .args(["contest", name, &port.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("a run");
    assert!(output.status.success(), "{name} failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace();
    let mut next = || numbers.next().expect("a number");
    Run {
        wall: next().parse().expect("seconds"),
        busy: next().parse().expect("seconds"),
        memory: next().parse().expect("KiB"),
    }
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
    println!("{} {} {}", start.elapsed().as_secs_f64(), busy(), memory());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// How long this process has had a processor, in seconds, where the system tells.
fn busy() -> f64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = times.split(' ').next().and_then(|time| time.parse().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

/// The most memory that this process has had, in KiB, where the system tells.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
