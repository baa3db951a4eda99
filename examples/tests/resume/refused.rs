//! Files that do not belong together.

use std::fs;

use crate::support::{Run, run};
use crate::{Folder, lines, list};

#[test]
fn a_file_that_the_checkpoint_was_not_written_for_stays_as_it_is() {
    let folder = Folder::new("other-file");
    let server = list(12);
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let base = ["--items", "", "--next", "link", "--checkpoint", &checkpoint];
    let base = [&[&*url][..], &base].concat();
    let drain = |out: &str, more: &[&str]| run(&[&base[..], &["-o", out], more].concat());
    let first = drain(&folder.file("out"), &["--max-items", "4"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);

    let longer = lines(100, 120);
    fs::write(folder.0.join("other"), &longer).unwrap();
    fs::write(folder.0.join("short"), lines(0, 2)).unwrap();
    for (name, text) in [("other", longer), ("short", lines(0, 2))] {
        let refused = drain(&folder.file(name), &[]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("not the file"),
            "{}",
            refused.stderr
        );
        assert_eq!(refused.summary["requests"], 0);
        assert_eq!(folder.read(name), text);
    }

    // Nor is one made that is not there.
    let missing = folder.file("missing");
    let refused = drain(&missing, &[]);
    let line = format!(
        "fetch: -o {missing}: it is not there, and the checkpoint goes on behind what it held; \
         bring it back, or remove the checkpoint to begin anew\n"
    );
    assert_eq!((refused.code, refused.stderr), (Some(1), line));
    assert_eq!(refused.summary["requests"], 0);
    assert!(!folder.0.join("missing").exists());

    // What a kill has left behind the checkpoint goes.
    fs::rename(folder.0.join("out"), folder.0.join("moved")).unwrap();
    fs::write(folder.0.join("moved"), lines(0, 4) + "{\"id\":4").unwrap();
    let rest = drain(&folder.file("moved"), &[]);
    assert_eq!(rest.code, Some(0), "{}", rest.stderr);
    assert_eq!(folder.read("moved"), lines(0, 12));
}

#[test]
fn a_checkpoint_of_another_drain_or_a_damaged_one_is_2_and_stays_as_it_is() {
    let folder = Folder::new("foreign");
    let server = list(10);
    let (url, checkpoint) = (server.url("/list"), folder.file("checkpoint"));
    let with = |url: &str, options: &[&str]| {
        let out = folder.file("out");
        run(&[&[url, "--checkpoint", &checkpoint, "-o", &out], options].concat())
    };
    let mine = ["--items", "", "--next", "link", "--max-items", "4"];
    assert_eq!(with(&url, &mine).code, Some(0));
    let (text, out) = (folder.read("checkpoint"), folder.read("out"));
    let sends = server.sends().len();
    let other = list(10);
    for (url, options) in [
        (format!("{url}?q=1"), &mine[..]),
        (server.url("/other"), &mine[..]),
        (other.url("/list"), &mine[..]),
        (
            url.clone(),
            &["--items", "", "--next", "link", "-X", "POST"],
        ),
        (url.clone(), &["--items", "", "--next", "link", "-d", "{}"]),
        (url.clone(), &["--items", "/a", "--next", "link"]),
        (url.clone(), &["--next", "link"]),
        (url.clone(), &["--items", "", "--next", "link:last"]),
    ] {
        let refused = with(&url, options);
        assert_eq!(refused.code, Some(2), "{options:?}");
        assert!(
            refused.stderr.contains("another request"),
            "{}",
            refused.stderr
        );
    }
    for damaged in [
        &b""[..],
        b"{}",
        b"[]",
        b"\xff\xfe",
        &text.as_bytes()[..text.len() / 2],
        text.replace("\"v\":1", "\"v\":9").as_bytes(),
    ] {
        fs::write(&checkpoint, damaged).unwrap();
        let refused = with(&url, &mine);
        assert_eq!(refused.code, Some(2));
        let told = "not a checkpoint of fetch; remove it to begin anew";
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
        assert_eq!(fs::read(&checkpoint).unwrap(), damaged);
    }
    assert_eq!((server.sends().len(), other.sends().len()), (sends, 0));
    assert_eq!(folder.read("out"), out);

    // The other options may change.
    fs::write(&checkpoint, &text).unwrap();
    let rest = with(
        &url,
        &[
            "--items",
            "",
            "--next",
            "link",
            "--retries",
            "1",
            "-H",
            "A: b",
        ],
    );
    assert_eq!(rest.code, Some(0));
    assert_eq!(folder.read("out"), lines(0, 10));
    // So may the place that it writes to, but not be shorter than what was written.
    fs::write(&checkpoint, &text).unwrap();
    fs::write(folder.file("out"), "").unwrap();
    assert_eq!(with(&url, &mine).code, Some(1));
}

/// Drains the next four items.
fn four(url: &str, checkpoint: &str, more: &[&str]) -> Run {
    let base = ["--items", "", "--next", "link", "--checkpoint", checkpoint];
    run(&[&[url], &base[..], &["--max-items", "4"], more].concat())
}

/// Panics unless `refused` ended before it did anything, and names what it is about.
#[track_caller]
fn assert_refused(refused: &Run, out: &str, checkpoint: &str) {
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let line = refused.stderr.lines().next().unwrap();
    for part in [
        &format!("-o {out}"),
        &format!("--checkpoint {checkpoint}"),
        "stdout",
        "append with >>",
        "name a new file",
        "remove the checkpoint",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(refused.lines.is_empty());
}

#[test]
fn what_stdout_was_redirected_to_is_not_erased_by_going_on_there() {
    let folder = Folder::new("redirected");
    let server = list(10);
    let (url, checkpoint) = (server.url("/list"), folder.file("at"));
    let (out, rest) = (folder.file("out"), folder.file("rest"));
    let first = four(&url, &checkpoint, &[]);
    fs::write(&out, first.lines.join("\n") + "\n").unwrap();
    let (sends, at) = (server.sends().len(), folder.read("at"));

    assert_refused(&four(&url, &checkpoint, &["-o", &out]), &out, &checkpoint);
    assert_eq!(server.sends().len(), sends, "nothing is sent");
    assert_eq!(folder.read("out"), lines(0, 4));
    assert_eq!(folder.read("at"), at);

    // A new file takes the rest, and is known from then on; so is an empty one.
    fs::write(&rest, "").unwrap();
    for written in [8, 10] {
        let on = four(&url, &checkpoint, &["-o", &rest]);
        assert_eq!(on.code, Some(0), "{}", on.stderr);
        assert_eq!(folder.read("rest"), lines(4, written));
    }
}

#[test]
fn a_file_that_lacks_what_went_to_stdout_is_not_erased_by_going_on_there() {
    let folder = Folder::new("in-between");
    let server = list(10);
    let (url, checkpoint) = (server.url("/list"), folder.file("at"));
    let out = folder.file("out");
    let first = four(&url, &checkpoint, &["-o", &out]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let second = four(&url, &checkpoint, &[]);
    assert_eq!(second.lines.join("\n") + "\n", lines(4, 8));
    let sends = server.sends().len();

    assert_refused(&four(&url, &checkpoint, &["-o", &out]), &out, &checkpoint);
    assert_eq!(server.sends().len(), sends, "nothing is sent");
    assert_eq!(folder.read("out"), lines(0, 4));

    // What it says to do works.
    let third = four(&url, &checkpoint, &[]);
    assert_eq!(third.lines.join("\n") + "\n", lines(8, 10));
}
