//! `fetch` as a black box: its exit codes, its output, its summary, and what it sends.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[allow(dead_code)] // Of the command line, some types are looked at.
#[path = "../../fetch/args/mod.rs"]
mod args;
#[path = "../../fetch/shown.rs"]
mod shown;
// These bring tests of their own, which nobody runs where an example is built.
#[allow(dead_code)]
#[path = "../../fetch/minify.rs"]
mod minify;
#[allow(dead_code, unused_imports)]
#[path = "../../fetch/next/mod.rs"]
mod next;
#[allow(dead_code)]
#[path = "../../fetch/output/pieces.rs"]
mod pieces;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;

mod contracts;
mod files;
mod help;
mod hints;
mod list;
mod program;
mod sends;
mod server;
mod terminal;
mod usage;

fn ids(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|id| format!("{{\"id\":{id}}}")).collect()
}
