//! A table of scenarios that is wrong is found to be.

use std::panic::catch_unwind;

use test_support::{Scenarios, scenarios};

const HEAD: &str = "| # | scenario | tests |\n|--|--|--|\n";

fn read(rows: &str) -> Option<Scenarios> {
    let table = format!("{HEAD}{rows}");
    let root = env!("CARGO_MANIFEST_DIR");
    catch_unwind(|| {
        scenarios(
            &table,
            root,
            &[("http ", "../http/tests"), ("gone/", "../gone")],
        )
    })
    .ok()
}

#[test]
fn tests_are_found_in_files_and_folders_here_and_elsewhere() {
    let found = read(
        "| 1 | a | scenarios: `read`; src/faulty: `url`, `addr` |\n| 2 | b | http layers: `request` |\n",
    );
    let found = found.expect("all of them exist");
    assert_eq!((found.rows, found.tests), (2, 4));
}

#[test]
fn what_is_not_there_is_refused_unless_it_may_be_away_or_is_a_sentence() {
    for (row, is_right) in [
        ("| 1 | a | scenarios: `no_such_test` |", false),
        ("| 1 | a | no-such-file: `read` |", false),
        ("| 2 | a | scenarios: `read` |", false),
        ("| 1 | a | gone/file: `any` |", true),
        (
            "| 1 | a | left for later: the error carries the response |",
            true,
        ),
    ] {
        assert_eq!(read(row).is_some(), is_right, "{row}");
    }
}
