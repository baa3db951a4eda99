//! What a usage error says: which option, and what would be right.

use crate::server::Server;
use crate::support::{SECRET, run};

/// All that stderr holds.
fn whole(line: &str) -> String {
    format!("fetch: {line}; see fetch --help\n")
}

/// Panics unless `arguments` are refused with this line.
#[track_caller]
fn assert_told(arguments: &[&str], line: &str) {
    let run = run(&[&["http://127.0.0.1:1/"], arguments].concat());
    assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
    assert_eq!(run.stderr, whole(line), "{arguments:?}");
}

#[test]
fn it_names_the_option_and_says_what_would_be_right() {
    let pointer = "not a JSON Pointer; it starts with / and writes ~ as ~0 and / as ~1";
    for (option, given, what) in [
        (
            "--next",
            "lnk",
            "not one of none, link, url:, url-header:, token:, page:, offset:, range:",
        ),
        ("--next", "link;x", "write link;PARAM=VALUE"),
        (
            "--next",
            "url-header:",
            "a name is missing; write url-header:NAME",
        ),
        (
            "--next",
            "url-header",
            "a name is missing; write url-header:NAME",
        ),
        ("--next", "page:p:x", "x: not a whole number"),
        ("--next", "offset:5", "write offset:OFFSET,LIMIT:SIZE"),
        ("--next", "range:items", "write range:UNIT:SIZE"),
        (
            "--next",
            "range:items:0",
            "a page size of 0 would never end",
        ),
        ("--next", "token:body:/a", "write token:SRC=DST"),
        (
            "--next",
            "token:x=query:y",
            "x: not a source; write body:/PTR, header:NAME or last:/PTR",
        ),
        (
            "--next",
            "token:body:/x=y",
            "y: not a target; write query:NAME, header:NAME, body:/PTR or merge-query",
        ),
        (
            "--total",
            "/x",
            "not a source; write body:/PTR, header:NAME or last:/PTR",
        ),
        (
            "--schema",
            "/no/such",
            "No such file or directory (os error 2)",
        ),
    ] {
        assert_told(&[option, given], &format!("{option} {given}: {what}"));
    }
    for option in ["--more", "--last", "--items"] {
        assert_told(
            &["--next", "link", option, "x"],
            &format!("{option} x: {pointer}"),
        );
    }
}

#[test]
fn what_is_no_number_is_told_by_its_option_a_negative_one_too() {
    for option in [
        "--retries <N>",
        "--max-pages <N>",
        "--max-items <N>",
        "--max-body <BYTES>",
        "--prefetch <N>",
        "--concurrency <N>",
    ] {
        for given in ["-1", "x", "1.5", "+1", ""] {
            let typed = option.split(' ').next().unwrap();
            let what = "not a whole number of at least 0";
            assert_told(
                &[typed, given],
                &format!("invalid value '{given}' for '{option}': {what}"),
            );
        }
    }
    for option in ["--deadline <S>", "--page-deadline <S>", "--retry-cap <MS>"] {
        for given in ["-1", "x", "1e3", "inf"] {
            let typed = option.split(' ').next().unwrap();
            let what = "not a decimal number of at least 0";
            assert_told(
                &[typed, given],
                &format!("invalid value '{given}' for '{option}': {what}"),
            );
        }
    }
    assert_told(
        &["--retries", "9999999999"],
        "invalid value '9999999999' for '--retries <N>': number too large to fit in target type",
    );
}

#[test]
fn a_duration_beyond_all_measure_is_as_good_as_none() {
    let server = Server::start();
    let long = "9".repeat(400);
    for option in [
        "--deadline",
        "--page-deadline",
        "--attempt-timeout",
        "--retry-after-max",
        "--retry-base",
        "--retry-cap",
    ] {
        for given in ["18446744073709551615", "18446744073709551616.5", &long] {
            let run = run(&[&server.url("/"), option, given]);
            assert_eq!(run.code, Some(0), "{option} {given}: {}", run.stderr);
        }
    }
}

#[test]
fn an_origin_that_is_none_is_told_whatever_happens_to_next_pages() {
    let what =
        "not an origin; write scheme://host or scheme://host:port, without user, path or query";
    for given in [
        "junk",
        "https://h/path",
        "https://u@h",
        "https://h:99999",
        "",
    ] {
        for more in [
            &[][..],
            &["--origin", "rebase"],
            &["--bearer-env", "SECRET"],
        ] {
            let arguments = [&["--allow-origin", given], more].concat();
            assert_told(&arguments, &format!("--allow-origin {given}: {what}"));
        }
    }
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    for (option, line) in [
        (
            "--api-key-env",
            "--api-key-env: write HEADER=VAR, with the name of an environment variable",
        ),
        (
            "--api-key-query",
            "--api-key-query: write NAME=VAR, with the name of an environment variable",
        ),
        ("-H", "-H: write 'Name: value'"),
    ] {
        // `run` looks for it on stderr.
        assert_told(&[option, SECRET], line);
    }
}

#[test]
fn a_url_that_is_none_is_told_without_what_it_holds() {
    for (url, line) in [
        ("", "the URL is empty"),
        (
            "example.com",
            "the URL must be absolute: it begins with https:// or http://",
        ),
        (
            "ftp://h/",
            "the URL must be absolute: it begins with https:// or http://",
        ),
        (
            "http://h/a b",
            "the URL cannot be read; percent-encode what is unusual in it",
        ),
        (
            "http://127.0.0.1:99999/",
            "the URL's port is no number from 0 to 65535",
        ),
        (
            "http://127.0.0.1:x/",
            "the URL's port is no number from 0 to 65535",
        ),
    ] {
        let run = run(&[url]);
        assert_eq!(run.code, Some(2), "{url}: {}", run.stderr);
        assert_eq!(run.stderr, whole(line), "{url}");
    }
}

#[test]
fn what_the_reader_of_options_refuses_is_one_line_too() {
    for (arguments, line) in [
        (
            &["--itms", "/i"][..],
            "unexpected argument '--itms' found; tip: a similar argument exists: '--items'",
        ),
        (
            &["--origin", "x"],
            "invalid value 'x' for '--origin <WHAT>' [possible values: deny, rebase]",
        ),
        (
            &["--retries"],
            "a value is required for '--retries <N>' but none was supplied",
        ),
        (
            &["--retries", "1", "--retries", "2"],
            "the argument '--retries <N>' cannot be used multiple times",
        ),
        (&["http://h/"], "unexpected argument 'http://h/' found"),
    ] {
        assert_told(arguments, line);
    }
    // What is asked for is no failure.
    for asked in ["--help", "-h", "--version"] {
        let output = crate::support::fetch().arg(asked).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{asked}");
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{asked}"
        );
    }
}
