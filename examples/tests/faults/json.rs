//! Bodies that arrive whole as far as HTTP knows, and are not the JSON that they should be.

use test_support::Act;

use crate::support::Run;
use crate::{JSON, against};

/// In which ways pages are read: whole or by items, with a contract that they keep or without.
const WAYS: [&[&str]; 4] = [
    &[],
    &["--items", ""],
    &["--require", ""],
    &["--items", "", "--require", ""],
];

/// Closed where the connection's end is the body's.
fn until_closed(body: &[u8]) -> Act {
    Act::raw([b"HTTP/1.1 200 OK\r\n\r\n", body].concat()).then_close()
}

/// Each way against the same answers: `fetch` and how many requests it sent.
fn each_way(script: impl Fn() -> Vec<Vec<Act>>, more: &[&str], check: impl Fn(&str, &Run, usize)) {
    for way in WAYS {
        let (run, sends) = against(script(), &[way, more].concat());
        check(&format!("{way:?} {}", run.stderr), &run, sends);
    }
}

#[test]
fn a_text_that_ends_in_its_middle_is_had_at_the_second_send_or_is_5() {
    type Cut = fn() -> Act;
    let cuts: [(&str, Cut); 7] = [
        ("until closed", || until_closed(&JSON.as_bytes()[..12])),
        ("in a string", || until_closed(br#"[{"i"#)),
        ("in an escape", || until_closed(br#"["\u00"#)),
        ("in a character", || until_closed(b"[\"\xc3")),
        ("in a literal", || until_closed(b"[tru")),
        ("in a number", || until_closed(b"[1.5e")),
        ("by its length", || Act::ok(&JSON[..12])),
    ];
    for (name, cut) in cuts {
        let mends = || vec![vec![cut()], vec![Act::ok(JSON)]];
        each_way(mends, &[], |way, run, sends| {
            assert_eq!((run.code, sends), (Some(0), 2), "{name} {way}");
            run.assert_counts([("retries", 1), ("pages", 1), ("violations", 0)]);
        });
        let stays = || vec![vec![cut()], vec![cut()]];
        each_way(stays, &["--retries", "1"], |way, run, sends| {
            assert_eq!((run.code, sends), (Some(5), 2), "{name} {way}");
            assert_eq!(run.summary["outcome"], "transport", "{name} {way}");
            run.assert_counts([("retries", 1), ("pages", 0), ("violations", 0)]);
            assert!(run.stderr.contains("in the middle of its JSON"), "{way}");
        });
        each_way(mends, &["-d", "{}"], |way, run, sends| {
            assert_eq!((run.code, sends), (Some(5), 1), "{name} {way}");
        });
    }
}

#[test]
fn what_is_no_json_is_4_at_once_and_no_page() {
    for body in [
        "<html>",
        "[1,}",
        "[1] x",
        "[01",
        "\u{feff}[1]",
        "[\"\u{1}\"]",
        "this",
    ] {
        let script = || vec![vec![until_closed(body.as_bytes())]];
        each_way(script, &[], |way, run, sends| {
            assert_eq!((run.code, sends), (Some(4), 1), "{body} {way}");
            assert_eq!(run.summary["outcome"], "contract", "{body} {way}");
            run.assert_counts([("pages", 0), ("violations", 1)]);
            let end = "; check the URL, and the Accept header (-H)\n";
            assert!(run.stderr.ends_with(end), "{body} {way}");
        });
        // To go on and count is for what can be written.
        each_way(script, &["--contract", "report"], |way, run, _| {
            assert_eq!(run.code, Some(4), "{body} {way}");
            run.assert_counts([("pages", 0), ("violations", 1)]);
        });
    }
    let bytes = || vec![vec![until_closed(b"[\"\xff\"]")]];
    each_way(bytes, &[], |way, run, _| {
        assert_eq!(run.code, Some(4), "{way}")
    });
}

#[test]
fn what_is_json_by_its_grammar_is_written_as_it_came() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for item in ["1e999", r#""\ud800""#, r#"{"\udfff":0,"a":1,"a":2}"#, &deep] {
        let script = || vec![vec![Act::ok(format!("[{item}]"))]];
        for (way, line) in [(WAYS[0], format!("[{item}]")), (WAYS[1], item.to_owned())] {
            let (run, _) = against(script(), way);
            assert_eq!(
                (run.code, run.lines),
                (Some(0), vec![line]),
                "{}",
                run.stderr
            );
        }
        // A contract is for what all parsers read alike.
        for way in &WAYS[2..] {
            let (run, _) = against(script(), way);
            assert_eq!(run.code, Some(4), "{}", run.stderr);
            run.assert_counts([("pages", 0), ("violations", 1)]);
            let (run, _) = against(script(), &[way, &["--contract", "report"][..]].concat());
            assert_eq!((run.code, run.lines.len()), (Some(0), 1), "{}", run.stderr);
            run.assert_counts([("pages", 1), ("violations", 1)]);
        }
    }
}

#[test]
fn a_body_without_anything_is_a_page_without_items_whatever_pages_must_have() {
    type Nothing = fn() -> Act;
    let nothing: [(&str, Nothing); 4] = [
        ("204", || Act::respond(204, &[], "")),
        ("200", || Act::ok("")),
        ("until closed", || until_closed(b"")),
        ("blank", || Act::ok(" \r\n")),
    ];
    for (name, nothing) in nothing {
        for way in [
            WAYS[0],
            WAYS[1],
            &["--require", "/a"],
            &["--items", "", "--require", "/a"],
        ] {
            let (run, sends) = against(vec![vec![nothing()]], way);
            assert_eq!(
                (run.code, sends),
                (Some(0), 1),
                "{name} {way:?} {}",
                run.stderr
            );
            assert!(run.lines.is_empty(), "{name} {way:?}");
            // Without --items a page is what is counted.
            let items = u64::from(!way.contains(&"--items"));
            run.assert_counts([("pages", 1), ("items", items), ("violations", 0)]);
        }
    }
}

#[test]
fn what_should_be_items_and_is_none_is_judged_once_the_page_is_known_for_json() {
    for (body, code) in [
        ("true", 6),
        (r#"{"a":1}"#, 6),
        ("falsehood", 4),
        ("\"not found", 5),
        ("12 apples", 4),
    ] {
        let script = vec![vec![until_closed(body.as_bytes())]];
        let (run, _) = against(script, &["--items", "", "--retries", "0"]);
        assert_eq!(run.code, Some(code), "{body}: {}", run.stderr);
    }
}
