//! Progress, where stderr is a terminal, and where the items are on it too.

use std::process::Command;

use crate::args::Progress::{Always, Auto, Never};
use crate::ids;
use crate::server::Server;
use crate::shown::Shown::{self, Bar, Lines, Nothing};
use crate::support::fetch;

#[test]
fn a_bar_is_drawn_on_a_terminal_that_no_items_are_on() {
    for (progress, stderr, items, shown) in [
        (Auto, true, false, Bar),
        (Auto, true, true, Nothing),
        (Auto, false, false, Nothing),
        (Auto, false, true, Nothing),
        (Always, true, false, Bar),
        (Always, true, true, Lines),
        (Always, false, false, Lines),
        (Always, false, true, Lines),
        (Never, true, false, Nothing),
        (Never, true, true, Nothing),
        (Never, false, false, Nothing),
        (Never, false, true, Nothing),
    ] {
        assert_eq!(
            Shown::of(progress, stderr, items),
            shown,
            "{progress:?}, stderr {stderr}, items {items}"
        );
    }
}

/// What a terminal is sent by `fetch`, with `options` as a shell reads them; `None`, with a line
/// that says why, where there is no `script` of util-linux to play one.
fn on_a_terminal(url: &str, options: &str) -> Option<String> {
    let version = Command::new("script").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        println!("skipped: script is not util-linux's");
        return None;
    }
    let program = fetch().get_program().to_str().unwrap().to_owned();
    let command = format!("{program} {url} --next link --items '' {options}");
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{seen}");
    Some(seen.replace("\r\n", "\n"))
}

const ESCAPE: char = '\u{1b}';

#[test]
fn items_on_the_terminal_are_lines_of_their_own_whatever_is_shown() {
    let server = Server::start();
    let items = ids(0..6).join("\n") + "\n";
    let url = server.url("/link");
    // The terminal is sent the items and nothing else.
    let Some(seen) = on_a_terminal(&url, "") else {
        return;
    };
    assert_eq!(seen, items);
    let always = on_a_terminal(&url, "--progress always").unwrap();
    assert!(!always.contains(ESCAPE), "{always:?}");
    let (told, rest): (Vec<_>, Vec<_>) =
        always.lines().partition(|line| line.starts_with("pages "));
    assert!(!told.is_empty(), "{always:?}");
    assert_eq!(rest.join("\n") + "\n", items, "{always:?}");
}

#[test]
fn with_the_items_elsewhere_there_is_a_bar_and_it_leaves_nothing_behind() {
    let server = Server::start();
    let url = server.url("/link?slow=300");
    for elsewhere in [
        "> /dev/null",
        "-o /dev/null",
        "--progress always -o /dev/null",
    ] {
        let Some(seen) = on_a_terminal(&url, elsewhere) else {
            return;
        };
        assert!(seen.contains("pages ") && seen.contains(ESCAPE), "{seen:?}");
        assert!(!seen.contains('\n'), "{elsewhere}: {seen:?}");
        let never = on_a_terminal(
            &url,
            &format!(
                "--progress never {}",
                elsewhere.replace("--progress always", "")
            ),
        )
        .unwrap();
        assert_eq!(never, "", "{elsewhere}");
    }
}

#[test]
fn a_long_pause_is_counted_down_on_the_bar_s_line_and_a_short_one_is_not_told_of() {
    let server = Server::start();
    let Some(seen) = on_a_terminal(&server.url("/busy/3"), "-o /dev/null") else {
        return;
    };
    let mut rest = &*seen;
    for left in [3, 2, 1] {
        let told = format!("pages 0  waiting {left} s, asked by the server (503), attempt 2 of 4");
        let at = rest.find(&told);
        rest = &rest[at.unwrap_or_else(|| panic!("{left}: {seen:?}"))..];
    }
    assert!(!seen.contains("waiting 0 s"), "{seen:?}");
    assert!(!seen.contains('\n'), "{seen:?}");

    let server = Server::start();
    let seen = on_a_terminal(&server.url("/busy/0"), "-o /dev/null").unwrap();
    assert!(!seen.contains("waiting"), "{seen:?}");
    // A page at least is drawn beside, with its bytes.
    let seen = on_a_terminal(&server.url("/link?slow=300"), "-o /dev/null").unwrap();
    assert!(
        seen.contains("items 2  requests 2  retries 0  19 B"),
        "{seen:?}"
    );
}

#[test]
fn a_long_pause_is_told_of_in_lines_and_not_in_a_pipe_unless_it_is_asked_for() {
    for (progress, is_told) in [("always", true), ("auto", false), ("never", false)] {
        let server = Server::start();
        let output = fetch()
            .args([&*server.url("/busy/2"), "--progress", progress])
            .args(["--retries", "1"])
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let pause = "0 B  waiting 2 s, asked by the server (503), attempt 2 of 2\n";
        assert_eq!(told.contains(pause), is_told, "{progress}: {told}");
        assert_eq!(told.is_empty(), !is_told, "{progress}: {told}");
    }
}
