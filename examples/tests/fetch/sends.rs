//! What is sent, and what becomes of answers.

use serde_json::json;

use crate::ids;
use crate::server::Server;
use crate::support::{SECRET, run};

#[test]
fn retries_are_counted_and_then_the_page_is_had() {
    let server = Server::start();
    let run = run(&[&server.url("/flaky")]);
    assert_eq!((run.code, run.lines), (Some(0), vec!["[1]".to_owned()]));
    assert_eq!(
        (&run.summary["retries"], &run.summary["requests"]),
        (&json!(2), &json!(3))
    );
}

/// Panics unless `told` is one line, whose end says what to do.
#[track_caller]
fn assert_one_line_with_what_to_do(told: &str) {
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("); "), "{told}");
}

#[test]
fn whatever_the_error_status_the_line_says_what_to_do() {
    let server = Server::start();
    for status in [402, 407, 409, 411, 418, 421, 429, 451, 501, 505, 507, 520] {
        let run = run(&[&server.url(&format!("/status/{status}")), "--retries", "0"]);
        assert_eq!(run.code, Some(3), "{status}");
        assert_one_line_with_what_to_do(&run.stderr);
    }
}

#[test]
fn an_error_status_is_3_after_its_retries() {
    let server = Server::start();
    for (status, sends) in [(404, 1), (403, 1), (401, 1), (503, 4), (501, 1)] {
        let before = server.sends();
        let run = run(&[&server.url(&format!("/status/{status}"))]);
        assert_eq!(run.code, Some(3), "{status}");
        assert_eq!(run.summary["outcome"], "status");
        assert_eq!(server.sends() - before, sends, "{status}");
        assert!(run.stderr.contains(&status.to_string()), "{}", run.stderr);
        assert_one_line_with_what_to_do(&run.stderr);
    }
}

#[test]
fn a_post_is_repeated_only_where_it_may_be() {
    let server = Server::start();
    for (options, sends) in [
        (&["-X", "POST"][..], 1),
        (&["-X", "POST", "--idempotent"], 3),
        (&["-X", "POST", "-H", "Idempotency-Key: k"], 3),
        (&["-d", "{}"], 1),
    ] {
        let before = server.sends();
        let run = run(&[&[&server.url("/status/503"), "--retries", "2"], options].concat());
        assert_eq!(run.code, Some(3));
        assert_eq!(server.sends() - before, sends, "{options:?}");
    }
}

#[test]
fn a_body_is_sent_as_json_unless_it_is_said_otherwise() {
    let server = Server::start();
    let plain = run(&[&server.url("/echo"), "-d", r#"{"a": 1}"#]);
    assert_eq!(
        (plain.code, plain.lines),
        (Some(0), vec![r#"{"a":1}"#.to_owned()])
    );
    assert_eq!(
        server.header(0, "content-type").as_deref(),
        Some("application/json")
    );
    assert_eq!(
        server.header(0, "accept").as_deref(),
        Some("application/json")
    );
    run(&[
        &server.url("/echo"),
        "-d",
        "1",
        "-H",
        "Content-Type: text/x",
        "-H",
        "Accept: */*",
    ]);
    assert_eq!(server.header(1, "content-type").as_deref(), Some("text/x"));
    assert_eq!(server.header(1, "accept").as_deref(), Some("*/*"));
}

#[test]
fn credentials_are_sent_and_a_final_401_is_theirs() {
    let server = Server::start();
    for (options, name, value) in [
        (
            &["--bearer-env", "SECRET"][..],
            "authorization",
            format!("Bearer {SECRET}"),
        ),
        (
            &["--api-key-env", "X-Key=SECRET"],
            "x-key",
            SECRET.to_owned(),
        ),
    ] {
        let send = server.sends();
        let run = run(&[&[&*server.url("/status/401")][..], options].concat());
        assert_eq!(run.code, Some(7), "{}", run.stderr);
        assert_eq!(run.summary["outcome"], "credential");
        assert_eq!(server.header(send, name), Some(value));
    }
    let send = server.sends();
    assert_eq!(
        run(&[&server.url("/"), "--basic-env", "PAIR"]).code,
        Some(0)
    );
    assert!(
        server
            .header(send, "authorization")
            .expect("a header")
            .starts_with("Basic ")
    );
    assert_eq!(
        run(&[&server.url("/?a=1"), "--api-key-query", "key=SECRET"]).code,
        Some(0)
    );
    assert_eq!(
        server.paths().last().map(String::as_str),
        Some(&*format!("/?a=1&key={SECRET}"))
    );
    // Several come as they were typed.
    let keys = ["--api-key-query", "a=SECRET", "--api-key-query", "b=SECRET"];
    let run = run(&[&[&*server.url("/")][..], &keys].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        server.paths().last().map(String::as_str),
        Some(&*format!("/?a={SECRET}&b={SECRET}"))
    );
}

#[test]
fn a_credential_that_cannot_be_used_is_7_before_anything_is_sent() {
    let server = Server::start();
    for options in [
        ["--bearer-env", "NOT_SET_ANYWHERE"],
        ["--bearer-env", "EMPTY"],
        ["--bearer-env", "SPLIT"],
        ["--basic-env", "SECRET"],
        ["--api-key-env", "x-key=EMPTY"],
        ["--api-key-query", "key=NOT_SET_ANYWHERE"],
    ] {
        let run = run(&[&[&*server.url("/")][..], &options[..]].concat());
        assert_eq!(run.code, Some(7), "{options:?}");
    }
    assert_eq!(server.sends(), 0);
    let plain = run(&["http://api.example.com/", "--bearer-env", "SECRET"]);
    assert_eq!(plain.code, Some(7));
}

#[test]
fn an_unreachable_port_is_5_after_its_retries() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let run = run(&[&format!("http://127.0.0.1:{port}/"), "--retries", "2"]);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(
        (&run.summary["retries"], &run.summary["requests"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(run.summary["outcome"], "transport");
}

#[test]
fn redirects_are_followed_and_take_no_credential_elsewhere() {
    let server = Server::start();
    let stayed = run(&[
        &server.url("/redirect"),
        "--bearer-env",
        "SECRET",
        "--items",
        "",
    ]);
    assert_eq!(
        (stayed.code, stayed.lines),
        (Some(0), ids(4..6)),
        "{}",
        stayed.stderr
    );
    assert_eq!(
        server.header(1, "authorization"),
        Some(format!("Bearer {SECRET}"))
    );
    assert_eq!(stayed.summary["requests"], 2);

    let left = run(&[
        &server.url("/leave"),
        "--bearer-env",
        "SECRET",
        "-H",
        "Cookie: canary",
        "--api-key-env",
        "x-key=SECRET",
    ]);
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    for name in ["authorization", "cookie", "x-key"] {
        assert!(server.header(2, name).is_some(), "{name}");
        assert_eq!(server.header(3, name), None, "{name}");
    }
}

#[test]
fn deadlines_cut_what_is_in_flight() {
    let server = Server::start();
    for options in [["--page-deadline", "0.2"], ["--deadline", "0.2"]] {
        let run = run(&[&[&*server.url("/slow")][..], &options[..]].concat());
        assert_eq!(run.code, Some(5), "{options:?}: {}", run.stderr);
        assert!(run.stderr.contains("deadline"), "{}", run.stderr);
    }
}
