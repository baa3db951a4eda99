//! The table of scenarios names tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the tests are that the table names by a group.
fn files(group: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = root.join("../../examples/tests");
    match (group, group.strip_prefix("src/")) {
        ("fetch", _) => ["auth.rs", "auth_challenges.rs"]
            .map(|file| examples.join(file))
            .to_vec(),
        ("rigs", _) => ["auth_rigs.rs", "auth_registry.rs"]
            .map(|file| examples.join(file))
            .to_vec(),
        (_, Some(source)) => vec![root.join("src").join(source).with_extension("rs")],
        (test, None) => vec![root.join("tests").join(test).with_extension("rs")],
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
            let text: Result<String, _> = files(group).iter().map(fs::read_to_string).collect();
            let Ok(text) = text else {
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
