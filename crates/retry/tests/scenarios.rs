//! The table of scenarios has a row for each, and names tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// The tests that the table names by a group: those of one file, or of all in a folder.
fn tests(group: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = match (group, group.strip_prefix("src/")) {
        ("http", _) => root.join("../http/tests"),
        (_, Some(source)) => root.join("src").join(source),
        (test, None) => root.join("tests").join(test),
    };
    let file = place.with_extension("rs");
    let files: Vec<PathBuf> = if file.is_file() {
        vec![file]
    } else {
        let entries = fs::read_dir(place).ok()?;
        entries.flatten().map(|entry| entry.path()).collect()
    };
    files
        .iter()
        .map(|file| fs::read_to_string(file).ok())
        .collect()
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
        let cell = row.rsplit('|').nth(1).expect("a last column");
        for group in cell.split("; ") {
            let Some((group, names)) = group.trim().split_once(": ") else {
                continue;
            };
            let Some(text) = tests(group) else {
                // The published crate stands alone; or it is a sentence.
                assert!(group == "http" || group.contains(' '), "{group} is no file");
                continue;
            };
            for name in names.split('`').skip(1).step_by(2) {
                let test = format!("fn {name}(");
                assert!(text.contains(&test), "{group}: {name} is not there");
                named += 1;
            }
        }
    }
    assert_eq!(rows.len(), 44);
    assert!(named > 70, "only {named} tests were found by their names");
}
