//! Whoever reads the output does not read: Ctrl-C, SIGTERM and the deadline are heard all the same, and
//! what counts as written is written.

mod reader;
mod signals;
mod time;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Server, respond};
use crate::support::{fetch, run};
use crate::{Folder, parameter};

/// An item of this many bytes.
fn item(id: u64, len: usize) -> String {
    let head = format!("{{\"id\":{id},\"pad\":\"");
    let pad = "x".repeat(len.saturating_sub(head.len() + 2));
    head + &pad + "\"}"
}

/// Ten linked pages of a hundred items of `len` bytes: more than any pipe holds.
fn long_list(len: usize) -> Server {
    Server::start(move |_, seen| {
        let from = parameter(seen, "from", 0);
        let to = from + 100;
        let items: Vec<String> = (from..to).map(|id| item(id, len)).collect();
        let link = format!("</list?from={to}>; rel=next");
        let more = [("link", link.as_str())];
        let more = if to < TOTAL { &more[..] } else { &[] };
        respond(200, more, format!("[{}]", items.join(",")))
    })
}

const TOTAL: u64 = 1000;

/// Waits until a drain of `server`, which had been asked so often `before` it, does not go on.
fn wait_until_stuck(server: &Server, before: usize) {
    let begin = Instant::now();
    let (mut sends, mut since) = (before, begin);
    while sends == before || since.elapsed() < Duration::from_millis(700) {
        assert!(begin.elapsed() < Duration::from_secs(60), "{sends} sends");
        std::thread::sleep(Duration::from_millis(20));
        let now = server.sends().len();
        if now != sends {
            (sends, since) = (now, Instant::now());
        }
    }
}

fn send(signal: &str, pid: u32) {
    let mut kill = Command::new("kill");
    let sent = kill.args([signal, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// How a drain ended that nobody read the lines of.
struct Ended {
    code: Option<i32>,
    summary: Value,
    /// The whole lines that are there to be read, and the start of one behind them.
    lines: Vec<String>,
    rest: String,
}

impl Ended {
    /// Of `child` within a time that is no waiting for a reader; `left` is what it has written.
    fn of(mut child: Child, summary: &str, mut left: impl Read) -> Self {
        let since = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if since.elapsed() > Duration::from_secs(8) {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("it waits for its reader");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut text = String::new();
        left.read_to_string(&mut text).unwrap();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let summary = std::fs::read_to_string(summary).expect("a summary");
        Self {
            code,
            summary: serde_json::from_str(&summary).unwrap(),
            lines: text[..whole].lines().map(str::to_owned).collect(),
            rest: text[whole..].to_owned(),
        }
    }
}

/// A drain of `server` that keeps a checkpoint and a summary.
struct Drain<'a> {
    server: &'a Server,
    folder: Folder,
    options: Vec<&'a str>,
}

impl<'a> Drain<'a> {
    fn new(name: &str, server: &'a Server, options: &[&'a str]) -> Self {
        Self {
            server,
            folder: Folder::new(name),
            options: options.to_vec(),
        }
    }

    fn command(&self) -> Command {
        let mut command = fetch();
        command
            .arg(self.server.url("/list"))
            .args(&self.options)
            .args(["--checkpoint", &self.folder.file("at")])
            .args(["--summary", &self.folder.file("summary")])
            .stderr(Stdio::null());
        command
    }

    /// Panics unless `ended` counts the lines that it wrote, and the rest comes when it is run again.
    #[track_caller]
    fn assert_goes_on(&self, ended: &Ended, expected: &[String]) {
        let written = ended.lines.len();
        assert!((1..expected.len()).contains(&written), "{written}");
        assert_eq!(ended.lines, expected[..written]);
        assert_eq!(ended.summary["items"], written);
        assert!(expected[written].starts_with(&ended.rest), "{}", ended.rest);
        let (url, at) = (self.server.url("/list"), self.folder.file("at"));
        let again = run(&[&[&*url], &*self.options, &["--checkpoint", &at]].concat());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert!(again.lines == expected[written..], "after {written}");
    }
}

const ITEMS: [&str; 4] = ["--next", "link", "--items", ""];

fn expected(len: usize) -> Vec<String> {
    (0..TOTAL).map(|id| item(id, len)).collect()
}
