//! `fetch` against a server that breaks in every way: exact sends, exact exit codes.

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use serde_json::json;
use test_support::{Act, FaultyServer};
use tokio::runtime::Runtime;

use crate::support::{Run, run};

/// Runs `fetch` against a server with this script, one list of acts a connection; also says
/// how many requests reached the server.
fn against(script: Vec<Vec<Act>>, options: &[&str]) -> (Run, usize) {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(FaultyServer::start(script));
    let url = server.url("/");
    let run = run(&[&[&*url][..], options].concat());
    (run, server.requests().len())
}

fn twice(act: fn() -> Act) -> Vec<Vec<Act>> {
    vec![vec![act()], vec![act()]]
}

const JSON: &str = r#"[{"id":1},{"id":2}]"#;

/// What may have been processed, and can be tried again.
const AMBIGUOUS: [(&str, fn() -> Act); 7] = [
    ("reset", Act::reset),
    ("reset in the head", Act::reset_in_head),
    ("closed after the request", Act::close),
    ("reset in the body", || Act::reset_in_body(JSON, 5)),
    ("cut short", || Act::truncate(JSON, 5)),
    ("chunks cut short", || Act::truncate_chunked(JSON, 5)),
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
    }
}

#[test]
fn what_stays_broken_is_5_after_its_retries() {
    for (name, fault) in &AMBIGUOUS[..6] {
        let (run, sends) = against(twice(*fault), &["--retries", "1", "--items", ""]);
        assert_eq!((run.code, sends), (Some(5), 2), "{name}: {}", run.stderr);
        assert_eq!(run.lines.len(), 0, "{name}");
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
fn a_post_that_may_have_been_processed_is_sent_once() {
    for (name, fault) in AMBIGUOUS {
        let (run, sends) = against(twice(fault), &["-d", "{}"]);
        assert_eq!(sends, 1, "{name}: {}", run.stderr);
        assert_eq!(run.summary["retries"], 0, "{name}");
    }
}

#[test]
fn a_post_that_was_not_processed_is_sent_again_with_its_body() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(FaultyServer::start([
        vec![Act::respond(429, &[("retry-after", "0")], "")],
        vec![Act::ok(JSON)],
    ]));
    let run = run(&[&server.url("/"), "-d", r#"{"q":1}"#]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bodies: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect();
    assert_eq!(bodies, [r#"{"q":1}"#; 2]);
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

#[test]
fn an_upload_that_is_reset_is_sent_again_by_idempotent_methods_alone() {
    let body = "x".repeat(1 << 20);
    let file = std::env::temp_dir().join(format!("upload-{}", std::process::id()));
    std::fs::write(&file, &body).expect("a file");
    let data = format!("@{}", file.display());
    for (act, name) in [
        ((|| Act::reset().early()) as fn() -> Act, "within the body"),
        (Act::reset_before_request, "before the head was read"),
    ] {
        let script = || vec![vec![act()], vec![Act::ok(JSON)]];
        let (put, _) = against(script(), &["-X", "PUT", "-d", &data]);
        assert_eq!(put.code, Some(0), "{name}: {}", put.stderr);
        assert_eq!(put.summary["retries"], 1, "{name}");
        let (post, _) = against(script(), &["-d", &data]);
        assert_eq!(post.code, Some(5), "{name}: {}", post.stderr);
        assert_eq!(post.summary["retries"], 0, "{name}");
        let (post, _) = against(script(), &["-d", &data, "--idempotent"]);
        assert_eq!(post.code, Some(0), "{name}: {}", post.stderr);
    }
    std::fs::remove_file(&file).expect("the file");
}

#[test]
fn garbage_is_not_retried() {
    let (run, sends) = against(twice(Act::garbage), &[]);
    assert_eq!((run.code, sends), (Some(5), 1), "{}", run.stderr);
}

#[test]
fn a_stall_is_given_up_for_another_attempt_and_the_last_ends_at_the_deadline() {
    for (name, stall) in [
        ("before the head", Act::stall as fn() -> Act),
        ("in the head", Act::stall_in_head),
        ("in the body", || Act::stall_in_body(JSON, 5)),
    ] {
        let options = [
            "--attempt-timeout",
            "0.2",
            "--retries",
            "1",
            "--page-deadline",
            "1",
        ];
        let (recovered, sends) = against(vec![vec![stall()], vec![Act::ok(JSON)]], &options);
        assert_eq!(
            (recovered.code, sends),
            (Some(0), 2),
            "{name}: {}",
            recovered.stderr
        );

        let (run, sends) = against(twice(stall), &options);
        assert_eq!((run.code, sends), (Some(5), 2), "{name}: {}", run.stderr);
        assert!(run.stderr.contains("deadline"), "{name}: {}", run.stderr);
        let elapsed = run.summary["elapsed_ms"].as_u64().expect("a number");
        assert!((1000..10_000).contains(&elapsed), "{name}: {elapsed}");
    }
}

#[test]
fn a_pause_that_the_server_asks_for_is_made_and_counted() {
    let busy = || Act::respond(503, &[("retry-after", "1")], "");
    let (run, sends) = against(vec![vec![busy()], vec![Act::ok(JSON)]], &[]);
    assert_eq!((run.code, sends), (Some(0), 2), "{}", run.stderr);
    let waited = run.summary["waited_ms"].as_u64().expect("a number");
    assert!((1000..=1100).contains(&waited), "{waited}");
}

#[test]
fn a_longer_pause_than_allowed_is_not_made_and_the_status_is_3() {
    let busy = || Act::respond(503, &[("retry-after", "7200")], "");
    let (run, sends) = against(twice(busy), &[]);
    assert_eq!((run.code, sends), (Some(3), 1), "{}", run.stderr);
    let (run, sends) = against(
        twice(|| Act::respond(503, &[("retry-after", "2")], "")),
        &["--retry-after-max", "1"],
    );
    assert_eq!((run.code, sends), (Some(3), 1), "{}", run.stderr);
    assert_eq!(run.summary["waited_ms"], 0);
}

#[test]
fn a_slow_body_is_no_fault() {
    let (run, sends) = against(vec![vec![Act::drip(JSON, Duration::from_millis(10))]], &[]);
    assert_eq!((run.code, sends), (Some(0), 1), "{}", run.stderr);
    assert_eq!(run.lines, [JSON]);
}

#[test]
fn a_key_makes_every_page_of_a_post_repeatable_and_is_sent_with_the_first_alone() {
    let runtime = Runtime::new().expect("a runtime");
    let next = r#"</?page=2>; rel="next""#;
    let server = runtime.block_on(FaultyServer::start([
        vec![Act::ok(JSON).header("link", next)],
        vec![Act::close()],
        vec![Act::ok("[]")],
    ]));
    let options = [
        "-d",
        "{}",
        "-H",
        "Idempotency-Key: k",
        "--next",
        "link",
        "--items",
        "",
    ];
    let run = run(&[&[&*server.url("/")][..], &options].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let keys: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("idempotency-key").map(str::to_owned))
        .collect();
    assert_eq!(keys, [Some("k".to_owned()), None, None]);
}
