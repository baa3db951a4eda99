//! `fetch` that goes on: checkpoints, kills at any moment, bodies that break off, pages ahead.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(clippy::disallowed_methods)] // These tests are no executor: they wait for a program.

#[path = "support/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::server::{Seen, Server, respond};
use crate::support::{SECRET, fetch, run};

/// A folder of its own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fetch-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn parameter(seen: &Seen, name: &str, default: u64) -> u64 {
    let query = seen.path.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map_or(default, |value| value.parse().unwrap())
}

/// Items `from..to` of a list, each an object on a line.
fn items(from: u64, to: u64) -> String {
    let items: Vec<String> = (from..to).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    format!("[{}]", items.join(",\n"))
}

fn lines(from: u64, to: u64) -> String {
    (from..to).map(|id| format!("{{\"id\":{id}}}\n")).collect()
}

/// Linked pages of `size` items up to `total`; each page takes its time, in pieces.
fn slow_list(total: u64, size: u64) -> Server {
    Server::start(move |_, seen| {
        let from = parameter(seen, "from", 0);
        let to = (from + size).min(total);
        let text = items(from, to);
        let pieces: Vec<Bytes> = text
            .as_bytes()
            .chunks(64)
            .map(Bytes::copy_from_slice)
            .collect();
        let body = stream::unfold(pieces.into_iter(), |mut pieces| async move {
            let piece = pieces.next()?;
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, std::io::Error>(piece), pieces))
        });
        let mut response = Response::builder().header("content-type", "application/json");
        if to < total {
            response = response.header("link", format!("</list?from={to}>; rel=next"));
        }
        response.body(Body::from_stream(body)).unwrap()
    })
}

#[test]
fn killed_at_any_moment_and_resumed_the_file_holds_every_item_once() {
    const TOTAL: u64 = 3000;
    for (name, options) in [
        ("lazy", &["--items", "", "--next", "link"][..]),
        (
            "ahead",
            &["--items", "", "--next", "link", "--prefetch", "2"],
        ),
        ("pages", &["--next", "link"]),
    ] {
        let folder = Folder::new(&format!("kill-{name}"));
        let server = slow_list(TOTAL, 100);
        let url = server.url("/list");
        let (out, checkpoint) = (folder.file("out"), folder.file("checkpoint"));
        let files = ["-o", &out, "--checkpoint", &checkpoint];
        let mut kills = 0_u64;
        let mut went_on = 0;
        loop {
            let mut child = fetch()
                .arg(&url)
                .args(options)
                .args(files)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Each at another moment of its life.
            std::thread::sleep(Duration::from_millis(90 + (kills * 37) % 170));
            if let Some(status) = child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0), "{name}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            went_on += u64::from(folder.0.join("checkpoint").exists());
            assert!(kills < 400, "{name}: it makes no progress");
        }
        let expected = if options.contains(&"--items") {
            lines(0, TOTAL)
        } else {
            (0..TOTAL)
                .step_by(100)
                .map(|from| items(from, from + 100).replace('\n', "") + "\n")
                .collect()
        };
        assert!(
            folder.read("out") == expected,
            "{name}: after {kills} kills"
        );
        assert!(
            went_on >= 3,
            "{name}: {kills} kills, {went_on} with a checkpoint"
        );

        // A finished one is left as it is, and nothing is sent.
        let before = server.sends().len();
        let again = run(&[&[&*url][..], options, &files].concat());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert_eq!(again.summary["outcome"], "done");
        assert_eq!(again.summary["resumed"], true);
        assert_eq!(again.summary["requests"], 0);
        assert_eq!(server.sends().len(), before);
        assert!(folder.read("out") == expected);
    }
}

/// A page of six items that stops after the third where it is asked for the first time.
fn stuck() -> Server {
    Server::start(|before, _| {
        let text = items(0, 6);
        if !before.is_empty() {
            return respond(200, &[], text);
        }
        let three = text.split_inclusive('\n').take(3).collect::<String>();
        let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from(three))]);
        respond(200, &[], Body::from_stream(body.chain(stream::pending())))
    })
}

