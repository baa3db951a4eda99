//! `fetch` as a black box: its exit codes, its output, its summary, and what it sends.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::support::{SECRET, fetch, run};

/// Sends of one run, as the server saw them: path with query, and the headers.
type Seen = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

struct Server {
    origin: String,
    seen: Seen,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let seen = Seen::default();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let router = router(&origin, &seen);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            origin,
            seen,
            _runtime: runtime,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    fn paths(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(path, _)| path.clone())
            .collect()
    }

    fn sends(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn header(&self, send: usize, name: &str) -> Option<String> {
        self.seen.lock().unwrap()[send].1.get(name).cloned()
    }
}

async fn record(
    State(seen): State<Seen>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or("", |path| path.as_str())
        .to_owned();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    seen.lock().unwrap().push((path, headers));
    next.run(request).await
}

fn page(numbers: std::ops::Range<u64>) -> Vec<Value> {
    numbers.map(|id| json!({ "id": id })).collect()
}

type Params = Query<HashMap<String, String>>;

fn number(params: &Params, name: &str, default: u64) -> u64 {
    params
        .get(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn router(origin: &str, seen: &Seen) -> axum::Router {
    let elsewhere = "http://127.0.0.2:9/items".to_owned();
    let own = origin.to_owned();
    axum::Router::new()
        .route(
            "/link",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let items = axum::Json(page(page_number * 2 - 2..page_number * 2));
                if page_number < 3 {
                    let next = format!(
                        "</first>; rel=\"first\", </link?page={}>; rel=\"next\"",
                        page_number + 1
                    );
                    ([(header::LINK, next)], items).into_response()
                } else {
                    items.into_response()
                }
            }),
        )
        .route(
            "/url",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let next = (page_number < 3).then(|| format!("/url?page={}", page_number + 1));
                axum::Json(
                    json!({ "items": page(page_number * 2 - 2..page_number * 2), "next": next }),
                )
            }),
        )
        .route(
            "/url-header",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let items = axum::Json(page(page_number * 2 - 2..page_number * 2));
                if page_number < 3 {
                    (
                        [("x-next", format!("/url-header?page={}", page_number + 1))],
                        items,
                    )
                        .into_response()
                } else {
                    items.into_response()
                }
            }),
        )
        .route(
            "/token",
            get(|params: Params| async move {
                let at = number(&params, "cursor", 0);
                let cursor = (at < 4).then(|| (at + 2).to_string());
                axum::Json(json!({ "items": page(at..at + 2), "cursor": cursor, "more": at < 4 }))
            }),
        )
        .route(
            "/page",
            get(|params: Params| async move {
                let page_number = number(&params, "page", 1);
                let items = if page_number <= 3 {
                    page(page_number * 2 - 2..page_number * 2)
                } else {
                    Vec::new()
                };
                axum::Json(json!({ "items": items, "count": 6, "pages": 3 }))
            }),
        )
        .route(
            "/offset",
            get(|params: Params| async move {
                let offset = number(&params, "offset", 0).min(6);
                let limit = number(&params, "limit", 100).min(2); // clamped, as many servers do
                axum::Json(json!({ "items": page(offset..(offset + limit).min(6)) }))
            }),
        )
        .route(
            "/whole",
            get(|| async { "{ \"b\" : 1.0,\n \"a\" : \"x y\", \"b\" : 2 }".to_owned() }),
        )
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/html", get(|| async { "<p>" }))
        .route(
            "/flaky",
            get({
                let calls = Arc::new(Mutex::new(0));
                move || {
                    let calls = Arc::clone(&calls);
                    async move {
                        let mut calls = calls.lock().unwrap();
                        *calls += 1;
                        if *calls < 3 {
                            StatusCode::SERVICE_UNAVAILABLE.into_response()
                        } else {
                            axum::Json(json!([1])).into_response()
                        }
                    }
                }
            }),
        )
        .route(
            "/status/{code}",
            any(
                |axum::extract::Path(code): axum::extract::Path<u16>| async move {
                    StatusCode::from_u16(code).expect("a status")
                },
            ),
        )
        .route("/echo", post(|body: String| async move { body }))
        .route(
            "/stray",
            get(move || async move {
                (
                    [(header::LINK, format!("<{elsewhere}>; rel=\"next\""))],
                    axum::Json(page(0..2)),
                )
            }),
        )
        .route(
            "/loop",
            get(|params: Params| async move {
                let at = number(&params, "c", 0);
                axum::Json(json!({ "items": [{ "id": at }], "next": ((at + 1) % 2).to_string() }))
            }),
        )
        .route("/same", get(|| async { axum::Json(json!([{ "id": 1 }])) }))
        .route(
            "/redirect",
            get(|| async { Redirect::temporary("/link?page=3") }),
        )
        .route(
            "/leave",
            get(move || async move {
                // Another origin: the same server under another name.
                Redirect::temporary(&own.replace("127.0.0.1", "localhost")).into_response()
            }),
        )
        .route("/", get(|| async { axum::Json(json!([1])) }))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(std::time::Duration::from_secs(30)).await }),
        )
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(seen),
            record,
        ))
}

