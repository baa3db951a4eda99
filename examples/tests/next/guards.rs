//! Limits, repetitions, and what goes with a request for a later page.

use crate::drain;
use crate::script::Scripted;
use crate::support::run;

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
fn a_page_that_a_limit_ends_in_counts_as_one() {
    let answers = [
        r#"{"i":[1,2],"n":1}"#,
        r#"{"i":[],"n":2}"#,
        r#"{"i":[3,4],"n":3}"#,
        r#"{"i":[5],"n":4}"#,
    ];
    let next = ["--next", "token:body:/n=query:c", "--items", "/i"];
    for (limit, pages) in [("1", 1), ("2", 1), ("3", 3), ("4", 3), ("5", 4)] {
        for more in [&[][..], &["--require", "/i"], &["--prefetch", "1"]] {
            let options = [&next[..], &["--max-items", limit], more].concat();
            let (run, asked) = drain("/a", &options, &answers);
            assert_eq!((run.code, asked.len()), (Some(0), pages), "{options:?}");
            assert_eq!(run.summary["outcome"], "limited");
            let items = limit.parse().unwrap();
            run.assert_counts([("pages", pages as u64), ("items", items)]);
            assert_eq!(run.summary["truncated"], true);
        }
    }
    // Where pages are what is counted, none is begun that is not written.
    let (run, _) = drain("/a", &["--next", next[1], "--max-items", "3"], &answers);
    run.assert_counts([("pages", 3), ("items", 3), ("requests", 3)]);
}

#[test]
fn the_fiftieth_empty_page_in_a_row_is_6_and_the_forty_ninth_is_not() {
    let next = ["--next", "token:body:/n=query:c", "--items", "/i"];
    for (empty, code) in [(49, 0), (50, 6)] {
        let pages = (1..=empty).map(|n| format!(r#"{{"i":[],"n":{n}}}"#));
        let answers: Vec<_> = pages.chain([r#"{"i":[1]}"#.to_owned()]).collect();
        let answers: Vec<_> = answers.iter().map(String::as_str).collect();
        let (run, asked) = drain("/a", &next, &answers);
        assert_eq!((run.code, asked.len()), (Some(code), 50), "{}", run.stderr);
        assert_eq!(run.summary["pages"], 50);
        assert_eq!(run.summary["truncated"], code == 6);
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
