//! Kills, Ctrl-C and the deadline of the whole, at any moment.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::server::{Server, respond};
use crate::support::{fetch, run};
use crate::{Folder, items, lines, slow_list};

const TOTAL: u64 = 3000;

/// Drains a list of [`TOTAL`] items with a program that is killed again and again.
fn drained_through_kills(name: &str, options: &[&str]) {
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

#[test]
fn killed_at_any_moment_and_resumed_the_file_holds_every_item_once() {
    drained_through_kills("link", &["--items", "", "--next", "link"]);
    drained_through_kills(
        "link-ahead",
        &["--items", "", "--next", "link", "--prefetch", "2"],
    );
    drained_through_kills("link-pages", &["--next", "link"]);
}

#[test]
fn it_does_so_by_tokens() {
    let (header, last) = (
        "token:header:x-next=query:from",
        "token:last:/id=query:after",
    );
    drained_through_kills("token", &["--items", "", "--next", last]);
    drained_through_kills(
        "token-ahead",
        &["--items", "", "--next", header, "--prefetch", "2"],
    );
    drained_through_kills("token-pages", &["--next", header, "--prefetch", "1"]);
}

#[test]
fn it_does_so_where_items_are_counted() {
    let options = ["--items", "", "--next", "offset:from,size:100"];
    let with = |more: &[&'static str]| [&options[..], more].concat();
    drained_through_kills("offset", &options);
    drained_through_kills("offset-ahead", &with(&["--prefetch", "2"]));
    drained_through_kills(
        "offset-side-by-side",
        &with(&["--total", "header:x-total", "--concurrency", "3"]),
    );
}

#[test]
fn a_page_that_is_over_is_written_down_while_the_next_is_waited_for() {
    let folder = Folder::new("between");
    for (name, options) in [("items", &["--items", ""][..]), ("pages", &[])] {
        let server = Server::start(|before, seen| match &*seen.path {
            "/list" => respond(200, &[("link", "</2>; rel=next")], items(0, 3)),
            _ if before.len() < 2 => {
                let never = stream::pending::<Result<Bytes, std::io::Error>>();
                respond(200, &[], Body::from_stream(never))
            }
            _ => respond(200, &[], items(3, 6)),
        });
        let (out, checkpoint) = (folder.file(&format!("{name}.out")), folder.file(name));
        let url = server.url("/list");
        let files = ["-o", &out, "--checkpoint", &checkpoint];
        let arguments = [&[&*url, "--next", "link"], options, &files].concat();
        let mut child = fetch().args(&arguments).spawn().unwrap();
        let written = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            folder.0.join(name).exists()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(written, "{name}: page 1 is over");

        let again = run(&arguments);
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        again.assert_counts([("pages", 1), ("requests", 1)]);
        let paths: Vec<_> = server.sends().into_iter().map(|seen| seen.path).collect();
        assert_eq!(paths, ["/list", "/2", "/2"], "{name}");
    }
    assert_eq!(folder.read("items.out"), lines(0, 6));
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

/// Presses Ctrl-C.
#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
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
        interrupt(&child);
        out.read_to_string(&mut read).unwrap();
        assert_eq!(read, lines(0, 3));
        let ended = child.wait_with_output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{told}");
        let line = format!(
            "fetch: page 1: interrupted ({url}); \
             run again to go on from the checkpoint {checkpoint}\n"
        );
        assert_eq!(told, line);
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
    interrupt(&child);
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

/// Panics unless `summary` has one send and no retry, and no more waiting than there was time.
#[track_caller]
fn assert_waited_in_vain(summary: &Value, at_least: u64) {
    for (counter, value) in [("requests", 1), ("retries", 0)] {
        assert_eq!(summary[counter], value, "{summary}");
    }
    let of = |counter: &str| summary[counter].as_u64().unwrap();
    let (waited, elapsed) = (of("waited_ms"), of("elapsed_ms"));
    assert!((at_least..=elapsed).contains(&waited), "{summary}");
}

#[test]
fn a_retry_that_was_waited_for_and_not_sent_is_none_and_its_pause_is_as_long_as_it_was() {
    let folder = Folder::new("pause");
    for extra in [&[][..], &["--items", ""]] {
        let server = Server::start(|_, _| respond(503, &[("retry-after", "30")], ""));
        let url = server.url("/list");
        // The pause would be too long for the page, and is not begun.
        let skipped = run(&[&[&*url, "--page-deadline", "1"], extra].concat());
        assert_eq!(skipped.code, Some(3), "{}", skipped.stderr);
        assert_eq!(skipped.summary["waited_ms"], 0);
        let ended = run(&[&[&*url, "--deadline", "1"], extra].concat());
        assert_eq!(ended.code, Some(5), "{}", ended.stderr);
        assert_waited_in_vain(&ended.summary, 300);

        #[cfg(unix)]
        {
            let (sends, summary) = (server.sends().len(), folder.file("summary"));
            let mut child = fetch()
                .args([&*url, "--summary", &summary])
                .args(extra)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while server.sends().len() == sends {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(300));
            interrupt(&child);
            assert_eq!(child.wait().unwrap().code(), Some(130));
            let summary = serde_json::from_str(&folder.read("summary")).unwrap();
            assert_waited_in_vain(&summary, 100);
        }
    }
}
