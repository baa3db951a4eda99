//! How lists are drained, and where they end.

use serde_json::json;

use crate::ids;
use crate::server::Server;
use crate::support::run;

#[test]
fn every_form_of_pagination_drains_in_order() {
    for (path, options) in [
        ("/link", &["--next", "link", "--items", ""][..]),
        ("/url", &["--next", "url:/next", "--items", "/items"]),
        (
            "/url-header",
            &["--next", "url-header:x-next", "--items", ""],
        ),
        (
            "/token",
            &[
                "--next",
                "token:body:/cursor=query:cursor",
                "--items",
                "/items",
            ],
        ),
        (
            "/token",
            &[
                "--next",
                "token:body:/cursor=query:cursor",
                "--more",
                "/more",
                "--items",
                "/items",
            ],
        ),
        (
            "/page",
            &[
                "--next",
                "page:page",
                "--items",
                "/items",
                "--total",
                "body:/count",
            ],
        ),
        (
            "/page",
            &[
                "--next",
                "page:page",
                "--items",
                "/items",
                "--total-pages",
                "body:/pages",
            ],
        ),
    ] {
        let server = Server::start();
        let run = run(&[&[&*server.url(path)][..], options].concat());
        assert_eq!(run.code, Some(0), "{options:?}: {}", run.stderr);
        assert_eq!(run.lines, ids(0..6), "{options:?}");
        assert_eq!(run.summary["outcome"], "done");
        assert_eq!(
            (
                &run.summary["pages"],
                &run.summary["items"],
                &run.summary["requests"]
            ),
            (&json!(3), &json!(6), &json!(3))
        );
        assert_eq!(server.sends(), 3, "{options:?}");
    }
}

#[test]
fn counted_pages_end_at_the_first_empty_one_and_never_at_a_short_one() {
    for (path, options) in [
        ("/page", &["--next", "page:page", "--items", "/items"][..]),
        (
            "/offset",
            &["--next", "offset:offset,limit:100", "--items", "/items"],
        ),
    ] {
        let server = Server::start();
        let run = run(&[&[&*server.url(path)][..], options].concat());
        assert_eq!(
            (run.code, run.lines),
            (Some(0), ids(0..6)),
            "{}",
            run.stderr
        );
        assert_eq!(server.sends(), 4);
    }
}

#[test]
fn without_items_each_page_is_one_line_with_every_byte_that_means_something() {
    let server = Server::start();
    let run = run(&[&server.url("/whole")]);
    assert_eq!(
        (run.code, run.lines),
        (Some(0), vec![r#"{"b":1.0,"a":"x y","b":2}"#.to_owned()])
    );
    assert_eq!(
        (&run.summary["pages"], &run.summary["items"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn limits_are_exact_and_ask_for_nothing_beyond() {
    let server = Server::start();
    let run_items = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--max-items",
        "3",
    ]);
    assert_eq!((run_items.code, run_items.lines), (Some(0), ids(0..3)));
    assert_eq!(
        (
            &run_items.summary["outcome"],
            &run_items.summary["truncated"]
        ),
        (&json!("limited"), &json!(true))
    );
    assert_eq!(server.sends(), 2);

    let run_pages = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--max-pages",
        "1",
    ]);
    assert_eq!((run_pages.code, run_pages.lines), (Some(0), ids(0..2)));
    assert_eq!(server.sends(), 3);
}

#[test]
fn items_that_are_not_there_are_6() {
    let server = Server::start();
    for pointer in ["/absent", "/next"] {
        let run = run(&[&server.url("/url"), "--items", pointer]);
        assert_eq!(run.code, Some(6), "{pointer}: {}", run.stderr);
        assert_eq!(run.summary["outcome"], "pagination");
    }
}

#[test]
fn a_next_link_to_another_origin_is_6_and_nothing_is_sent_there() {
    let server = Server::start();
    let run = run(&[
        &server.url("/stray"),
        "--next",
        "link",
        "--items",
        "",
        "--bearer-env",
        "SECRET",
    ]);
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert_eq!(run.lines, ids(0..2), "the page that was had is written");
    assert_eq!(
        (&run.summary["requests"], &run.summary["outcome"]),
        (&json!(1), &json!("pagination"))
    );
}

#[test]
fn circles_and_repeated_pages_are_6_or_an_end() {
    let server = Server::start();
    let cursor = run(&[
        &server.url("/loop"),
        "--next",
        "token:body:/next=query:c",
        "--items",
        "/items",
    ]);
    assert_eq!(cursor.code, Some(6), "{}", cursor.stderr);
    assert_eq!(cursor.summary["truncated"], true);

    let page = run(&[&server.url("/same"), "--next", "page:page", "--items", ""]);
    assert_eq!(
        (page.code, page.lines),
        (Some(6), ids(1..2)),
        "{}",
        page.stderr
    );
    let ended = run(&[
        &server.url("/same"),
        "--next",
        "page:page",
        "--items",
        "",
        "--on-repeat",
        "end",
    ]);
    assert_eq!(
        (ended.code, ended.lines),
        (Some(0), ids(1..2)),
        "{}",
        ended.stderr
    );
}
