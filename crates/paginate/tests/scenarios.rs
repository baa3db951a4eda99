//! The table of scenarios has a row for each, and names tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a table's name for a group of tests is.
fn file(group: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = root.join("../../examples/tests");
    let (root, group) = match group.strip_prefix("http ") {
        Some(group) => (root.join("../http"), group),
        None => (root.to_owned(), group),
    };
    let (folder, file) = match group.strip_prefix("src/") {
        Some(source) => (root.join("src"), source),
        None if is_program(group) => (examples, group),
        None => (root.join("tests"), group),
    };
    folder.join(file).with_extension("rs")
}

/// Whether a group is one of the example program's.
fn is_program(group: &str) -> bool {
    group.starts_with("fetch/") || group.starts_with("next/")
}

#[test]
fn every_test_that_the_table_names_exists() {
    let table = include_str!("../src/docs/scenarios.md");
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    let mut named = 0;
    for (number, row) in (1..).zip(&rows) {
        assert!(row.starts_with(&format!("| {number} |")), "{row}");
        let tests = row.rsplit('|').nth(1).expect("a last column");
        for group in tests.split(';') {
            let Some((group, names)) = group.trim().split_once(": ") else {
                continue;
            };
            let Ok(text) = fs::read_to_string(file(group)) else {
                let elsewhere = is_program(group) || group.starts_with("http ");
                assert!(elsewhere, "{group} is no file");
                continue; // The published crate stands alone.
            };
            for name in names.split('`').skip(1).step_by(2) {
                let test = format!("fn {name}(");
                assert!(text.contains(&test), "{group}: {name} is not there");
                named += 1;
            }
        }
    }
    assert_eq!(rows.len(), 94);
    assert!(named > 100, "only {named} tests were found by their names");
}
