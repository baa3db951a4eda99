//! The line that a failure is told in: what, where, and what to do.

use std::fs;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::stream;

use crate::Folder;
use crate::server::{Seen, Server, respond};
use crate::support::{SECRET, run};

/// Pages of one item at `/p1` to `/p3`, linked with a secret in the query; `last` answers for the
/// third.
fn linked(last: fn(&Seen) -> Response<Body>) -> Server {
    Server::start(move |_, seen| {
        let path = seen.path.split('?').next().unwrap();
        let number: u64 = path.trim_start_matches("/p").parse().unwrap();
        if number == 3 {
            return last(seen);
        }
        let link = format!("</p{}?key={SECRET}>; rel=next", number + 1);
        respond(200, &[("link", &link)], format!("[{{\"id\":{number}}}]"))
    })
}

const LINKED: [&str; 4] = ["--next", "link", "--items", ""];

/// Panics unless the drain of `server` ended with `code` and told this, with `{at}` for the third
/// page's URL.
#[track_caller]
fn assert_told(server: &Server, options: &[&str], code: i32, told: &str) {
    let run = run(&[&[&*server.url("/p1")], &LINKED[..], options].concat());
    let told = told.replace("{at}", &server.url("/p3"));
    let told = format!("fetch: {told}\n").replace("{origin}", &server.origin);
    assert_eq!((run.code, run.stderr), (Some(code), told), "{options:?}");
}

#[test]
fn an_error_status_is_told_with_its_page_and_what_helps() {
    type Row = (
        fn(&Seen) -> Response<Body>,
        &'static [&'static str],
        i32,
        &'static str,
    );
    let rows: [Row; 9] = [
        (
            |_| respond(404, &[], ""),
            &[],
            3,
            "404 Not Found ({at}); check the URL",
        ),
        (
            |_| respond(400, &[], ""),
            &[],
            3,
            "400 Bad Request ({at}); check the request (-X, -H, -d)",
        ),
        (
            |_| respond(503, &[], ""),
            &[],
            3,
            "503 Service Unavailable ({at}); try later, or with more --retries",
        ),
        (
            |_| respond(403, &[], ""),
            &[],
            3,
            "403 Forbidden ({at}); give a credential, such as --bearer-env",
        ),
        (
            |_| respond(403, &[], ""),
            &["--bearer-env", "SECRET"],
            3,
            "403 Forbidden ({at}); check the credential and what it may do",
        ),
        (
            |_| respond(401, &[], ""),
            &["--bearer-env", "SECRET"],
            7,
            "401 Unauthorized ({at}); check the credential and what it may do",
        ),
        (
            |_| respond(501, &[], ""),
            &[],
            3,
            "501 Not Implemented ({at}); check the request (-X, -H, -d)",
        ),
        (
            |_| respond(418, &[], ""),
            &[],
            3,
            "418 I'm a teapot ({at}); check the request (-X, -H, -d)",
        ),
        (
            |_| respond(507, &[], ""),
            &[],
            3,
            "507 Insufficient Storage ({at}); try later, or ask those who run the API",
        ),
    ];
    for (last, options, code, told) in rows {
        for ahead in ["0", "2"] {
            let options = [options, &["--prefetch", ahead]].concat();
            let told = format!("page 3: the API answered {told}");
            assert_told(&linked(last), &options, code, &told);
        }
    }
}

#[test]
fn a_list_that_is_not_as_it_should_be_is_told_with_the_option_that_helps() {
    assert_told(
        &linked(|_| respond(200, &[("link", "<http://127.0.0.2:9/p4>; rel=next")], "[]")),
        &[],
        6,
        "page 3: the next page is at http://127.0.0.2:9, and the first request went to {origin} \
         ({at}); permit its origin with --allow-origin, or stay with --origin rebase",
    );
    // It is another one without the key, and links to itself.
    assert_told(
        &linked(|_| respond(200, &[("link", "</p3>; rel=next")], "[]")),
        &[],
        6,
        "page 4: the next page is one that was asked for before ({at}); \
         check --next, or take it for the end with --on-repeat end",
    );
    assert_told(
        &linked(|_| respond(200, &[], format!("[\"{}\"]", "x".repeat(200)))),
        &["--max-body", "100"],
        6,
        "page 3, item 1: an item is larger than allowed ({at}); allow more with --max-body",
    );
    let page = linked(|_| respond(200, &[], "<p>"));
    assert_told(
        &page,
        &[],
        4,
        "page 3: the page is not valid JSON ({at}); check the URL, and the Accept header (-H)",
    );
    let whole = run(&[&page.url("/p3")]);
    let told = "page 1: the page is not valid JSON: expected value at line 1 column 1";
    let told = format!(
        "fetch: {told} ({}); check the URL, and the Accept header (-H)\n",
        page.url("/p3")
    );
    assert_eq!((whole.code, whole.stderr), (Some(4), told));
}

