//! How `fetch` finds the next page: every form of `--next`, and what goes with it.

#[path = "support/script.rs"]
mod script;
#[path = "support/mod.rs"]
mod support;

use serde_json::json;

use crate::script::Scripted;
use crate::support::{Run, run};

/// Drains a server with these answers: the run, and the requests without the headers.
fn drain(path: &str, options: &[&str], answers: &[&str]) -> (Run, Vec<String>) {
    let server = Scripted::start(answers);
    let run = run(&[&[&*server.url(path)][..], options].concat());
    let lines = server.lines();
    (run, lines)
}

/// Drains to the end: the lines, and the requests.
fn drained(path: &str, options: &[&str], answers: &[&str]) -> (Vec<String>, Vec<String>) {
    let (run, asked) = drain(path, options, answers);
    assert_eq!(run.code, Some(0), "{options:?}: {}", run.stderr);
    assert_eq!(run.summary["outcome"], "done", "{options:?}");
    assert_eq!(run.summary["requests"], json!(asked.len()), "{options:?}");
    (run.lines, asked)
}

#[test]
fn links_are_followed_by_relation_and_by_parameter() {
    let (lines, asked) = drained(
        "/a?x=1,2",
        &["--next", "link:next-page", "--items", ""],
        &[
            "link: </b>; rel=\"next\"\nlink: </c?q=a;b,c>; REL=\"up next-page\"\n\n[1]",
            "[2]",
        ],
    );
    assert_eq!(lines, ["1", "2"]);
    assert_eq!(asked, ["GET /a?x=1,2", "GET /c?q=a;b,c"]);

    let sentry = "link: <{origin}/a?cursor=0:100:0>; rel=\"next\"; results=\"true\"\n\n[1]";
    let end = "link: <{origin}/a?cursor=0:200:0>; rel=\"next\"; results=\"false\"\n\n[2]";
    let (lines, asked) = drained(
        "/a",
        &["--next", "link;results=true", "--items", ""],
        &[sentry, end],
    );
    assert_eq!(lines, ["1", "2"]);
    assert_eq!(asked, ["GET /a", "GET /a?cursor=0:100:0"]);
}

#[test]
fn urls_in_bodies_and_headers_are_relative_to_the_page() {
    let (lines, asked) = drained(
        "/api/v1/list?page=1",
        &["--next", "url:/meta/next", "--items", "/items"],
        &[
            r#"{"items":[1],"meta":{"next":"?page=2"}}"#,
            r#"{"meta":{"next":{"href":"more"}},"items":[2]}"#,
            r#"{"items":[3],"meta":{"next":"{origin}/last"}}"#,
            r#"{"items":[4],"meta":{"next":null}}"#,
        ],
    );
    assert_eq!(lines, ["1", "2", "3", "4"]);
    assert_eq!(
        asked,
        [
            "GET /api/v1/list?page=1",
            "GET /api/v1/list?page=2",
            "GET /api/v1/more",
            "GET /last"
        ]
    );

    let (lines, asked) = drained(
        "/a",
        &["--next", "url-header:x-next"],
        &["x-next: /b\n\n{\"n\": 1}", "{\"n\":2}"],
    );
    assert_eq!(lines, ["{\"n\":1}", "{\"n\":2}"]);
    assert_eq!(asked, ["GET /a", "GET /b"]);
}

