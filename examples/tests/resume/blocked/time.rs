//! Whose time it is that a reader takes.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use axum::body::Body;
use futures_util::{StreamExt, stream};

use super::{Drain, Ended, ITEMS, expected, item, long_list};
use crate::server::{Server, respond};
use crate::support::fetch;

#[test]
fn the_deadline_of_the_whole_does_not_wait_for_a_reader() {
    let server = long_list(1000);
    let options = [&ITEMS[..], &["--deadline", "1.5"]].concat();
    let mut drain = Drain::new("late", &server, &options);
    let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
    let left = child.stdout.take().unwrap();
    let ended = Ended::of(child, &drain.folder.file("summary"), left);
    assert_eq!(ended.code, Some(5));
    assert_eq!(ended.summary["outcome"], "transport");
    drain.options.truncate(ITEMS.len());
    drain.assert_goes_on(&ended, &expected(1000));
}

#[test]
fn a_reader_that_takes_its_time_does_not_use_up_a_page_s() {
    // More than a pipe holds at once, and the rest once that is being read.
    let server = Server::start(|_, _| {
        let items = |from: u64, to| (from..to).map(|id| item(id, 1000)).collect::<Vec<_>>();
        let (first, rest) = (items(0, 1000).join(","), items(1000, 1100).join(","));
        let rest = async move {
            tokio::time::sleep(Duration::from_millis(4500)).await;
            Ok::<_, std::io::Error>(format!(",{rest}]"))
        };
        let body = stream::iter([Ok(format!("[{first}"))]).chain(stream::once(rest));
        respond(200, &[], Body::from_stream(body))
    });
    let mut child = fetch()
        .args([&*server.url("/"), "--items", "", "--page-deadline", "3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), &*told), (Some(0), ""));
    assert_eq!(text.lines().count(), 1100);
}
