//! Runs `fetch` and looks at what it leaves.

#![allow(dead_code, unreachable_pub)] // Each test is a crate of its own, and includes this.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A secret that must never be seen.
pub const SECRET: &str = "canary-7f3a";

/// An example, beside the test's own folder. `cargo test` builds examples before it runs tests.
pub fn program(name: &str) -> Command {
    let test = std::env::current_exe().expect("this test's path");
    let profile = test.ancestors().nth(2).expect("the profile's folder");
    let program = profile
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{name} is not built: run all of `cargo test -p outbound-examples`"
    );
    Command::new(program)
}

/// `fetch`, with secrets in its environment.
pub fn fetch() -> Command {
    let mut command = program("fetch");
    command
        .env("SECRET", SECRET)
        .env("PAIR", format!("user:{SECRET}"))
        .env("ID", "the id:")
        .env("EMPTY", "")
        .env("SPLIT", "a\r\nb");
    command
}

/// A run: its exit code, stdout, stderr, summary.
pub struct Run {
    pub code: Option<i32>,
    pub lines: Vec<String>,
    pub stderr: String,
    pub summary: Value,
}

impl Run {
    /// Panics unless the summary's counters are these.
    #[track_caller]
    pub fn assert_counts<const N: usize>(&self, expected: [(&str, u64); N]) {
        for (counter, value) in expected {
            assert_eq!(self.summary[counter], value, "{counter}: {}", self.stderr);
        }
    }
}

/// Runs `fetch`, without pauses between retries unless `arguments` say how long they are.
pub fn run(arguments: &[&str]) -> Run {
    run_with(&[], arguments)
}

/// As [`run`], with further environment variables.
pub fn run_with(variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    static RUNS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let summary: PathBuf =
        std::env::temp_dir().join(format!("fetch-{}-{number}.json", std::process::id()));
    let pauses = match arguments.contains(&"--retry-base") {
        true => &[][..],
        false => &["--retry-base", "0"],
    };
    let Output {
        status,
        stdout,
        stderr,
    } = fetch()
        .envs(variables.iter().copied())
        .args(pauses)
        .arg("--summary")
        .arg(&summary)
        .args(arguments)
        .output()
        .expect("fetch runs");
    let text = std::fs::read_to_string(&summary).unwrap_or_else(|_| "null".to_owned());
    let _ = std::fs::remove_file(&summary);
    let (stdout, stderr) = (
        String::from_utf8(stdout).expect("UTF-8"),
        String::from_utf8(stderr).expect("UTF-8"),
    );
    for (text, name) in [
        (&stdout, "stdout"),
        (&stderr, "stderr"),
        (&text, "the summary"),
    ] {
        assert!(!text.contains(SECRET), "a secret is on {name}: {text}");
    }
    Run {
        code: status.code(),
        lines: stdout.lines().map(str::to_owned).collect(),
        stderr,
        summary: serde_json::from_str(&text).expect("a JSON summary"),
    }
}
