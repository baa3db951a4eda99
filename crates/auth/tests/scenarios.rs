//! The table of scenarios names tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a table's name for a group of tests is.
fn file(group: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = root.join("../../examples/tests");
    match (group, group.strip_prefix("src/")) {
        ("fetch", _) => examples.join("auth.rs"),
        ("rigs", _) => examples.join("auth_rigs.rs"),
        (_, Some(source)) => root.join("src").join(source).with_extension("rs"),
        (test, None) => root.join("tests").join(test).with_extension("rs"),
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let table = include_str!("../src/docs/scenarios.md");
    let mut named = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tests = row.rsplit('|').nth(1).expect("a last column");
        for group in tests.split(';') {
            let Some((group, names)) = group.trim().split_once(": ") else {
                continue;
            };
            let Ok(text) = fs::read_to_string(file(group)) else {
                let elsewhere = ["fetch", "rigs"].contains(&group) || group.contains(' ');
                assert!(elsewhere, "{group} is no file");
                continue; // The published crate has no examples; or it is a sentence.
            };
            for name in names.split('`').skip(1).step_by(2) {
                assert!(
                    text.contains(&format!("fn {name}(")),
                    "{group}: {name} is not there"
                );
                named += 1;
            }
        }
    }
    assert!(named > 60, "only {named} tests were found by their names");
}
