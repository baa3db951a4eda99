//! What the lines go to and nobody reads: a pipe, a socket, a terminal.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Drain, Ended, ITEMS, expected, long_list, send, wait_until_stuck};

#[test]
fn a_pipe_that_nobody_reads_keeps_no_signal_from_being_heard() {
    // Some lines in what a pipe takes whole or not at all, one, and less than one.
    for (signal, len) in [
        ("-INT", 200),
        ("-TERM", 1000),
        ("-INT", 3000),
        ("-INT", 30_000),
    ] {
        for ahead in ["0", "2"] {
            let server = long_list(len);
            let options = [&ITEMS[..], &["--prefetch", ahead]].concat();
            let drain = Drain::new(&format!("pipe-{len}-{ahead}"), &server, &options);
            let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
            let left = child.stdout.take().unwrap();
            wait_until_stuck(&server, 0);
            send(signal, child.id());
            let ended = Ended::of(child, &drain.folder.file("summary"), left);
            assert_eq!(ended.code, Some(130), "{signal} {len}");
            assert_eq!(ended.summary["outcome"], "interrupted");
            assert_eq!(ended.rest.is_empty(), len < 4096, "{len}");
            drain.assert_goes_on(&ended, &expected(len));
        }
    }
}

#[test]
fn whole_pages_that_nobody_reads_are_counted_and_gone_on_with_too() {
    let server = long_list(300);
    let drain = Drain::new("pages", &server, &["--next", "link"]);
    let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
    let left = child.stdout.take().unwrap();
    wait_until_stuck(&server, 0);
    send("-INT", child.id());
    let ended = Ended::of(child, &drain.folder.file("summary"), left);
    assert_eq!(ended.code, Some(130));
    let items = expected(300);
    let pages = items
        .chunks(100)
        .map(|page| format!("[{}]", page.join(",")));
    drain.assert_goes_on(&ended, &pages.collect::<Vec<_>>());
}

#[test]
fn a_socket_that_nobody_reads_is_like_a_pipe() {
    let server = long_list(1000);
    let drain = Drain::new("socket", &server, &ITEMS);
    let (left, theirs) = UnixStream::pair().unwrap();
    let mut command = drain.command();
    let child = command.stdout(OwnedFd::from(theirs)).spawn().unwrap();
    // Or its end would be open for ever.
    drop(command);
    wait_until_stuck(&server, 0);
    send("-INT", child.id());
    let ended = Ended::of(child, &drain.folder.file("summary"), left);
    assert_eq!(ended.code, Some(130));
    drain.assert_goes_on(&ended, &expected(1000));
}

/// Whether a process has ended, be it that nobody has asked for its outcome.
fn has_ended(pid: u32) -> bool {
    let mut ps = Command::new("ps");
    let told = ps.args(["-o", "stat=", "-p", &pid.to_string()]).output();
    let told = String::from_utf8(told.unwrap().stdout).unwrap();
    told.trim().is_empty() || told.starts_with('Z')
}

#[test]
fn a_terminal_that_nobody_looks_at_is_like_a_pipe() {
    let server = long_list(300);
    let drain = Drain::new("terminal", &server, &ITEMS);
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains("util-linux")) {
        println!("skipped: script is not util-linux's");
        return;
    }
    let pid = drain.folder.file("pid");
    let words = drain.command();
    let words = [words.get_program()].into_iter().chain(words.get_args());
    let words: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let command = format!("echo $$ > {pid}; exec {} 2>/dev/null", words.join(" "));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut left = child.stdout.take().unwrap();
    wait_until_stuck(&server, 0);
    let pid: u32 = drain.folder.read("pid").trim().parse().unwrap();
    send("-INT", pid);
    // The one that plays the terminal waits for its reader itself, so it does not wait for what it runs.
    let since = Instant::now();
    while !has_ended(pid) {
        assert!(since.elapsed() < Duration::from_secs(8), "it waits");
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut text = String::new();
    left.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let text = text.replace("\r\n", "\n");
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let ended = Ended {
        code: Some(130),
        summary: serde_json::from_str(&drain.folder.read("summary")).unwrap(),
        lines: text[..whole].lines().map(str::to_owned).collect(),
        rest: text[whole..].to_owned(),
    };
    drain.assert_goes_on(&ended, &expected(300));
}

#[test]
fn a_reader_that_ends_with_it_does_not_make_it_a_clean_end() {
    let server = long_list(1000);
    let drain = Drain::new("both", &server, &ITEMS);
    let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
    let left = child.stdout.take().unwrap();
    wait_until_stuck(&server, 0);
    send("-INT", child.id());
    drop(left);
    let ended = Ended::of(child, &drain.folder.file("summary"), std::io::empty());
    assert_eq!(ended.code, Some(130));
    assert!(drain.folder.0.join("at").exists());
}

/// As a terminal does it: Ctrl-C is for all of `fetch … | sleep 100`, and the reader goes first.
#[test]
fn ctrl_c_for_a_whole_pipeline_is_not_taken_for_a_reader_that_goes_away() {
    let server = long_list(1000);
    let drain = Drain::new("pipeline", &server, &ITEMS);
    let mut command = drain.command();
    let mut child = command
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = i32::try_from(child.id()).unwrap();
    let mut reader = Command::new("sleep")
        .arg("100")
        .stdin(child.stdout.take().unwrap())
        .process_group(group)
        .spawn()
        .unwrap();
    wait_until_stuck(&server, 0);
    let mut kill = Command::new("kill");
    let sent = kill.args(["-INT", "--", &format!("-{group}")]).status();
    assert!(sent.unwrap().success());
    reader.wait().unwrap();
    let ended = Ended::of(child, &drain.folder.file("summary"), std::io::empty());
    assert_eq!(ended.code, Some(130));
    assert_eq!(ended.summary["outcome"], "interrupted");
    assert!(drain.folder.0.join("at").exists());
}

#[test]
fn a_reader_that_goes_away_is_a_clean_end() {
    let server = long_list(1000);
    let drain = Drain::new("gone", &server, &ITEMS);
    let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
    wait_until_stuck(&server, 0);
    drop(child.stdout.take());
    let ended = Ended::of(child, &drain.folder.file("summary"), std::io::empty());
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.summary["outcome"], "limited");
}