#[cfg(unix)]
#[test]
fn interrupted_within_a_page_it_writes_down_where_it_is() {
    let folder = Folder::new("interrupted");
    for ahead in ["0", "1"] {
        let server = stuck();
        let (url, checkpoint) = (server.url("/list"), folder.file(&format!("at-{ahead}")));
        let summary = folder.file("summary");
        let options = ["--items", "", "--prefetch", ahead, "--next", "link"];
        let files = ["--checkpoint", &checkpoint, "--summary", &summary];
        let mut child = fetch()
            .arg(&url)
            .args(options)
            .args(files)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut read = String::new();
        for _ in 0..3 {
            out.read_line(&mut read).unwrap();
        }
        let interrupt = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(interrupt.unwrap().success());
        out.read_to_string(&mut read).unwrap();
        assert_eq!(read, lines(0, 3));
        let ended = child.wait_with_output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{told}");
        assert_eq!(told, "fetch: interrupted\n");
        let summary: Value = serde_json::from_str(&folder.read("summary")).unwrap();
        assert_eq!(summary["outcome"], "interrupted");
        assert_eq!(summary["items"], 3);

        let again = run(&[&[&*url][..], &options, &["--checkpoint", &checkpoint]].concat());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert_eq!(again.lines.join("\n") + "\n", lines(3, 6));
    }
}

#[cfg(unix)]
#[test]
fn interrupted_before_the_first_answer_it_ends_at_once() {
    let folder = Folder::new("early");
    let server = Server::start(|_, _| {
        respond(
            200,
            &[],
            Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()),
        )
    });
    let checkpoint = folder.file("at");
    let mut child = fetch()
        .args([&*server.url("/list"), "--checkpoint", &checkpoint])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while server.sends().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!folder.0.join("at").exists());
}

#[test]
fn at_the_deadline_of_the_whole_it_writes_down_where_it_is() {
    let folder = Folder::new("deadline");
    let server = stuck();
    let (url, checkpoint) = (server.url("/list"), folder.file("at"));
    let base = [&*url, "--items", "", "--checkpoint", &checkpoint];
    let ended = run(&[&base[..], &["--deadline", "0.7"]].concat());
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_eq!(ended.lines.join("\n") + "\n", lines(0, 3));
    let again = run(&base);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.lines.join("\n") + "\n", lines(3, 6));
}

#[test]
fn a_list_that_ends_with_a_refusal_is_finished_page_by_page_too() {
    let folder = Folder::new("range");
    let server = Server::start(|_, seen| {
        match seen
            .headers
            .get("range")
            .map(|range| range.to_str().unwrap())
        {
            Some("items=0-2") => respond(206, &[("content-range", "items 0-2/*")], items(0, 3)),
            Some("items=3-5") => respond(416, &[], ""),
            other => panic!("{other:?}"),
        }
    });
    let (url, checkpoint) = (server.url("/list"), folder.file("at"));
    let base = [
        &*url,
        "--next",
        "range:items:3",
        "--checkpoint",
        &checkpoint,
    ];
    for requests in [2, 0] {
        let run = run(&base);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.summary["requests"], requests);
    }
}

/// Pages of three items, numbered and linked, at once.
fn list(total: u64) -> Server {
    Server::start(move |_, seen| {
        let from = parameter(seen, "from", 0);
        let to = (from + 3).min(total);
        let link = format!("</list?from={to}>; rel=next");
        let more = [("link", link.as_str())];
        respond(200, if to < total { &more } else { &[] }, items(from, to))
    })
}

