//! Pages that are asked for ahead.

use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use futures_util::stream;

use crate::server::Server;
use crate::support::run;
use crate::{items, lines, list, parameter};

/// Numbered pages that tell how many there are, each after 100 ms.
fn numbered(count: u64) -> Server {
    Server::start(move |_, seen| {
        let page = parameter(seen, "page", 1);
        let text = format!(
            r#"{{"items":{},"pages":{count}}}"#,
            items(page * 3 - 3, page * 3)
        );
        let body = stream::once(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok::<_, std::io::Error>(text)
        });
        Response::new(Body::from_stream(body))
    })
}

#[test]
fn pages_side_by_side_come_in_order_and_in_less_time() {
    let numbers = [
        "--next",
        "page:page",
        "--items",
        "/items",
        "--total-pages",
        "body:/pages",
    ];
    let mut elapsed = Vec::new();
    for concurrency in ["1", "8"] {
        let server = numbered(17);
        let url = server.url("/");
        let run = run(&[&[&*url, "--concurrency", concurrency][..], &numbers].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.lines.join("\n") + "\n", lines(0, 51));
        assert_eq!(run.summary["requests"], 17);
        elapsed.push(run.summary["elapsed_ms"].as_u64().unwrap());
    }
    assert!(elapsed[1] * 2 < elapsed[0], "{elapsed:?}");
}

#[test]
fn prefetched_pages_are_the_same_pages() {
    let server = list(20);
    let url = server.url("/list");
    for extra in [&[][..], &["--items", ""]] {
        let plain = run(&[&[&*url, "--next", "link"], extra].concat());
        for prefetch in ["1", "4"] {
            let options = ["--next", "link", "--prefetch", prefetch];
            let ahead = run(&[&[&*url], &options[..], extra].concat());
            assert_eq!(ahead.lines, plain.lines);
            assert_eq!(ahead.summary["requests"], plain.summary["requests"]);
            assert_eq!(ahead.summary["pages"], plain.summary["pages"]);
            assert_eq!(ahead.summary["items"], plain.summary["items"]);
        }
    }
}
