//! Items that are written while their page arrives.

use std::fs;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use futures_util::stream;
use serde_json::Value;

use crate::server::{Server, respond};
use crate::support::{fetch, run};
use crate::{Folder, items, lines, parameter};

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
