//! The table of scenarios has a row for each, and names tests that exist.

use test_support::scenarios;

#[test]
fn every_test_that_the_table_names_exists() {
    let found = scenarios(
        include_str!("../src/docs/scenarios.md"),
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("http src/", "../http/src"),
            ("http ", "../http/tests"),
            ("fetch/", "../../examples/tests/fetch"),
            ("next/", "../../examples/tests/next"),
        ],
    );
    assert_eq!(found.rows, 94);
    assert!(found.tests > 100, "only {} tests were found", found.tests);
}