#[test]
fn limits_are_reached_run_by_run_and_the_checkpoint_covers_exactly_what_was_written() {
    let folder = Folder::new("limits");
    let server = list(10);
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let base = [
        &*url,
        "--items",
        "",
        "--next",
        "link",
        "--checkpoint",
        &checkpoint,
    ];
    let mut got = Vec::new();
    for (outcome, resumed, requests) in [
        ("limited", false, 2),
        ("limited", true, 2),
        ("done", true, 2),
        ("done", true, 0),
    ] {
        let run = run(&[&base[..], &["--max-items", "4"]].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.summary["outcome"], outcome);
        assert_eq!(run.summary["resumed"], resumed);
        assert_eq!(run.summary["requests"], requests);
        got.extend(run.lines);
    }
    assert_eq!(got.join("\n") + "\n", lines(0, 10));

    fs::remove_file(folder.0.join("checkpoint")).unwrap();
    let mut got = Vec::new();
    for pages in [2, 2, 0] {
        let run = run(&[&base[..], &["--max-pages", "2"]].concat());
        assert_eq!(run.summary["pages"], pages);
        got.extend(run.lines);
    }
    assert_eq!(got.join("\n") + "\n", lines(0, 10));
}

#[test]
fn a_file_that_the_checkpoint_was_not_written_for_stays_as_it_is() {
    let folder = Folder::new("other-file");
    let server = list(12);
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let base = ["--items", "", "--next", "link", "--checkpoint", &checkpoint];
    let base = [&[&*url][..], &base].concat();
    let drain = |out: &str, more: &[&str]| run(&[&base[..], &["-o", out], more].concat());
    let first = drain(&folder.file("out"), &["--max-items", "4"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);

    let longer = lines(100, 120);
    fs::write(folder.0.join("other"), &longer).unwrap();
    fs::write(folder.0.join("short"), lines(0, 2)).unwrap();
    for (name, text) in [("other", longer), ("short", lines(0, 2))] {
        let refused = drain(&folder.file(name), &[]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("not the file"),
            "{}",
            refused.stderr
        );
        assert_eq!(refused.summary["requests"], 0);
        assert_eq!(folder.read(name), text);
    }

    // What a kill has left behind the checkpoint goes.
    fs::rename(folder.0.join("out"), folder.0.join("moved")).unwrap();
    fs::write(folder.0.join("moved"), lines(0, 4) + "{\"id\":4").unwrap();
    let rest = drain(&folder.file("moved"), &[]);
    assert_eq!(rest.code, Some(0), "{}", rest.stderr);
    assert_eq!(folder.read("moved"), lines(0, 12));
}

#[test]
fn after_a_failure_it_goes_on_before_what_failed() {
    let folder = Folder::new("failure");
    // The third page is refused until it has been asked for twice.
    let server = Server::start(|before, seen| {
        let from = parameter(seen, "from", 0);
        let asked = before.iter().filter(|old| old.path == seen.path).count();
        if from == 6 && asked < 2 {
            return respond(500, &[], "");
        }
        let link = format!("</list?from={}>; rel=next", from + 3);
        let more = [("link", link.as_str())];
        respond(
            200,
            if from < 6 { &more } else { &[] },
            items(from, from + 3),
        )
    });
    let (url, out) = (server.url("/list"), folder.file("out"));
    let checkpoint = folder.file("checkpoint");
    let arguments = [
        &*url,
        "--items",
        "",
        "--next",
        "link",
        "--retries",
        "0",
        "-o",
        &out,
        "--checkpoint",
        &checkpoint,
    ];
    for _ in 0..2 {
        let failed = run(&arguments);
        assert_eq!(
            (failed.code, failed.summary["outcome"].as_str()),
            (Some(3), Some("status"))
        );
        assert_eq!(folder.read("out"), lines(0, 6));
    }
    let done = run(&arguments);
    assert_eq!(
        (done.code, done.summary["requests"].as_u64()),
        (Some(0), Some(1))
    );
    assert_eq!(folder.read("out"), lines(0, 9));
}

#[test]
fn an_item_that_breaks_its_contract_is_not_skipped_by_going_on() {
    let folder = Folder::new("contract");
    let server = Server::start(|_, _| respond(200, &[], r#"[{"id":1},{"id":"x"},{"id":3}]"#));
    let schema = folder.file("schema");
    fs::write(&schema, r#"{"properties":{"id":{"type":"integer"}}}"#).unwrap();
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let arguments = [&*url, "--items", "", "--checkpoint", &checkpoint];
    let held = [&arguments[..], &["--item-schema", &schema]].concat();
    let first = run(&held);
    assert_eq!(
        (first.code, first.lines.len()),
        (Some(4), 1),
        "{}",
        first.stderr
    );
    let second = run(&held);
    assert_eq!(
        (second.code, second.lines.len()),
        (Some(4), 0),
        "{}",
        second.stderr
    );
    let without = run(&arguments);
    assert_eq!(without.code, Some(0));
    assert_eq!(without.lines, [r#"{"id":"x"}"#, r#"{"id":3}"#]);
}

#[test]
fn a_checkpoint_of_another_drain_or_a_damaged_one_is_2_and_stays_as_it_is() {
    let folder = Folder::new("foreign");
    let server = list(10);
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let with = |url: &str, options: &[&str]| {
        let out = folder.file("out");
        run(&[&[url, "--checkpoint", &checkpoint, "-o", &out], options].concat())
    };
    let mine = ["--items", "", "--next", "link", "--max-items", "4"];
    assert_eq!(with(&url, &mine).code, Some(0));
    let (text, out) = (folder.read("checkpoint"), folder.read("out"));
    let sends = server.sends().len();
    let other = list(10);
    for (url, options) in [
        (format!("{url}?q=1"), &mine[..]),
        (server.url("/other"), &mine[..]),
        (other.url("/list"), &mine[..]),
        (
            url.clone(),
            &["--items", "", "--next", "link", "-X", "POST"],
        ),
        (url.clone(), &["--items", "", "--next", "link", "-d", "{}"]),
        (url.clone(), &["--items", "/a", "--next", "link"]),
        (url.clone(), &["--next", "link"]),
        (url.clone(), &["--items", "", "--next", "link:last"]),
    ] {
        let refused = with(&url, options);
        assert_eq!(refused.code, Some(2), "{options:?}");
        assert!(
            refused.stderr.contains("another request"),
            "{}",
            refused.stderr
        );
    }
    for damaged in [
        "",
        "{}",
        "[]",
        &text[..text.len() / 2],
        &text.replace("\"v\":1", "\"v\":9"),
    ] {
        fs::write(&checkpoint, damaged).unwrap();
        assert_eq!(with(&url, &mine).code, Some(2));
        assert_eq!(folder.read("checkpoint"), damaged);
    }
    assert_eq!((server.sends().len(), other.sends().len()), (sends, 0));
    assert_eq!(folder.read("out"), out);

    // The other options may change.
    fs::write(&checkpoint, &text).unwrap();
    let rest = with(
        &url,
        &[
            "--items",
            "",
            "--next",
            "link",
            "--retries",
            "1",
            "-H",
            "A: b",
        ],
    );
    assert_eq!(rest.code, Some(0));
    assert_eq!(folder.read("out"), lines(0, 10));
    // So may the place that it writes to, but not be shorter than what was written.
    fs::write(&checkpoint, &text).unwrap();
    fs::write(folder.file("out"), "").unwrap();
    assert_eq!(with(&url, &mine).code, Some(1));
}

#[test]
fn a_checkpoint_holds_no_secret() {
    let folder = Folder::new("secret");
    // It repeats the key in its next URL, as some APIs do.
    let server = Server::start(|_, seen| {
        let from = parameter(seen, "from", 0);
        let key = seen.path.split_once("key=").unwrap().1;
        let key = key.split('&').next().unwrap();
        let link = format!("</list?key={key}&from={}>; rel=next", from + 3);
        respond(200, &[("link", &link)], items(from, from + 3))
    });
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let arguments = [
        &*url,
        "--items",
        "",
        "--next",
        "link",
        "--max-pages",
        "2",
        "--api-key-query",
        "key=SECRET",
        "--bearer-env",
        "SECRET",
        "--checkpoint",
        &checkpoint,
    ];
    let mut got = Vec::new();
    for _ in 0..2 {
        let run = run(&arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        got.extend(run.lines);
        let text = folder.read("checkpoint");
        assert!(!text.contains(SECRET) && text.contains("from="), "{text}");
    }
    assert_eq!(got.join("\n") + "\n", lines(0, 12));
    // Each page was asked for with the key, once.
    for seen in server.sends() {
        assert_eq!(seen.path.matches("key=").count(), 1, "{}", seen.path);
    }
}

#[test]
fn items_are_written_while_their_page_is_still_on_its_way() {
    let folder = Folder::new("early");
    let server = Server::start(|_, _| {
        let body = stream::unfold(0, |n| async move {
            match n {
                0 => Some((Ok::<_, std::io::Error>("[1,2,"), 1)),
                _ => {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                    None
                }
            }
        });
        Response::new(Body::from_stream(body))
    });
    let out = folder.file("out");
    let mut child = fetch()
        .args([&*server.url("/"), "--items", "", "-o", &out])
        .spawn()
        .unwrap();
    let written = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        fs::read_to_string(&out).is_ok_and(|text| text == "1\n2\n")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(written);
}

#[test]
fn a_page_that_drips_beyond_its_deadline_is_5_though_its_items_come() {
    let server = Server::start(|_, _| {
        let body = stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let text = if n == 0 {
                "[1".to_owned()
            } else {
                format!(",{n}")
            };
            Some((Ok::<_, std::io::Error>(text), n + 1))
        });
        Response::new(Body::from_stream(body))
    });
    let run = run(&[&server.url("/"), "--items", "", "--page-deadline", "0.5"]);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(
        run.stderr.contains("page 1") && run.stderr.contains("deadline"),
        "{}",
        run.stderr
    );
    assert!(run.lines.len() > 2);
}

#[test]
fn an_item_larger_than_allowed_is_6_and_a_page_of_small_ones_is_not() {
    let server = Server::start(|_, seen| {
        let large = "x".repeat(usize::try_from(parameter(seen, "n", 0)).unwrap());
        respond(
            200,
            &[],
            format!("{},{large:?}]", items(0, 100).trim_end_matches(']')),
        )
    });
    let arguments = ["--items", "", "--max-body", "200"];
    let fits = run(&[&[&*server.url("/?n=10")][..], &arguments].concat());
    assert_eq!(
        (fits.code, fits.lines.len()),
        (Some(0), 101),
        "{}",
        fits.stderr
    );
    let refused = run(&[&[&*server.url("/?n=300")][..], &arguments].concat());
    assert_eq!(
        (refused.code, refused.lines.len()),
        (Some(6), 100),
        "{}",
        refused.stderr
    );
    // Without --items it is the page that is bounded.
    let page = run(&[&server.url("/?n=10"), "--max-body", "200"]);
    assert_eq!(page.code, Some(6), "{}", page.stderr);
}

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

#[test]
fn a_body_that_breaks_midway_is_asked_for_again_and_no_item_is_written_twice() {
    let server = Server::start(|before, _| {
        if before.len() < 2 {
            let body = stream::iter([
                Ok(r#"[{"id":0},{"id":1},{"#),
                Err(std::io::Error::other("broken")),
            ]);
            return Response::new(Body::from_stream(body));
        }
        respond(200, &[], items(0, 3))
    });
    let run = run(&[&server.url("/"), "--items", ""]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.lines.join("\n") + "\n", lines(0, 3));
    assert_eq!(run.summary["retries"], 2);
    assert_eq!(run.summary["requests"], 3);
    let parsed: Vec<Value> = run
        .lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(parsed.len(), 3);
}
