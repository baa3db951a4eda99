//! What a failure says to do, which is for who calls a program and not for who calls a library.

use crate::script::Scripted;
use crate::support::{Run, run};

/// Panics unless `fetch` fails like this, with a hint for who typed it.
#[track_caller]
fn assert_told(run: &Run, code: i32, line: &str) {
    assert_eq!(run.code, Some(code), "{}", run.stderr);
    assert!(run.stderr.contains(line), "{}", run.stderr);
    for word in ["ayer", "::", "()", "NoAuth", "OriginPolicy", "explicitly"] {
        assert!(!run.stderr.contains(word), "{word}: {}", run.stderr);
    }
}

/// The same of a server that answers with this once.
#[track_caller]
fn assert_fails(answer: &str, options: &[&str], code: i32, line: &str) {
    let server = Scripted::start(&[answer]);
    let run = run(&[&[&*server.url("/")][..], options].concat());
    assert_told(&run, code, line);
}

#[test]
fn a_page_or_an_item_that_is_too_large() {
    for way in [&[][..], &["--items", ""], &["--require", ""]] {
        let options = [way, &["--max-body", "5"]].concat();
        assert_fails(
            r#"["12345678"]"#,
            &options,
            6,
            "; allow more with --max-body",
        );
    }
}

#[test]
fn a_body_that_is_encoded() {
    let line = "the page is not valid JSON; it has a content-encoding";
    let hint = "; ask for it plain with -H 'Accept-Encoding: identity'";
    for way in [&[][..], &["--items", ""], &["--require", ""]] {
        for text in [line, hint] {
            assert_fails("content-encoding: gzip\n\n\u{1f}x", way, 4, text);
        }
    }
}

#[test]
fn a_next_page_elsewhere() {
    let answer = "link: <https://h/>; rel=next\n\n[1]";
    let hint = "; permit its origin with --allow-origin, or stay with --origin rebase";
    assert_fails(answer, &["--next", "link"], 6, hint);
}

#[test]
fn plain_http_for_a_secret() {
    let secret = ["--bearer-env", "SECRET", "--allow-origin", "http://h"];
    let line = "a credential would go to http://h over plain http: use https, or --allow-http";
    assert_fails("[1]", &secret, 7, line);
    let grant = [
        "--oauth2-token-url",
        "http://h/",
        "--oauth2-client-id-env",
        "ID",
        "--oauth2-client-secret-env",
        "SECRET",
    ];
    assert_fails("[1]", &grant, 7, "use https, or --allow-http");
}

#[test]
fn a_realm_that_is_not_trusted() {
    let answer = "401\nwww-authenticate: Bearer realm=\"https://h/\",service=\"s\"\n\n";
    let options = ["--challenge", "--basic-env", "PAIR"];
    assert_fails(
        answer,
        &options,
        7,
        "; allow it with --allow-origin, if it is right",
    );
}