#[test]
fn tokens_go_from_every_source_to_every_target() {
    let post = "{\"q\": 1e400, \"page\":{\"size\":2}}";
    for (source, answer) in [
        ("body:/next", r#"{"items":[{"id":7}],"next":"a&=+ é"}"#),
        ("last:/id", r#"{"items":[{"id":1},{"id":"a&=+ é"}]}"#),
    ] {
        let cases: [(&str, &[&str], &str); 4] = [
            ("query:c", &[], "GET /a?x=1&c=a%26%3D%2B%20%C3%A9"),
            (
                "body:/page/after",
                &["-d", post],
                "POST /a?x=1 {\"q\": 1e400, \"page\":{\"size\":2,\"after\":\"a&=+ é\"}}",
            ),
            (
                "body:/after",
                &["-X", "POST"],
                "POST /a?x=1 {\"after\":\"a&=+ é\"}",
            ),
            (
                "body:/q",
                &["-d", post],
                "POST /a?x=1 {\"q\": \"a&=+ é\", \"page\":{\"size\":2}}",
            ),
        ];
        for (target, options, expected) in cases {
            let next = format!("token:{source}={target}");
            let options = [&["--next", &*next, "--items", "/items"][..], options].concat();
            let (_, asked) = drained("/a?x=1", &options, &[answer, r#"{"items":[]}"#]);
            assert_eq!(asked.len(), 2, "{next}");
            assert_eq!(asked[1], expected, "{next}");
        }
    }
}

#[test]
fn tokens_travel_in_headers() {
    let server = Scripted::start(&["x-ms-continuation: {\"t\":1}\n\n{\"d\":[1]}", "{\"d\":[2]}"]);
    let run = run(&[
        &server.url("/docs"),
        "-d",
        "{\"query\":1}",
        "--next",
        "token:header:x-ms-continuation=header:x-ms-continuation",
        "--items",
        "/d",
    ]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 2), "{}", run.stderr);
    let asked = server.asked();
    assert!(!asked[0].headers.contains_key("x-ms-continuation"));
    assert_eq!(asked[1].headers["x-ms-continuation"], "{\"t\":1}");
    assert_eq!(asked[1].headers["content-type"], "application/json");
    assert_eq!(asked[1].body, "{\"query\":1}");
}

#[test]
fn tokens_that_are_no_strings_travel_as_json() {
    let (_, asked) = drained(
        "/a",
        &[
            "-d",
            "{}",
            "--next",
            "token:body:/key=body:/start",
            "--next",
            "token:body:/n=query:n",
        ],
        &[
            r#"{"key":{"pk":{"S":"b"}},"n":9007199254740993}"#,
            r#"{"n":2}"#,
        ],
    );
    assert_eq!(
        asked,
        [
            "POST /a {}",
            "POST /a?n=9007199254740993 {\"start\":{\"pk\":{\"S\":\"b\"}}}"
        ]
    );

    let (_, asked) = drained(
        "/w/api.php?action=query",
        &["--next", "token:body:/continue=merge-query"],
        &[
            r#"{"continue":{"cmcontinue":"page|41","continue":"-||"}}"#,
            r#"{"batchcomplete":true}"#,
        ],
    );
    assert_eq!(
        asked[1],
        "GET /w/api.php?action=query&cmcontinue=page%7C41&continue=-%7C%7C"
    );
}

#[test]
fn an_empty_token_is_the_end_unless_it_is_valid() {
    let options = ["--next", "token:body:/next=query:cursor"];
    let answers = [r#"{"next":""}"#, r#"{"next":null}"#];
    let (_, asked) = drained("/a", &options, &answers);
    assert_eq!(asked, ["GET /a"]);
    let options = [&options[..], &["--empty-token-is-valid"]].concat();
    let (_, asked) = drained("/a", &options, &answers);
    assert_eq!(asked, ["GET /a", "GET /a?cursor="]);
}

#[test]
fn flags_end_a_list_and_contradictions_are_6() {
    let token = ["--next", "token:body:/next=query:c", "--items", "/items"];
    let more = |rest: &'static str| format!(r#"{{"items":[1],{rest}}}"#);
    for (flag, answer, code, sends) in [
        (
            ["--more", "/more"],
            more(r#""more":false,"next":"a""#),
            0,
            1,
        ),
        (["--last", "/last"], more(r#""last":true,"next":"a""#), 0, 1),
        (["--more", "/more"], more(r#""more":true,"next":"a""#), 0, 2),
        (
            ["--last", "/last"],
            more(r#""last":false,"next":"a""#),
            0,
            2,
        ),
        (["--more", "/more"], more(r#""more":true"#), 6, 1),
        (["--more", "/more"], more(r#""more":true,"next":"""#), 6, 1),
        (
            ["--last", "/last"],
            more(r#""last":false,"next":null"#),
            6,
            1,
        ),
        (["--more", "/more"], more(r#""next":"a""#), 6, 1),
        (["--last", "/last"], more(r#""next":"a""#), 6, 1),
        (
            ["--more", "/more"],
            more(r#""more":"true","next":"a""#),
            6,
            1,
        ),
        (["--more", "/more"], more(r#""more":1,"next":"a""#), 6, 1),
    ] {
        let end = r#"{"items":[2],"more":false,"last":true}"#;
        let options = [&token[..], &flag[..]].concat();
        let (run, asked) = drain("/a", &options, &[&answer, end]);
        assert_eq!(run.code, Some(code), "{flag:?} {answer}: {}", run.stderr);
        assert_eq!(asked.len(), sends, "{flag:?} {answer}");
        assert_eq!(
            run.lines.len(),
            sends,
            "the page itself is written: {answer}"
        );
        if code == 6 {
            assert_eq!(run.summary["outcome"], "pagination");
            assert!(run.stderr.contains("page 1: "), "{}", run.stderr);
        }
    }
    // Links and URLs have flags too.
    for (next, answer) in [
        ("link", "link: </b>; rel=next\n\n{\"more\":false}"),
        ("url:/next", "{\"next\":\"/b\",\"more\":false}"),
        ("url-header:x-next", "x-next: /b\n\n{\"more\":false}"),
    ] {
        let (_, asked) = drained("/a", &["--next", next, "--more", "/more"], &[answer]);
        assert_eq!(asked, ["GET /a"], "{next}");
    }
}

#[test]
fn numbered_pages_begin_where_it_is_said_and_end_by_their_rules() {
    let page = ["--next", "page:p", "--items", "/i"];
    let answers = [r#"{"i":[1,2]}"#, r#"{"i":[3]}"#, r#"{"i":[]}"#];
    // A short page is not the end, an empty one is.
    let (lines, asked) = drained("/a?x=1", &page, &answers);
    assert_eq!(lines, ["1", "2", "3"]);
    assert_eq!(
        asked,
        ["GET /a?x=1&p=1", "GET /a?x=1&p=2", "GET /a?x=1&p=3"]
    );

    let (_, asked) = drained("/a", &["--next", "page:p:0", "--items", "/i"], &answers);
    assert_eq!(asked, ["GET /a?p=0", "GET /a?p=1", "GET /a?p=2"]);
    let (_, asked) = drained("/a?p=7", &page, &answers);
    assert_eq!(asked, ["GET /a?p=7", "GET /a?p=8", "GET /a?p=9"]);

    // What is known is not asked past.
    let total = [r#"{"i":[1,2],"t":3,"n":2}"#, r#"{"i":[3],"t":3,"n":2}"#];
    for option in [["--total", "body:/t"], ["--total-pages", "body:/n"]] {
        let (lines, asked) = drained("/a", &[&page[..], &option[..]].concat(), &total);
        assert_eq!((lines.len(), asked.len()), (3, 2), "{option:?}");
    }
    // Nor where the list was entered at its third page.
    let total = [r#"{"i":[5,6],"t":7,"n":4}"#, r#"{"i":[7],"t":7,"n":4}"#];
    for option in [["--total", "body:/t"], ["--total-pages", "body:/n"]] {
        let (_, asked) = drained("/a?p=3", &[&page[..], &option[..]].concat(), &total);
        assert_eq!(asked, ["GET /a?p=3", "GET /a?p=4"], "{option:?}");
    }
    // A total that an API stops telling is no error.
    let (lines, asked) = drained(
        "/a",
        &[&page[..], &["--total", "header:x-total"]].concat(),
        &["x-total: 9\n\n{\"i\":[1]}", r#"{"i":[2]}"#, r#"{"i":[]}"#],
    );
    assert_eq!((lines.len(), asked.len()), (2, 3));
}

#[test]
fn a_flag_that_a_counted_page_lacks_is_6_even_on_an_empty_one() {
    for next in ["page:p", "offset:o,l:1"] {
        let options = ["--next", next, "--items", "/i", "--more", "/more"];
        let first = r#"{"i":[1],"more":true}"#;
        for (last, code) in [
            (r#"{"i":[2],"more":false}"#, 0),
            (r#"{"i":[],"more":false}"#, 0),
            ("204", 0),
            (r#"{"i":[2]}"#, 6),
            (r#"{"i":[]}"#, 6),
        ] {
            let last = match last {
                "204" => "204\n\n",
                body => body,
            };
            let (run, asked) = drain("/a", &options, &[first, last]);
            assert_eq!(run.code, Some(code), "{next} {last}: {}", run.stderr);
            assert_eq!(asked.len(), 2, "{next} {last}");
        }
    }
}

#[test]
fn offsets_advance_by_what_was_returned() {
    let offset = ["--next", "offset:skip,top:1000", "--items", ""];
    // The server clamps the limit to two.
    let (lines, asked) = drained("/a", &offset, &["[1,2]", "[3,4]", "[5]", "[]"]);
    assert_eq!(lines, ["1", "2", "3", "4", "5"]);
    assert_eq!(
        asked,
        [
            "GET /a?skip=0&top=1000",
            "GET /a?skip=2&top=1000",
            "GET /a?skip=4&top=1000",
            "GET /a?skip=5&top=1000"
        ]
    );
    let (_, asked) = drained("/a?skip=3", &offset, &["[4]", "[]"]);
    assert_eq!(asked, ["GET /a?skip=3&top=1000", "GET /a?skip=4&top=1000"]);
    for (option, header) in [
        (["--total", "header:x-total"], "x-total: 3\n\n"),
        (["--total-pages", "header:x-pages"], "x-pages: 2\n\n"),
    ] {
        let answers = [&format!("{header}[1,2]"), &*format!("{header}[3]")];
        let (lines, asked) = drained("/a", &[&offset[..], &option[..]].concat(), &answers);
        assert_eq!((lines.len(), asked.len()), (3, 2), "{option:?}");
    }
}

#[test]
fn ranges_end_at_their_total_at_416_and_at_a_200() {
    let range = ["--next", "range:items:2", "--items", ""];
    let server = |answers: &[&str]| {
        let server = Scripted::start(answers);
        let run = run(&[&[&*server.url("/a")][..], &range[..]].concat());
        let ranges: Vec<_> = server
            .asked()
            .iter()
            .map(|asked| asked.headers["range"].to_str().unwrap().to_owned())
            .collect();
        (run, ranges)
    };
    let part = |range: &str, body: &str| format!("206\ncontent-range: {range}\n\n{body}");

    let (run, ranges) = server(&[&part("items 0-1/3", "[1,2]"), &part("items 2-2/3", "[3]")]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 3), "{}", run.stderr);
    assert_eq!(ranges, ["items=0-1", "items=2-3"]);

    let (run, ranges) = server(&[&part("items 0-1/*", "[1,2]"), "416\n\n{\"error\":\"end\"}"]);
    assert_eq!(
        (run.code, run.lines),
        (Some(0), vec!["1".to_owned(), "2".to_owned()])
    );
    assert_eq!(ranges, ["items=0-1", "items=2-3"]);
    assert_eq!(
        (&run.summary["outcome"], &run.summary["pages"]),
        (&json!("done"), &json!(1))
    );

    let (run, ranges) = server(&["416\n\n{}"]);
    assert_eq!(
        (run.code, run.lines.len(), ranges.len()),
        (Some(0), 0, 1),
        "an empty list"
    );

    let (run, ranges) = server(&["[1,2,3,4,5]"]);
    assert_eq!(
        (run.code, run.lines.len(), ranges.len()),
        (Some(0), 5, 1),
        "the whole list"
    );

    let (run, ranges) = server(&["206\n\n[1,2]"]);
    assert_eq!((run.code, ranges.len()), (Some(6), 1), "{}", run.stderr);
    let (run, ranges) = server(&[&part("items 0-1/9", "[1,2]"), &part("items 0-1/9", "[1,2]")]);
    assert_eq!((run.code, ranges.len()), (Some(6), 2), "{}", run.stderr);
    // Elsewhere 416 is what it is.
    let (run, _) = drain("/a", &["--next", "link"], &["416\n\n{}"]);
    assert_eq!(run.code, Some(3));
}

#[test]
fn limits_are_exact_for_tokens_in_bodies_too() {
    let answers = [
        r#"{"i":[1,2,3],"n":1}"#,
        r#"{"i":[4,5,6],"n":2}"#,
        r#"{"i":[7],"n":3}"#,
    ];
    let next = [
        "-d",
        "{}",
        "--next",
        "token:body:/n=body:/c",
        "--items",
        "/i",
    ];
    for (limit, lines) in [(["--max-items", "5"], 5), (["--max-pages", "2"], 6)] {
        let (run, asked) = drain("/a", &[&next[..], &limit[..]].concat(), &answers);
        assert_eq!(
            (run.code, run.lines.len(), asked.len()),
            (Some(0), lines, 2)
        );
        assert_eq!(run.summary["outcome"], "limited");
    }
}

#[test]
fn a_repeated_token_is_6_or_the_end_or_allowed() {
    let next = ["--next", "token:body:/t=query:t", "--items", "/i"];
    let same = [
        r#"{"i":[1],"t":"f"}"#,
        r#"{"i":[2],"t":"f"}"#,
        r#"{"i":[3]}"#,
    ];
    for (what, code, sends) in [("error", 6, 2), ("end", 0, 2), ("allow", 0, 3)] {
        let options = [&next[..], &["--on-repeat", what]].concat();
        let (run, asked) = drain("/a", &options, &same);
        assert_eq!(
            (run.code, asked.len()),
            (Some(code), sends),
            "{what}: {}",
            run.stderr
        );
        assert_eq!(run.lines.len(), sends, "every page that was had is written");
    }
    // There and back again.
    let circle = [
        r#"{"i":[1],"t":"a"}"#,
        r#"{"i":[2],"t":"b"}"#,
        r#"{"i":[3],"t":"a"}"#,
    ];
    let (run, asked) = drain("/a", &next, &circle);
    assert_eq!((run.code, asked.len(), run.lines.len()), (Some(6), 3, 3));
    assert_eq!(run.summary["truncated"], true);
}

#[test]
fn a_page_elsewhere_is_refused_or_asked_of_the_first_origin() {
    let next = ["--next", "url:/next", "--items", "/i"];
    let answers = [
        r#"{"i":[1],"next":"https://internal.example/v1/list?page=2&token=canary-7f3a"}"#,
        r#"{"i":[2],"next":null}"#,
    ];
    let (run, asked) = drain("/v1/list", &next, &answers);
    assert_eq!((run.code, asked.len()), (Some(6), 1));
    assert_eq!(run.lines, ["1"]);
    assert!(
        run.stderr.contains("https://internal.example"),
        "{}",
        run.stderr
    );
    let rebased = [&next[..], &["--origin", "rebase"]].concat();
    let (run, asked) = drain("/v1/list", &rebased, &answers);
    assert_eq!((run.code, run.lines.len()), (Some(0), 2), "{}", run.stderr);
    assert_eq!(
        asked,
        ["GET /v1/list", "GET /v1/list?page=2&token=canary-7f3a"]
    );
}

#[test]
fn headers_stay_at_home_and_are_the_same_on_every_page_there() {
    let home = Scripted::start(&["link: </b>; rel=next\n\n[1]", "[2]"]);
    let options = [
        "--next",
        "link",
        "--items",
        "",
        "-H",
        "ConsistencyLevel: eventual",
    ];
    let secret = [
        "-H",
        "Authorization: Bearer canary-7f3a",
        "-H",
        "Cookie: a=canary-7f3a",
    ];
    let run_with =
        |url: &str, more: &[&str]| run(&[&[url][..], &options[..], &secret[..], more].concat());
    assert_eq!(run_with(&home.url("/a"), &[]).code, Some(0));
    for asked in home.asked() {
        assert_eq!(asked.headers["consistencylevel"], "eventual");
        assert_eq!(asked.headers["authorization"], "Bearer canary-7f3a");
        assert_eq!(asked.headers["cookie"], "a=canary-7f3a");
    }

    let away = Scripted::start(&["[2]"]);
    let link = format!("link: <{}/b>; rel=next\n\n[1]", away.origin);
    let home = Scripted::start(&[&link]);
    let run = run_with(&home.url("/a"), &["--allow-origin", &away.origin]);
    assert_eq!((run.code, run.lines.len()), (Some(0), 2), "{}", run.stderr);
    let asked = &away.asked()[0];
    assert_eq!(asked.headers["consistencylevel"], "eventual");
    assert!(!asked.headers.contains_key("authorization"));
    assert!(!asked.headers.contains_key("cookie"));
}

#[test]
fn an_idempotency_key_is_of_the_first_page_alone() {
    let server = Scripted::start(&[r#"{"n":"a"}"#, "{}"]);
    let run = run(&[
        &server.url("/a"),
        "-d",
        "{}",
        "-H",
        "Idempotency-Key: k",
        "--next",
        "token:body:/n=body:/c",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let asked = server.asked();
    assert_eq!(asked[0].headers["idempotency-key"], "k");
    assert!(!asked[1].headers.contains_key("idempotency-key"));
    assert_eq!(
        asked[1].headers["content-length"],
        asked[1].body.len().to_string()
    );
}

#[test]
fn a_body_that_is_no_json_takes_no_token() {
    let next = ["-d", "a=1", "--next", "token:body:/n=body:/c"];
    let (run, asked) = drain("/a", &next, &[r#"{"n":"the-token"}"#]);
    assert_eq!((run.code, asked.len()), (Some(6), 1), "{}", run.stderr);
    assert!(run.stderr.contains("not JSON"), "{}", run.stderr);
    assert!(!run.stderr.contains("the-token"), "{}", run.stderr);
}
