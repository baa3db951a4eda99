//! How `fetch` finds the next page: every form of `--next`, and what goes with it.

#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;

mod counted;
mod guards;
mod told;

use serde_json::json;

use crate::script::Scripted;
use crate::support::{Run, run};

/// Drains a server with these answers: the run, and the requests without the headers.
fn drain(path: &str, options: &[&str], answers: &[&str]) -> (Run, Vec<String>) {
    let server = Scripted::start(answers);
    let run = run(&[&[&*server.url(path)][..], options].concat());
    let lines = server.lines();
    (run, lines)
}

/// Drains to the end: the lines, and the requests.
fn drained(path: &str, options: &[&str], answers: &[&str]) -> (Vec<String>, Vec<String>) {
    let (run, asked) = drain(path, options, answers);
    assert_eq!(run.code, Some(0), "{options:?}: {}", run.stderr);
    assert_eq!(run.summary["outcome"], "done", "{options:?}");
    assert_eq!(run.summary["requests"], json!(asked.len()), "{options:?}");
    (run.lines, asked)
}
