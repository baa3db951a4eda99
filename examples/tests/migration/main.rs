//! What the guide migrates from, compiled: the guide shows these very lines, and what it says of them
//! is so.

#![cfg(feature = "migration")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod by_hand;
mod kube;
mod octocrab;
mod reqwest_retry;

use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
struct User {
    id: u64,
}

/// The lines of `source` between this comment and the next that names a part, without their margin.
fn part(source: &str, name: &str) -> String {
    let begin = format!("    // {name}\n");
    let from = source.find(&begin).expect("its begin") + begin.len();
    let to = source[from..].find("    // end\n").expect("its end") + from;
    source[from..to]
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n")
        .collect()
}

#[test]
fn the_guide_shows_these_lines() {
    let guide = include_str!("../../../crates/outbound/src/docs/guide/migration.md");
    let shown: Vec<_> = guide
        .split("```text\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let compiled = [
        part(include_str!("reqwest_retry.rs"), "before"),
        part(include_str!("by_hand.rs"), "before"),
        part(include_str!("kube.rs"), "before"),
        part(include_str!("kube.rs"), "after"),
        part(include_str!("octocrab.rs"), "before"),
        part(include_str!("octocrab.rs"), "after"),
    ];
    assert_eq!(shown, compiled);
}
