//! What a checkpoint covers, and what it holds.

use std::fs;

use crate::server::{Server, respond};
use crate::support::{SECRET, run};
use crate::{Folder, items, lines, list, parameter};

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
