//! Pages that tell where the next one is.

use crate::script::Scripted;
use crate::support::run;
use crate::{drain, drained};

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
fn a_body_that_is_no_json_takes_no_token() {
    let next = ["-d", "a=1", "--next", "token:body:/n=body:/c"];
    let (run, asked) = drain("/a", &next, &[r#"{"n":"the-token"}"#]);
    assert_eq!((run.code, asked.len()), (Some(6), 1), "{}", run.stderr);
    assert!(run.stderr.contains("not JSON"), "{}", run.stderr);
    assert!(!run.stderr.contains("the-token"), "{}", run.stderr);
}