fn ids(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|id| format!("{{\"id\":{id}}}")).collect()
}

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
fn retries_are_counted_and_then_the_page_is_had() {
    let server = Server::start();
    let run = run(&[&server.url("/flaky")]);
    assert_eq!((run.code, run.lines), (Some(0), vec!["[1]".to_owned()]));
    assert_eq!(
        (&run.summary["retries"], &run.summary["requests"]),
        (&json!(2), &json!(3))
    );
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
fn a_missing_pointer_is_4_and_named() {
    let server = Server::start();
    let enforced = run(&[
        &server.url("/url"),
        "--require",
        "/missing",
        "--items",
        "/items",
    ]);
    assert_eq!(enforced.code, Some(4));
    assert!(enforced.stderr.contains("/missing"), "{}", enforced.stderr);
    assert!(enforced.lines.is_empty());
    assert_eq!(enforced.summary["violations"], 1);

    let reported = run(&[
        &server.url("/url"),
        "--require",
        "/missing",
        "--items",
        "/items",
        "--contract",
        "report",
    ]);
    assert_eq!((reported.code, reported.lines), (Some(0), ids(0..2)));
    assert_eq!(reported.summary["violations"], 1);
}

#[test]
fn schemas_hold_pages_and_items() {
    let server = Server::start();
    let folder = std::env::temp_dir().join(format!("fetch-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("schema.json");
    std::fs::write(&path, r#"{"properties":{"id":{"maximum":2}}}"#).unwrap();
    let schema = path.to_str().unwrap();
    let run_items = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--item-schema",
        schema,
    ]);
    assert_eq!(
        (run_items.code, run_items.lines),
        (Some(4), ids(0..3)),
        "{}",
        run_items.stderr
    );
    std::fs::write(&path, r#"{"type":"object"}"#).unwrap();
    let run_page = run(&[
        &server.url("/link"),
        "--next",
        "link",
        "--items",
        "",
        "--schema",
        schema,
    ]);
    assert_eq!(run_page.code, Some(4));
    assert!(run_page.lines.is_empty());
    assert_eq!(
        run(&[&server.url("/url"), "--schema", schema]).code,
        Some(0)
    );
    std::fs::write(&path, r#"{"type":"nonsense"}"#).unwrap();
    assert_eq!(
        run(&[&server.url("/url"), "--schema", schema]).code,
        Some(2)
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_body_that_is_no_json_is_4_and_an_empty_one_is_no_item() {
    let server = Server::start();
    for items in [&[][..], &["--items", ""]] {
        assert_eq!(
            run(&[&[&*server.url("/html")][..], items].concat()).code,
            Some(4)
        );
        let empty = run(&[&[&*server.url("/nothing")][..], items].concat());
        assert_eq!(
            (empty.code, empty.lines),
            (Some(0), Vec::new()),
            "{}",
            empty.stderr
        );
    }
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

#[test]
fn what_cannot_be_meant_is_2_and_sends_nothing() {
    let server = Server::start();
    let url = server.url("/");
    for arguments in [
        &["--next", "link"][..],
        &[&url, "--next", "nonsense"],
        &[&url, "--next", "page:page"],
        &[&url, "--next", "offset:offset,limit:5"],
        &[&url, "--next", "range:items:0"],
        &[&url, "--next", "token:last:/id=query:after"],
        &[&url, "--next", "link", "--total-pages", "body:/pages"],
        &[&url, "--next", "range:items:5", "--total", "body:/total"],
        &[&url, "--next", "link", "--empty-token-is-valid"],
        &[&url, "--more", "/more"],
        &[&url, "--bearer-env", "A", "--basic-env", "B"],
        &[&url, "--retries", "-1"],
        &[&url, "--retry-base", "nan"],
        &[&url, "--deadline", "1e9"],
        &[&url, "-H", "no colon"],
        &[&url, "--require", "no-slash"],
        &[&url, "--oauth2-token-url", "http://h/"],
        &["not a url"],
        &["/relative"],
        &["ftp://h/"],
        &["http://user:pw@h/"],
        // Not served by this version.
        &[&url, "--checkpoint", "."],
        &[&url, "--prefetch", "-1"],
        &[&url, "--concurrency", "2"],
        &[&url, "--concurrency", "0"],
        &[&url, "--concurrency", "2", "--next", "link"],
        &[&url, "--openapi", "f"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.summary, Value::Null, "{arguments:?}");
    }
    assert_eq!(
        fetch()
            .args([&*url, "--summary", "-"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    assert_eq!(server.sends(), 0);
}

#[test]
fn the_output_file_holds_the_lines_and_stdout_the_summary() {
    let server = Server::start();
    let path = std::env::temp_dir().join(format!("fetch-out-{}.ndjson", std::process::id()));
    let output = fetch()
        .args([
            &*server.url("/link"),
            "--next",
            "link",
            "--items",
            "",
            "--summary",
            "-",
            "-o",
        ])
        .arg(&path)
        .output()
        .unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        written.lines().map(str::to_owned).collect::<Vec<_>>(),
        ids(0..6)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in [
        "outcome",
        "pages",
        "items",
        "requests",
        "retries",
        "resends",
        "refreshes",
        "violations",
        "bytes",
        "waited_ms",
        "elapsed_ms",
        "resumed",
        "truncated",
    ] {
        assert!(summary.get(field).is_some(), "{field}");
    }
    assert!(output.stderr.is_empty(), "nothing on stderr in a pipe");
}

#[test]
fn an_output_that_cannot_be_written_is_1() {
    let server = Server::start();
    let run = run(&[&server.url("/"), "-o", "/no/such/folder/file"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.summary["outcome"], "output");
}

#[test]
fn the_embedded_api_is_drained_whole_with_an_account_of_what_went_wrong() {
    let run = run(&[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.summary["outcome"], "done");
    let mut lines = run.lines.clone();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), run.lines.len(), "an item came twice");
    assert!(lines.len() >= 50);
    assert_eq!(run.summary["items"], json!(lines.len()));
    for counter in ["retries", "refreshes", "violations", "resends"] {
        assert!(
            run.summary[counter].as_u64() > Some(0),
            "{counter}: {}",
            run.summary
        );
    }
    for told in ["503", "429", "401", "contract", "reset", "Drained"] {
        assert!(
            run.stderr.contains(told),
            "{told} is not told of: {}",
            run.stderr
        );
    }
}
