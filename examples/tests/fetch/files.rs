//! A file that two options name.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::server::Server;
use crate::support::fetch;

/// A folder with a file of each kind, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fetch-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("sub")).unwrap();
        fs::write(path.join("old"), OLD).unwrap();
        fs::hard_link(path.join("old"), path.join("hard")).unwrap();
        #[cfg(unix)]
        for (link, target) in [
            ("soft", "old"),
            ("to-soft", "soft"),
            ("dangling", "new"),
            ("round", "round"),
            ("sub/up", "../old"),
        ] {
            std::os::unix::fs::symlink(target, path.join(link)).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A schema and a body as well as anything else.
const OLD: &str = "true";

#[cfg(unix)]
#[test]
fn a_file_that_is_written_and_named_twice_is_2_and_stays_as_it_is() {
    let server = Server::start();
    let folder = Folder::new("shared");
    let absolute = folder.0.join("new").to_str().unwrap().to_owned();
    for (first, second) in [
        (["-o", "new"], ["--checkpoint", "new"]),
        (["-o", "new"], ["--summary", "new"]),
        (["--checkpoint", "new"], ["--summary", "new"]),
        (["-o", "./new"], ["--checkpoint", "new"]),
        (["-o", "sub/../new"], ["--summary", "./new"]),
        (["-o", &absolute], ["--checkpoint", "new"]),
        (["-o", "dangling"], ["--checkpoint", "new"]),
        (["-o", "round"], ["--checkpoint", "./round"]),
        (["-o", "old"], ["--checkpoint", "old"]),
        (["-o", "old"], ["--checkpoint", "./old"]),
        (["-o", "soft"], ["--checkpoint", "old"]),
        (["-o", "to-soft"], ["--summary", "sub/up"]),
        (["--checkpoint", "hard"], ["--summary", "old"]),
        // What is read would be gone.
        (["-o", "old"], ["-d", "@old"]),
        (["-o", "old"], ["--schema", "soft"]),
        (["--summary", "hard"], ["--bearer-file", "old"]),
    ] {
        let output = fetch()
            .current_dir(&folder.0)
            .arg(server.url("/"))
            .args(first)
            .args(second)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{first:?} {second:?}: {told}"
        );
        let named = |[option, path]: [&str; 2]| format!("{option} {path}");
        let line = format!(
            "fetch: {} and {} are the same file; ",
            named(first),
            named(second)
        );
        assert!(told.starts_with(&line), "{told}");
        assert_eq!(fs::read_to_string(folder.0.join("old")).unwrap(), OLD);
        assert!(!folder.0.join("new").exists(), "{first:?} {second:?}");
    }
    assert_eq!(server.sends(), 0);
}

#[test]
fn where_a_checkpoint_is_written_first_nothing_else_is() {
    let folder = Folder::new("beside");
    let server = Server::start();
    let output = fetch()
        .current_dir(&folder.0)
        .args([&*server.url("/"), "-o", "at.new", "--checkpoint", "at"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    let line =
        "fetch: -o at.new and at.new, where --checkpoint is written first, are the same file";
    assert!(told.starts_with(line), "{told}");
}

#[cfg(unix)]
#[test]
fn stdout_that_is_a_file_is_one_too() {
    let folder = Folder::new("stdout");
    let server = Server::start();
    for (options, code) in [
        (&["--checkpoint", "old"][..], 2),
        (&["--summary", "hard"], 2),
        (&["-o", "old", "--summary", "-"], 2),
        (&["--summary", "new"], 0),
        (&["-o", "new", "--summary", "-"], 0),
    ] {
        let old = fs::File::options().append(true).open(folder.0.join("old"));
        let output = fetch()
            .current_dir(&folder.0)
            .arg(server.url("/"))
            .args(options)
            .stdout(old.unwrap())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{options:?}: {told}");
        assert_eq!(
            told.contains("stdout are the same file"),
            code == 2,
            "{told}"
        );
    }
}

#[cfg(unix)]
#[test]
fn files_of_their_own_and_what_can_be_shared_are_not_refused() {
    let folder = Folder::new("apart");
    let server = Server::start();
    for options in [
        &["-o", "a", "--checkpoint", "b", "--summary", "c"][..],
        &["-o", "new", "--summary", "sub/new"],
        &["-o", "/dev/null", "--summary", "/dev/null"],
        &["-o", "a", "--summary", "-"],
        &["-o", "/dev/stdout", "--summary", "-"],
        &["--schema", "old", "--items", "", "--item-schema", "soft"],
    ] {
        let output = fetch()
            .current_dir(&folder.0)
            .arg(server.url("/"))
            .args(options)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{options:?}: {told}");
        let _ = fs::remove_file(folder.0.join("b"));
    }
}
