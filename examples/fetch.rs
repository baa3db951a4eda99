//! Drains a JSON API to NDJSON through the whole stack: credentials, retries, pages, contracts.
//!
//! `cargo run --release --example fetch` drains an unreliable API of its own;
//! `cargo run --release --example fetch -- --help` lists what it can do with yours.

use std::io::ErrorKind;
use std::process::ExitCode;

use tokio::runtime::Runtime;
use tokio::time::Instant;

#[path = "fetch/advice.rs"]
mod advice;
#[path = "fetch/allowance/mod.rs"]
mod allowance;
#[path = "fetch/args/mod.rs"]
mod args;
#[path = "fetch/checkpoint.rs"]
mod checkpoint;
#[path = "fetch/clock.rs"]
mod clock;
#[path = "fetch/console.rs"]
mod console;
#[path = "fetch/contract.rs"]
mod contract;
#[path = "fetch/credential/mod.rs"]
mod credential;
#[path = "fetch/demonstration.rs"]
mod demonstration;
#[path = "fetch/drain/mod.rs"]
mod drain;
#[path = "fetch/failure.rs"]
mod failure;
#[path = "fetch/files.rs"]
mod files;
#[path = "fetch/interrupt.rs"]
mod interrupt;
#[path = "fetch/minify.rs"]
mod minify;
#[path = "fetch/next/mod.rs"]
mod next;
#[path = "fetch/not_json.rs"]
mod not_json;
#[path = "fetch/outcome.rs"]
mod outcome;
#[path = "fetch/output/mod.rs"]
mod output;
#[path = "fetch/pagination.rs"]
mod pagination;
#[path = "fetch/patience.rs"]
mod patience;
#[path = "fetch/pauses.rs"]
mod pauses;
#[path = "fetch/plan/mod.rs"]
mod plan;
#[path = "fetch/redirect.rs"]
mod redirect;
#[path = "fetch/refusal.rs"]
mod refusal;
#[path = "fetch/shown.rs"]
mod shown;
#[path = "fetch/stack.rs"]
mod stack;
#[path = "fetch/stderr.rs"]
mod stderr;
#[path = "fetch/strategy.rs"]
mod strategy;
#[path = "fetch/summary.rs"]
mod summary;
#[path = "fetch/tally.rs"]
mod tally;
#[path = "fetch/token_client.rs"]
mod token_client;
#[path = "fetch/trail.rs"]
mod trail;
#[path = "fetch/transport.rs"]
mod transport;
#[path = "fetch/unreliable/mod.rs"]
mod unreliable;
#[path = "fetch/usage.rs"]
mod usage;
#[path = "fetch/whole.rs"]
mod whole;
#[path = "fetch/words.rs"]
mod words;

use crate::console::Console;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::plan::Job;
use crate::summary::Counters;

fn main() -> ExitCode {
    let job = match Job::from_command_line() {
        Ok(job) => job,
        Err(line) => usage::end(&line),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            stderr::tell(&format!("fetch: its threads cannot be started: {error}"));
            stderr::settle();
            return Outcome::Transport.exit_code();
        }
    };
    let outcome = runtime.block_on(run(job));
    stderr::settle();
    // Not by waiting for threads that wait for a reader who does not come.
    runtime.shutdown_background();
    outcome.exit_code()
}

async fn run(job: Job) -> Outcome {
    let start = Instant::now();
    let counters = Counters::default();
    let mut console = Console::new(matches!(job, Job::Demonstrate(..)));
    let output = job.output().clone();
    let drawing = console.draw(&output, &counters);

    let interrupt = Interrupt::listen();
    let result = match job {
        Job::Drain(plan) => drain::run(plan, &counters, &console, interrupt).await,
        Job::Demonstrate(retry, output) => {
            demonstration::run(retry, output, &counters, &console, interrupt).await
        }
    };
    drop(drawing);

    let outcome = match &result {
        Ok(outcome) => *outcome,
        Err(failure) if failure.outcome == Outcome::Usage => usage::end(&failure.to_string()),
        Err(failure) => {
            stderr::tell(&format!("fetch: {failure}"));
            failure.outcome
        }
    };
    if let Some(target) = &output.summary {
        match summary::write(target, &counters, outcome, start.elapsed()) {
            // Nobody reads it, as nobody might read the items.
            Err(error) if target == "-" && error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => {
                stderr::tell(&format!(
                    "fetch: the summary cannot be written to {target}: {error}; \
                     name a file that can be written"
                ));
                return Outcome::Output;
            }
            Ok(()) => {}
        }
    }
    outcome
}
