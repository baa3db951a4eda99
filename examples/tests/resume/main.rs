//! `fetch` that goes on: checkpoints, kills at any moment, bodies that break off, pages ahead.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.
#![allow(clippy::disallowed_methods)] // These tests are no executor: they wait for a program.

#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

mod allowance;
#[cfg(unix)]
mod blocked;
mod checkpoint;
mod interrupted;
mod overlap;
mod pauses;
mod refused;
mod streamed;
mod told;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::stream;

use crate::server::{Seen, Server, respond};

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

/// Pages of `size` items up to `total`, which can be asked for by their links, by a token in a header,
/// by their last items, or by counting; each page takes its time, in pieces.
fn slow_list(total: u64, size: u64) -> Server {
    Server::start(move |_, seen| {
        let after = parameter(seen, "after", u64::MAX).wrapping_add(1);
        let from = parameter(seen, "from", after);
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
        response = response.header("x-total", total);
        if to < total {
            response = response.header("link", format!("</list?from={to}>; rel=next"));
            response = response.header("x-next", to);
        }
        response.body(Body::from_stream(body)).unwrap()
    })
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