#[test]
fn a_breach_is_told_with_its_item_its_pointer_and_its_page() {
    let folder = Folder::new("breach");
    let schema = folder.file("schema");
    fs::write(&schema, r#"{"properties":{"id":{"type":"integer"}}}"#).unwrap();
    let server = linked(|_| respond(200, &[], r#"[{"id":3},{"id":"four"}]"#));
    let ended = run(&[
        &[&*server.url("/p1")],
        &LINKED[..],
        &["--item-schema", &schema],
    ]
    .concat());
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let told = ended.stderr;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("fetch: page 3, item 2: "), "{told}");
    assert!(told.contains("/id") && !told.contains("four"), "{told}");
    let at = server.url("/p3");
    let end = format!(" ({at}); fix what is wrong, or go on and count with --contract report\n");
    assert!(told.ends_with(&end), "{told}");
}

#[test]
fn what_may_pass_is_told_with_the_checkpoint_to_go_on_from() {
    let folder = Folder::new("hint");
    let checkpoint = folder.file("at");
    let again = format!("run again to go on from the checkpoint {checkpoint}");
    let files = ["--checkpoint", &*checkpoint];
    let busy = linked(|_| respond(503, &[], ""));
    // The second run begins at the third page.
    for _ in 0..2 {
        assert_told(
            &busy,
            &files,
            3,
            &format!(
                "page 3: the API answered 503 Service Unavailable ({{at}}); \
                 try later, or with more --retries; {again}"
            ),
        );
    }
    // What does not pass by itself is not tried again.
    fs::remove_file(&checkpoint).unwrap();
    assert_told(
        &linked(|_| respond(200, &[("link", "</p3>; rel=next")], "[]")),
        &files,
        6,
        "page 4: the next page is one that was asked for before ({at}); \
         check --next, or take it for the end with --on-repeat end",
    );
}

#[test]
fn a_server_that_is_not_there_or_does_not_answer_is_told_with_its_url() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/p?key={SECRET}", free.local_addr().unwrap());
    drop(free);
    let (shown, _) = url.split_once('?').unwrap();
    let gone = run(&[&url, "--retries", "1"]);
    assert_eq!(gone.code, Some(5), "{}", gone.stderr);
    assert!(
        gone.stderr.starts_with("fetch: page 1: "),
        "{}",
        gone.stderr
    );
    let end =
        format!(" ({shown}); check that the server can be reached, or try with more --retries\n");
    assert!(gone.stderr.ends_with(&end), "{}", gone.stderr);

    let stuck = linked(|_| {
        let never = stream::pending::<Result<Bytes, std::io::Error>>();
        respond(200, &[], Body::from_stream(never))
    });
    assert_told(
        &stuck,
        &["--page-deadline", "0.3"],
        5,
        "page 3: it took longer than its deadline of 300ms ({at}); \
         allow more with --page-deadline",
    );
    assert_told(
        &stuck,
        &["--deadline", "0.5"],
        5,
        "page 3: the drain took longer than its deadline of 500ms ({at}); \
         allow more with --deadline",
    );
    let slow = linked(|_| {
        std::thread::sleep(Duration::from_secs(1));
        respond(200, &[], "[]")
    });
    let late = run(&[&*slow.url("/p3"), "--page-deadline", "0.2"]);
    let end = format!(" ({}); allow more with --page-deadline\n", slow.url("/p3"));
    assert!(late.stderr.ends_with(&end), "{}", late.stderr);
}

#[test]
fn each_page_has_its_own_deadline_though_there_is_no_item_in_it() {
    let server = Server::start(|_, seen| {
        std::thread::sleep(Duration::from_millis(400));
        let number: u64 = seen.path.trim_start_matches("/p").parse().unwrap();
        let link = format!("</p{}>; rel=next", number + 1);
        let more = [("link", link.as_str())];
        respond(200, if number < 5 { &more } else { &[] }, "[]")
    });
    let run = run(&[
        &[&*server.url("/p1")],
        &LINKED[..],
        &["--page-deadline", "1.5"],
    ]
    .concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.summary["pages"], 5);
}
