//! How `fetch` holds pages and items to contracts.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/script.rs"]
mod script;
#[path = "support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::script::Scripted;
use crate::support::{Run, run};

/// A file with a schema, gone with it.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("fetch-contract-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Drains a server with these answers.
fn drain(options: &[&str], answers: &[&str]) -> (Run, usize) {
    let server = Scripted::start(answers);
    let run = run(&[&[&*server.url("/a?key=secret")][..], options].concat());
    (run, server.asked().len())
}

const NEXT: &str = "link: </b>; rel=\"next\"\n\n";

#[test]
fn a_page_that_breaks_its_contract_is_4_and_nothing_of_it_is_written() {
    let first = format!("{NEXT}{{\"items\":[1,2],\"total\":4}}");
    let pages = [&*first, r#"{"items":[3,4],"total":"4"}"#];
    let schema = File::new(r#"{"properties":{"total":{"type":"integer"}}}"#);
    for contract in [
        ["--require", "/total: integer"],
        ["--schema", schema.path()],
    ] {
        let options = [&["--next", "link", "--items", "/items"], &contract[..]].concat();
        let (run, asked) = drain(&options, &pages);
        assert_eq!((run.code, asked), (Some(4), 2), "{}", run.stderr);
        assert_eq!(run.lines, ["1", "2"]);
        assert_eq!(run.summary["outcome"], "contract");
        assert_eq!(run.summary["violations"], 1);
        assert_eq!(run.summary["pages"], 1);
        // What failed, where, and at which byte; no value and no query.
        let told = run.stderr.lines().last().unwrap();
        for part in [
            "page 2",
            "/b, 200",
            " at /total",
            "byte 23",
            "--contract report",
            "integer",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("secret"), "{told}");

        let (run, _) = drain(&[&options[..], &["--contract", "report"]].concat(), &pages);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.lines, ["1", "2", "3", "4"]);
        assert_eq!(run.summary["outcome"], "done");
        assert_eq!(run.summary["violations"], 1);
        assert!(run.stderr.contains("counted and kept"), "{}", run.stderr);
    }
}

#[test]
fn a_first_page_that_breaks_its_contract_is_4_without_items_too() {
    let (run, _) = drain(&["--require", "/id"], &[r#"{"no":1}"#]);
    assert_eq!((run.code, run.lines.len()), (Some(4), 0));
    assert!(run.stderr.contains("page 1"), "{}", run.stderr);
    let (run, _) = drain(&["--require", "/id"], &[r#"{ "id" : 1.0 }"#]);
    assert_eq!(
        (run.code, &*run.lines),
        (Some(0), &[r#"{"id":1.0}"#.to_owned()][..])
    );
}

#[test]
fn required_pointers_know_null_every_element_and_types() {
    for (pointers, page, code) in [
        (&["/a"][..], r#"{"a":null}"#, 0),
        (&["/a: integer"], r#"{"a":null}"#, 4),
        (&["/*/id: integer"], r#"[{"id":1},{"id":2.0}]"#, 0),
        (&["/*/id: integer"], r#"[{"id":1},{"id":2.5}]"#, 4),
        (&["/*/id"], "[]", 0),
        (&["/*/id"], "{}", 4),
        (&["/0/a~1b"], r#"[{"a/b":1}]"#, 0),
        (&["/a", "/b: string"], r#"{"a":1,"b":""}"#, 0),
        (&["/a", "/b: string"], r#"{"a":1,"b":2}"#, 4),
        (&["", ": object"], "{}", 0),
        (&[": object"], "[]", 4),
    ] {
        let options: Vec<&str> = pointers.iter().flat_map(|ptr| ["--require", ptr]).collect();
        let (run, _) = drain(&options, &[page]);
        assert_eq!(run.code, Some(code), "{pointers:?} {page}: {}", run.stderr);
    }
}

#[test]
fn an_item_that_breaks_its_contract_is_4_and_nothing_from_it_on_is_written() {
    let item = File::new(r#"{"properties":{"id":{"maximum":3}},"required":["id"]}"#);
    let first = format!("{NEXT}[{{\"id\":1}},{{\"id\":2}}]");
    let pages = [&*first, r#"[{"id":3},{"id":4},{"id":5},{"id":1}]"#];
    let options = [
        "--next",
        "link",
        "--items",
        "",
        "--item-schema",
        item.path(),
    ];
    let (run, _) = drain(&options, &pages);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert_eq!(run.lines, [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
    assert_eq!(
        (&run.summary["violations"], &run.summary["items"]),
        (&1.into(), &3.into())
    );
    let told = run.stderr.lines().last().unwrap();
    for part in ["page 2", "item 2", "/id", "maximum"] {
        assert!(told.contains(part), "{part}: {told}");
    }

    let (run, _) = drain(&[&options[..], &["--contract", "report"]].concat(), &pages);
    assert_eq!((run.code, run.lines.len()), (Some(0), 6));
    assert_eq!(run.summary["violations"], 2);
    for part in ["item 4 broke", "item 5 broke"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn a_report_of_many_breaches_tells_of_ten_and_counts_the_rest() {
    let item = File::new(r#"{"type":"string"}"#);
    let page = format!("[{}]", ["1"; 30].join(","));
    let options = [
        "--items",
        "",
        "--item-schema",
        item.path(),
        "--contract",
        "report",
    ];
    let (run, _) = drain(&options, &[&page]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 30));
    assert_eq!(run.summary["violations"], 30);
    assert_eq!(run.stderr.matches("broke the contract").count(), 10);
    assert!(run.stderr.contains("only counted"));
}

#[test]
fn a_page_and_its_items_may_both_have_contracts() {
    let page = File::new(r#"{"required":["items"]}"#);
    let item = File::new(r#"{"type":"integer"}"#);
    let options = [
        "--items",
        "/items",
        "--schema",
        page.path(),
        "--item-schema",
        item.path(),
        "--require",
        "/total",
    ];
    for (body, code, lines) in [
        (r#"{"items":[1,2],"total":2}"#, 0, 2),
        (r#"{"items":[1,"2"],"total":2}"#, 4, 1),
        (r#"{"items":[1,2]}"#, 4, 0),
        (r#"{"total":2}"#, 4, 0),
    ] {
        let (run, _) = drain(&options, &[body]);
        assert_eq!(
            (run.code, run.lines.len()),
            (Some(code), lines),
            "{body}: {}",
            run.stderr
        );
    }
}

#[test]
fn the_draft_is_that_of_the_schema_before_that_of_the_option_before_2020_12() {
    // In draft 4 alone is `exclusiveMaximum` a boolean; only since 2019-09 do siblings of `$ref`
    // count; only 2020-12 has `prefixItems`.
    let exclusive = r#"{"maximum":1,"exclusiveMaximum":true}"#;
    let sibling = r##"{"$ref":"#/definitions/a","maximum":0,"definitions":{"a":{}}}"##;
    let prefix = r#"{"prefixItems":[{"type":"string"}]}"#;
    let named = r#"{"$schema":"http://json-schema.org/draft-04/schema#","maximum":1,"exclusiveMaximum":true}"#;
    for (schema, draft, body, code) in [
        (exclusive, Some("4"), "1", 4),
        (exclusive, Some("4"), "0", 0),
        (exclusive, Some("2020-12"), "1", 2),
        (exclusive, None, "1", 2),
        (named, None, "1", 4),
        (named, Some("2020-12"), "1", 4),
        (sibling, Some("6"), "1", 0),
        (sibling, Some("7"), "1", 0),
        (sibling, Some("2019-09"), "1", 4),
        (sibling, None, "1", 4),
        (prefix, Some("2019-09"), "[1]", 0),
        (prefix, None, "[1]", 4),
    ] {
        let file = File::new(schema);
        let mut options = vec!["--schema", file.path()];
        options.extend(draft.iter().flat_map(|draft| ["--draft", draft]));
        let (run, _) = drain(&options, &[body]);
        assert_eq!(
            run.code,
            Some(code),
            "{schema} {draft:?} {body}: {}",
            run.stderr
        );
    }
}

#[test]
fn formats_are_asserted_if_that_is_asked_for_in_every_draft() {
    let file = File::new(r#"{"properties":{"at":{"format":"date-time"},"by":{"format":"email"}}}"#);
    let bad = r#"{"at":"yesterday","by":"nobody"}"#;
    let good = r#"{"at":"2026-11-25T23:00:00Z","by":"a@b.example"}"#;
    for draft in ["4", "6", "7", "2019-09", "2020-12"] {
        for (formats, body, code) in [
            (&[][..], bad, 0),
            (&["--formats"], bad, 4),
            (&["--formats"], good, 0),
        ] {
            let options = [&["--schema", file.path(), "--draft", draft], formats].concat();
            let (run, _) = drain(&options, &[body]);
            assert_eq!(
                run.code,
                Some(code),
                "{draft} {formats:?} {body}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn a_contract_that_cannot_be_read_is_2_before_anything_is_sent() {
    let syntax = File::new("{");
    let nonsense = File::new(r#"{"properties":{"a":{"type":"nonsense"}}}"#);
    let remote = File::new(r#"{"$ref":"http://127.0.0.1:9/schema.json"}"#);
    let pattern = File::new(r#"{"pattern":"^((?=a)a+)+$"}"#);
    for (options, named) in [
        (&["--require", "id"][..], "id"),
        (&["--require", "/a: integr"], "integr"),
        (
            &["--schema", "/nowhere/at-all.json"],
            "/nowhere/at-all.json",
        ),
        (&["--schema", syntax.path()], syntax.path()),
        (&["--schema", nonsense.path()], "/properties/a/type"),
        (&["--schema", remote.path()], remote.path()),
        (&["--schema", pattern.path()], "pattern"),
        (
            &["--items", "", "--item-schema", nonsense.path()],
            nonsense.path(),
        ),
        (&["--item-schema", syntax.path()], "--items"),
        (&["--schema", nonsense.path(), "--draft", "5"], "--draft"),
        (&["--require", "/a", "--contract", "maybe"], "--contract"),
        (&["--openapi", "api.json"], "--openapi"),
    ] {
        let (run, asked) = drain(options, &["{}"]);
        assert_eq!(
            (run.code, asked),
            (Some(2), 0),
            "{options:?}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(named), "{options:?}: {}", run.stderr);
    }
}

#[test]
fn what_is_no_json_is_4_and_json_is_known_by_its_body() {
    for body in [
        "<p>",
        "{} {}",
        "{\"a\":,",
        "content-type: text/html\n\n<p>",
        "{\"a\":1,\"a\":2}",
    ] {
        let (run, _) = drain(&["--require", ""], &[body]);
        assert_eq!(
            (run.code, run.lines.len()),
            (Some(4), 0),
            "{body}: {}",
            run.stderr
        );
    }
    for label in [
        "",
        "content-type: text/plain\n\n",
        "content-type: application/problem+json\n\n",
    ] {
        let (run, _) = drain(&["--require", "/a"], &[&format!("{label}{{\"a\":1}}")]);
        assert_eq!(run.code, Some(0), "{label}: {}", run.stderr);
    }
}

#[test]
fn what_has_no_body_or_is_no_success_is_not_held_to_the_contract() {
    let (run, _) = drain(&["--require", "/a"], &["204\n\n"]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 0), "{}", run.stderr);
    let (run, _) = drain(&["--require", "/a"], &["404\n\n{}"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_eq!(run.summary["violations"], 0);
}

#[test]
fn a_breach_is_not_retried() {
    let (run, asked) = drain(&["--require", "/a", "--retries", "3"], &["{}", "{\"a\":1}"]);
    assert_eq!((run.code, asked), (Some(4), 1));
    assert_eq!(run.summary["retries"], 0);
}

#[test]
fn a_page_beyond_the_library_s_own_limit_is_the_option_s_business() {
    let page = format!("{{\"a\":1{}}}", " ".repeat(1000));
    let (run, _) = drain(&["--require", "/a", "--max-body", "999"], &[&page]);
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    let (run, _) = drain(&["--require", "/a", "--max-body", "1008"], &[&page]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}
