//! Each page has its own number of retries, though one URL is that of all.

use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use futures_util::{StreamExt, stream};

use crate::items;
use crate::server::{Seen, Server, respond};
use crate::support::{Run, run};

/// What becomes of a send.
#[derive(Clone, Copy)]
enum Fate {
    Whole,
    /// 503.
    Busy,
    /// Breaks off after an item, once others had time to be asked for.
    Broken,
}

use Fate::{Broken, Busy, Whole};

/// A list of `count` ranges of three items; `fate` of the how many-th send for which page, both from 0.
fn ranges(count: u64, fate: fn(u64, usize) -> Fate) -> Server {
    Server::start(move |before, seen| {
        let range = |seen: &Seen| seen.headers["range"].to_str().unwrap().to_owned();
        let asked = range(seen);
        let sent = before.iter().filter(|old| range(old) == asked).count();
        let first = asked.strip_prefix("items=").unwrap().split('-').next();
        let first: u64 = first.unwrap().parse().unwrap();
        let told = format!("items {first}-{}/{}", first + 2, count * 3);
        let text = items(first, first + 3);
        match fate(first / 3, sent) {
            Whole => respond(206, &[("content-range", &told)], text),
            Busy => respond(503, &[], ""),
            Broken => {
                let broken = async {
                    tokio::time::sleep(Duration::from_millis(400)).await;
                    Err(std::io::Error::other("broken"))
                };
                let body = stream::iter([Ok(text[..text.len() / 2].to_owned())]);
                Response::builder()
                    .status(206)
                    .header("content-range", told)
                    .body(Body::from_stream(body.chain(stream::once(broken))))
                    .unwrap()
            }
        }
    })
}

fn drained(server: &Server, concurrency: &str) -> Run {
    let options = ["--next", "range:items:3", "--items", "", "--retries", "1"];
    let options = [&options[..], &["--concurrency", concurrency]].concat();
    run(&[&[&*server.url("/list")], &*options].concat())
}

/// How often a page was sent for, counted from 0.
fn sends(server: &Server, page: u64) -> usize {
    let range = format!("items={}-{}", page * 3, page * 3 + 2);
    let mut seen = server.sends();
    seen.retain(|seen| seen.headers["range"] == range);
    seen.len()
}

#[test]
fn a_page_is_not_charged_for_the_retries_of_others() {
    // What was asked for beyond a page that broke off is asked for again.
    for (concurrency, requests) in [("1", 11), ("4", 14)] {
        let server = ranges(6, |page, sent| match (page, sent) {
            (1, 0) => Broken,
            (2.., 0) => Busy,
            _ => Whole,
        });
        let run = drained(&server, concurrency);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.lines.len(), 18);
        run.assert_counts([("requests", requests), ("retries", 5)]);
    }
}

#[test]
fn a_page_has_no_retries_of_others() {
    for concurrency in ["1", "4"] {
        let server = ranges(6, |page, sent| match (page, sent) {
            (1, 0) => Busy,
            (1, 1) => Broken,
            _ => Whole,
        });
        let run = drained(&server, concurrency);
        assert_eq!(run.code, Some(5), "{}", run.stderr);
        assert_eq!(run.summary["retries"], 1);
        assert_eq!(sends(&server, 1), 2);
    }
}

#[test]
fn what_a_page_was_sent_for_is_not_forgotten_however_many_there_are() {
    let server = ranges(1030, |page, sent| match (page, sent) {
        (1021, 0) => Busy,
        (1021, 1) => Broken,
        _ => Whole,
    });
    let run = drained(&server, "8");
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(sends(&server, 1021), 2);
}

#[test]
fn a_page_that_is_collected_has_them_once_too_if_it_is_no_json_text() {
    let fates = [200, 503, 503, 200];
    for (retries, code, sends) in [("2", 3, 3), ("3", 0, 4)] {
        let server = Server::start(move |before, _| match fates[before.len()] {
            200 if before.is_empty() => respond(200, &[], r#"[{"id":0},{"id"#),
            200 => respond(200, &[], items(0, 3)),
            status => respond(status, &[], ""),
        });
        let options = ["--items", "", "--require", "/x", "--contract", "report"];
        let options = [&options[..], &["--retries", retries]].concat();
        let run = run(&[&[&*server.url("/list")], &*options].concat());
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert_eq!(server.sends().len(), sends);
        assert_eq!(run.summary["retries"], sends - 1);
    }
}
