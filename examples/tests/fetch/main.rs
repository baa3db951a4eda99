//! `fetch` as a black box: its exit codes, its output, its summary, and what it sends.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "../support/mod.rs"]
mod support;

mod contracts;
mod list;
mod program;
mod sends;
mod server;

fn ids(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|id| format!("{{\"id\":{id}}}")).collect()
}
