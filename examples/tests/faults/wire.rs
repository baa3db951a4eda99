//! Connections that fail, and what is no HTTP.

use serde_json::json;
use test_support::{Act, FaultyServer};
use tokio::runtime::Runtime;

use crate::support::run;
use crate::{JSON, against, twice};

/// What may have been processed, and can be tried again.
const AMBIGUOUS: [(&str, fn() -> Act); 9] = [
    ("reset", Act::reset),
    ("reset in the head", Act::reset_in_head),
    ("closed after the request", Act::close),
    ("closed in the head", || {
        Act::raw("HTTP/1.1 200 OK\r\ncontent-ty").then_close()
    }),
    ("reset in the body", || Act::reset_in_body(JSON, 5)),
    ("cut short", || Act::truncate(JSON, 5)),
    ("chunks cut short", || Act::truncate_chunked(JSON, 5)),
    ("last chunk missing", || {
        Act::truncate_chunked(JSON, JSON.len())
    }),
    ("503", || Act::respond(503, &[], "")),
];

#[test]
fn what_broke_once_is_had_at_the_second_send() {
    for (name, fault) in AMBIGUOUS {
        let (run, sends) = against(vec![vec![fault()], vec![Act::ok(JSON)]], &["--items", ""]);
        assert_eq!(run.code, Some(0), "{name}: {}", run.stderr);
        assert_eq!(run.lines, [r#"{"id":1}"#, r#"{"id":2}"#], "{name}");
        assert_eq!(
            (&run.summary["retries"], &run.summary["requests"], sends),
            (&json!(1), &json!(2), 2),
            "{name}"
        );
        // What had come before is not counted twice, as where pages are had as a whole.
        run.assert_counts([("bytes", JSON.len() as u64)]);
        let (run, _) = against(vec![vec![fault()], vec![Act::ok(JSON)]], &[]);
        assert_eq!(run.code, Some(0), "{name}: {}", run.stderr);
        run.assert_counts([("bytes", JSON.len() as u64)]);
    }
}

#[test]
fn what_stays_broken_is_5_after_its_retries() {
    for (name, fault) in &AMBIGUOUS[..8] {
        let (run, sends) = against(twice(*fault), &["--retries", "1", "--items", ""]);
        assert_eq!((run.code, sends), (Some(5), 2), "{name}: {}", run.stderr);
        // All of them arrive before it is known that more was to come.
        let arrived = if *name == "last chunk missing" { 2 } else { 0 };
        assert_eq!(run.lines.len(), arrived, "{name}");
        assert_eq!(run.summary["outcome"], "transport", "{name}");
        run.assert_counts([("retries", 1), ("requests", 2)]);
    }
}

#[test]
fn a_page_has_its_retries_once_whether_its_head_fails_or_its_body() {
    let busy = || vec![Act::respond(503, &[], "")];
    let broken = || vec![Act::truncate(JSON, 5)];
    let whole = || vec![Act::ok(JSON)];
    for (script, retries, code, sends) in [
        (vec![busy(), broken(), whole()], "2", 0, 3),
        (vec![broken(), busy(), whole()], "2", 0, 3),
        (vec![busy(), broken(), whole()], "1", 5, 2),
        (vec![broken(), busy(), whole()], "1", 3, 2),
        (vec![broken(), broken(), busy(), whole()], "2", 3, 3),
        (vec![busy(), broken(), busy(), broken(), whole()], "3", 5, 4),
    ] {
        let (run, sent) = against(script, &["--retries", retries, "--items", ""]);
        assert_eq!((run.code, sent), (Some(code), sends), "{}", run.stderr);
        run.assert_counts([("retries", sends as u64 - 1), ("requests", sends as u64)]);
    }
}

#[test]
fn an_error_status_stands_whatever_becomes_of_its_body() {
    let head = |status: u16, length: usize| {
        format!("HTTP/1.1 {status} Refused\r\ncontent-length: {length}\r\n\r\nno")
    };
    let limits = ["--max-body", "50", "--attempt-timeout", "0.3"];
    for (status, sends) in [(404, 1), (503, 2)] {
        for (name, body) in [
            ("cut short", vec![Act::raw(head(status, 40)).then_close()]),
            ("stalled", vec![Act::raw(head(status, 40)), Act::stall()]),
            ("large", vec![Act::respond(status, &[], "no".repeat(50))]),
        ] {
            for way in [&[][..], &["--items", ""], &["--require", "/0"]] {
                let script = vec![body.clone(), body.clone()];
                let options = [&["--retries", "1"], &limits[..], way].concat();
                let (run, sent) = against(script, &options);
                let what = format!("{name} {way:?}: {}", run.stderr);
                assert_eq!((run.code, sent), (Some(3), sends), "{what}");
                assert_eq!(run.summary["outcome"], "status", "{what}");
                run.assert_counts([("requests", sends as u64), ("retries", sends as u64 - 1)]);
            }
        }
    }
}

#[test]
fn a_post_that_may_have_been_processed_is_sent_once() {
    for (name, fault) in AMBIGUOUS {
        let (run, sends) = against(twice(fault), &["-d", "{}"]);
        assert_eq!(sends, 1, "{name}: {}", run.stderr);
        assert_eq!(run.summary["retries"], 0, "{name}");
    }
}

#[test]
fn a_page_of_a_post_whose_body_broke_was_processed_too() {
    let script = || vec![vec![Act::truncate(JSON, 5)], vec![Act::ok(JSON)]];
    for (options, code, sends) in [
        (&["-d", "{}", "--items", ""][..], 5, 1),
        (&["-d", "{}", "--items", "", "--idempotent"], 0, 2),
    ] {
        let (run, sent) = against(script(), options);
        assert_eq!((run.code, sent), (Some(code), sends), "{}", run.stderr);
    }
}

#[test]
fn a_connection_that_is_refused_is_tried_again_for_any_method() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(FaultyServer::start([[Act::close()]]));
    let url = server.url("/");
    drop((server, runtime)); // the port is free again, and nobody listens
    for method in ["GET", "POST"] {
        let run = run(&[&url, "-X", method, "--retries", "2"]);
        assert_eq!(run.code, Some(5), "{method}: {}", run.stderr);
        assert_eq!(run.summary["retries"], 2, "{method}: {}", run.stderr);
    }
}

/// Whether the request was read before, neither the server nor the client can say, unless the client
/// sees the end before it has sent: then it was not, and any method is sent again.
#[test]
fn a_connection_that_ends_unread_is_one_that_ends() {
    for (name, fault) in [
        ("closed", Act::hang_up as fn() -> Act),
        ("reset", Act::reset_before_request),
    ] {
        let script = || vec![vec![fault()], vec![Act::ok(JSON)]];
        for (options, code, requests) in [
            (&["--items", ""][..], 0, 2),
            (&["--retries", "0"], 5, 1),
            (&["-X", "PUT"], 0, 2),
            (&["-d", "{}", "--idempotent"], 0, 2),
        ] {
            let (run, _) = against(script(), options);
            assert_eq!(run.code, Some(code), "{name} {options:?}: {}", run.stderr);
            run.assert_counts([("requests", requests), ("retries", requests - 1)]);
        }
        let (run, _) = against(script(), &["-d", "{}"]);
        let was_unsent = run.summary["retries"] == 1;
        let (code, requests) = if was_unsent { (0, 2) } else { (5, 1) };
        assert_eq!(run.code, Some(code), "{name}: {}", run.stderr);
        run.assert_counts([("requests", requests), ("retries", requests - 1)]);
    }
}

#[test]
fn a_kept_connection_that_has_gone_stale_is_replaced() {
    let next = r#"</?page=2>; rel="next""#;
    let script = vec![
        vec![Act::ok("[1]").header("link", next), Act::hang_up()],
        vec![Act::ok("[2]")],
    ];
    let (run, sends) = against(script, &["--next", "link", "--items", ""]);
    assert_eq!((run.code, sends), (Some(0), 2), "{}", run.stderr);
    assert_eq!(run.lines, ["1", "2"]);
}

#[test]
fn what_is_no_http_is_not_retried() {
    for (name, fault) in [
        ("garbage", Act::garbage as fn() -> Act),
        ("no status", || {
            Act::raw("HTTP/1.1 abc\r\n\r\n").then_close()
        }),
    ] {
        let (run, sends) = against(twice(fault), &[]);
        assert_eq!((run.code, sends), (Some(5), 1), "{name}: {}", run.stderr);
        run.assert_counts([("requests", 1), ("retries", 0)]);
        let end = "; check the URL: what answers there is no HTTP/1 server\n";
        assert!(run.stderr.ends_with(end), "{name}: {}", run.stderr);
    }
}
