//! Options, output and the list of its own.

use serde_json::{Value, json};

use crate::ids;
use crate::server::Server;
use crate::support::{fetch, run};

#[test]
fn what_cannot_be_meant_is_2_and_sends_nothing() {
    let server = Server::start();
    let url = server.url("/");
    for arguments in [
        &["--next", "link"][..],
        &[&url, "--next", "nonsense"],
        &[&url, "--next", "page:page"],
        &[&url, "--next", "offset:offset,limit:5"],
        &[&url, "--next", "range:items:0"],
        &[&url, "--next", "token:last:/id=query:after"],
        &[&url, "--next", "link", "--total-pages", "body:/pages"],
        &[&url, "--next", "range:items:5", "--total", "body:/total"],
        &[&url, "--next", "link", "--empty-token-is-valid"],
        &[&url, "--more", "/more"],
        &[&url, "--bearer-env", "A", "--basic-env", "B"],
        &[&url, "--retries", "-1"],
        &[&url, "--retry-base", "nan"],
        &[&url, "--deadline", "1e9"],
        &[&url, "-H", "no colon"],
        &[&url, "--require", "no-slash"],
        &[&url, "--oauth2-token-url", "http://h/"],
        &["not a url"],
        &["/relative"],
        &["ftp://h/"],
        &["http://user:pw@h/"],
        // Not served by this version.
        &[&url, "--checkpoint", "."],
        &[&url, "--prefetch", "-1"],
        &[&url, "--concurrency", "2"],
        &[&url, "--concurrency", "0"],
        &[&url, "--concurrency", "2", "--next", "link"],
        &[&url, "--openapi", "f"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.summary, Value::Null, "{arguments:?}");
    }
    assert_eq!(
        fetch()
            .args([&*url, "--summary", "-"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    assert_eq!(server.sends(), 0);
}

#[test]
fn the_output_file_holds_the_lines_and_stdout_the_summary() {
    let server = Server::start();
    let path = std::env::temp_dir().join(format!("fetch-out-{}.ndjson", std::process::id()));
    let output = fetch()
        .args([
            &*server.url("/link"),
            "--next",
            "link",
            "--items",
            "",
            "--summary",
            "-",
            "-o",
        ])
        .arg(&path)
        .output()
        .unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        written.lines().map(str::to_owned).collect::<Vec<_>>(),
        ids(0..6)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in [
        "outcome",
        "pages",
        "items",
        "requests",
        "retries",
        "resends",
        "refreshes",
        "violations",
        "bytes",
        "waited_ms",
        "elapsed_ms",
        "resumed",
        "truncated",
    ] {
        assert!(summary.get(field).is_some(), "{field}");
    }
    assert!(output.stderr.is_empty(), "nothing on stderr in a pipe");
}

#[test]
fn a_dash_is_stdout_for_the_lines_too() {
    let server = Server::start();
    let folder = std::env::temp_dir().join(format!("fetch-dash-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let fetch = |arguments: &[&str]| {
        let mut command = fetch();
        command.current_dir(&folder).arg(server.url("/"));
        let output = command.args(arguments).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_eq!(fetch(&["-o", "-"]), (Some(0), "[1]\n".to_owned()));
    assert_eq!(fetch(&["-o", "-", "--summary", "-"]).0, Some(2));
    assert!(!folder.join("-").exists());
    assert_eq!(fetch(&["-o", "./-"]), (Some(0), String::new()));
    let written = std::fs::read_to_string(folder.join("-")).unwrap();
    assert_eq!(written, "[1]\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_output_that_cannot_be_written_is_1() {
    let server = Server::start();
    let run = run(&[&server.url("/"), "-o", "/no/such/folder/file"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.summary["outcome"], "output");
    let line = "fetch: -o /no/such/folder/file: No such file or directory (os error 2); \
                name a file that can be written\n";
    assert_eq!(run.stderr, line);
    assert_eq!(server.sends(), 0);
}

#[cfg(unix)]
#[test]
fn a_reader_of_the_summary_that_goes_away_changes_no_outcome() {
    let server = Server::start();
    for (path, code) in [("/", 0), ("/status/404", 3)] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = fetch()
            .args([&*server.url(path), "-o", "/dev/null", "--summary", "-"])
            .stdout(writer)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(!told.contains("summary"), "{told}");
    }
}

#[test]
fn a_summary_that_cannot_be_written_is_1() {
    let server = Server::start();
    let mut command = fetch();
    command.args([&*server.url("/"), "--summary", "/no/such/folder/file"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"[1]\n");
    let told = String::from_utf8(output.stderr).unwrap();
    let line = "fetch: the summary cannot be written to /no/such/folder/file: \
                No such file or directory (os error 2); name a file that can be written\n";
    assert_eq!(told, line);
}

#[test]
fn the_embedded_api_is_drained_whole_with_an_account_of_what_went_wrong() {
    let run = run(&[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.summary["outcome"], "done");
    let mut lines = run.lines.clone();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), run.lines.len(), "an item came twice");
    assert!(lines.len() >= 50);
    assert_eq!(run.summary["items"], json!(lines.len()));
    for counter in ["retries", "refreshes", "violations", "resends"] {
        assert!(
            run.summary[counter].as_u64() > Some(0),
            "{counter}: {}",
            run.summary
        );
    }
    for told in ["503", "429", "401", "contract", "reset", "Drained"] {
        assert!(
            run.stderr.contains(told),
            "{told} is not told of: {}",
            run.stderr
        );
    }
}

#[test]
fn an_option_that_needs_a_url_is_named_as_it_was_typed() {
    for (typed, arguments) in [
        ("-H", ["-H", "a: b"]),
        ("-X", ["-X", "PUT"]),
        ("-d", ["-d", "{}"]),
        ("--max-pages", ["--max-pages", "1"]),
    ] {
        let run = run(&arguments);
        assert_eq!(run.code, Some(2));
        let line = format!("{typed} needs a URL");
        assert!(run.stderr.contains(&line), "{}", run.stderr);
    }
}

#[test]
fn a_reader_of_stderr_that_goes_away_changes_no_outcome() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = fetch();
    command.args([
        "http://127.0.0.1:1/",
        "--retries",
        "0",
        "--progress",
        "always",
    ]);
    let status = command.stderr(writer).status().expect("it runs");
    assert_eq!(status.code(), Some(5));
}
