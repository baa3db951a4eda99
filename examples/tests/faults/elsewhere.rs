//! A next page on another origin, which was allowed: it is retried like those at home.

use test_support::{Act, FaultyServer};
use tokio::runtime::Runtime;

use crate::JSON;
use crate::support::{Run, run};

/// Drains a list whose second page is elsewhere: the run, and how often it was asked for there.
fn against(elsewhere: Vec<Vec<Act>>, options: &[&str]) -> (Run, usize) {
    let runtime = Runtime::new().expect("a runtime");
    let there = runtime.block_on(FaultyServer::start(elsewhere));
    let url = there.url("/b");
    let link = format!("<{url}>; rel=next");
    let home = vec![vec![Act::ok("[0]").header("link", &link)]];
    let home = runtime.block_on(FaultyServer::start(home));
    let origin = url.trim_end_matches("/b");
    let always = ["--next", "link", "--items", "", "--allow-origin", origin];
    let run = run(&[&[&*home.url("/a")][..], &always, options].concat());
    (run, there.requests().len())
}

#[test]
fn it_has_its_retries_once_whether_its_head_fails_or_its_body() {
    let busy = || vec![Act::respond(503, &[], "")];
    let broken = || vec![Act::truncate(JSON, 5)];
    let whole = || vec![Act::ok(JSON)];
    for (script, retries, code, sends) in [
        (vec![busy(), broken(), whole()], "2", 0, 3),
        (vec![busy(), broken(), whole()], "1", 5, 2),
        (vec![broken(), busy(), whole()], "1", 3, 2),
        (vec![busy(), broken(), busy(), whole()], "2", 3, 3),
        (vec![busy(), broken(), busy(), broken(), whole()], "3", 5, 4),
    ] {
        let (run, sent) = against(script, &["--retries", retries]);
        assert_eq!((run.code, sent), (Some(code), sends), "{}", run.stderr);
        let requests = sends as u64 + 1;
        run.assert_counts([("retries", sends as u64 - 1), ("requests", requests)]);
    }
}

#[test]
fn what_may_be_repeated_at_home_may_be_there_and_nothing_else() {
    for (options, code, sends) in [
        (&["-X", "POST", "--idempotent"][..], 0, 2),
        (&["-X", "POST", "-H", "Idempotency-Key: k"], 0, 2),
        (&["-X", "POST"], 3, 1),
        (&[], 0, 2),
    ] {
        let script = vec![vec![Act::respond(503, &[], "")], vec![Act::ok(JSON)]];
        let (run, sent) = against(script, options);
        assert_eq!(
            (run.code, sent),
            (Some(code), sends),
            "{options:?}: {}",
            run.stderr
        );
    }
}
