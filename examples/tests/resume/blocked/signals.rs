//! What else may be waited for in vain, and a second signal.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Drain, Ended, ITEMS, expected, long_list, send, wait_until_stuck};
use crate::support::run;

#[test]
fn a_stderr_that_nobody_reads_keeps_nothing_from_ending() {
    let server = long_list(1000);
    let options = [&ITEMS[..], &["--progress", "always"]].concat();
    let drain = Drain::new("errors", &server, &options);
    // Both are one pipe, which is full.
    let (left, theirs) = UnixStream::pair().unwrap();
    let mut command = drain.command();
    command
        .stdout(OwnedFd::from(theirs.try_clone().unwrap()))
        .stderr(OwnedFd::from(theirs));
    let child = command.spawn().unwrap();
    drop(command);
    wait_until_stuck(&server, 0);
    std::thread::sleep(Duration::from_secs(1));
    send("-INT", child.id());
    let mut ended = Ended::of(child, &drain.folder.file("summary"), left);
    assert_eq!(ended.code, Some(130));
    ended.lines.retain(|line| line.starts_with('{'));
    drain.assert_goes_on(&ended, &expected(1000));
}

#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let server = long_list(1000);
    let drain = Drain::new("twice", &server, &ITEMS);
    let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
    let left = child.stdout.take().unwrap();
    wait_until_stuck(&server, 0);
    // As `timeout` does it.
    send("-TERM", child.id());
    send("-TERM", child.id());
    let ended = Ended::of(child, &drain.folder.file("summary"), left);
    assert_eq!(ended.code, Some(130));
    drain.assert_goes_on(&ended, &expected(1000));
}

/// A named pipe.
fn named_pipe(path: &str) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_second_signal_ends_it_where_it_is_and_the_checkpoint_is_whole() {
    let server = long_list(1000);
    let drain = Drain::new("second", &server, &ITEMS);
    // It winds down until somebody reads the summary.
    named_pipe(&drain.folder.file("summary"));
    for second in ["-INT", "-TERM"] {
        let before = server.sends().len();
        let mut child = drain.command().stdout(Stdio::piped()).spawn().unwrap();
        let mut left = child.stdout.take().unwrap();
        wait_until_stuck(&server, before);
        send("-INT", child.id());
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(child.try_wait().unwrap(), None);
        send(second, child.id());
        let since = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(since.elapsed() < Duration::from_secs(1), "{second}");

        let mut text = String::new();
        left.read_to_string(&mut text).unwrap();
        let written = text.lines().count();
        let (url, at) = (server.url("/list"), drain.folder.file("at"));
        let again = run(&[&[&*url], &ITEMS[..], &["--checkpoint", &at]].concat());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert!(again.lines == expected(1000)[written..], "after {written}");
        std::fs::remove_file(&at).unwrap();
    }
}

#[test]
fn an_output_that_nobody_opens_for_reading_is_waited_for_and_can_be_given_up() {
    let server = long_list(200);
    let drain = Drain::new("unread", &server, &ITEMS);
    let out = drain.folder.file("out");
    named_pipe(&out);
    let child = drain.command().args(["-o", &out]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    send("-INT", child.id());
    let ended = Ended::of(child, &drain.folder.file("summary"), std::io::empty());
    assert_eq!(ended.code, Some(130));
    assert_eq!(server.sends().len(), 0);

    // With a reader it is an output like others.
    let mut child = drain.command().args(["-o", &out]).spawn().unwrap();
    let read = std::fs::read_to_string(&out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(read == expected(200).join("\n") + "\n");
}
