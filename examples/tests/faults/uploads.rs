//! What becomes of bodies that are sent.

use test_support::{Act, FaultyServer};
use tokio::runtime::Runtime;

use crate::support::run;
use crate::{JSON, against};

#[test]
fn a_post_that_was_not_processed_is_sent_again_with_its_body() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(FaultyServer::start([
        vec![Act::respond(429, &[("retry-after", "0")], "")],
        vec![Act::ok(JSON)],
    ]));
    let run = run(&[&server.url("/"), "-d", r#"{"q":1}"#]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bodies: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect();
    assert_eq!(bodies, [r#"{"q":1}"#; 2]);
}

#[test]
fn an_upload_that_is_reset_is_sent_again_by_idempotent_methods_alone() {
    let body = "x".repeat(1 << 20);
    let file = std::env::temp_dir().join(format!("upload-{}", std::process::id()));
    std::fs::write(&file, &body).expect("a file");
    let data = format!("@{}", file.display());
    for (act, name) in [
        ((|| Act::reset().early()) as fn() -> Act, "within the body"),
        (Act::reset_before_request, "before the head was read"),
    ] {
        let script = || vec![vec![act()], vec![Act::ok(JSON)]];
        let (put, _) = against(script(), &["-X", "PUT", "-d", &data]);
        assert_eq!(put.code, Some(0), "{name}: {}", put.stderr);
        assert_eq!(put.summary["retries"], 1, "{name}");
        let (post, _) = against(script(), &["-d", &data]);
        assert_eq!(post.code, Some(5), "{name}: {}", post.stderr);
        assert_eq!(post.summary["retries"], 0, "{name}");
        let (post, _) = against(script(), &["-d", &data, "--idempotent"]);
        assert_eq!(post.code, Some(0), "{name}: {}", post.stderr);
    }
    std::fs::remove_file(&file).expect("the file");
}

#[test]
fn a_key_makes_every_page_of_a_post_repeatable_and_is_sent_with_the_first_alone() {
    let runtime = Runtime::new().expect("a runtime");
    let next = r#"</?page=2>; rel="next""#;
    let server = runtime.block_on(FaultyServer::start([
        vec![Act::ok(JSON).header("link", next)],
        vec![Act::close()],
        vec![Act::ok("[]")],
    ]));
    let options = [
        "-d",
        "{}",
        "-H",
        "Idempotency-Key: k",
        "--next",
        "link",
        "--items",
        "",
    ];
    let run = run(&[&[&*server.url("/")][..], &options].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let keys: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("idempotency-key").map(str::to_owned))
        .collect();
    assert_eq!(keys, [Some("k".to_owned()), None, None]);
}

#[test]
fn an_upload_that_is_answered_before_its_end_is_sent_again_whole() {
    let body = "x".repeat(1 << 20);
    let file = std::env::temp_dir().join(format!("early-{}", std::process::id()));
    std::fs::write(&file, &body).expect("a file");
    let data = format!("@{}", file.display());
    let runtime = Runtime::new().expect("a runtime");
    for options in [&["-X", "PUT"][..], &["--idempotent"]] {
        let early = Act::respond(503, &[], "busy").early().then_close();
        let script = [vec![early], vec![Act::ok(JSON)]];
        let server = runtime.block_on(FaultyServer::start(script));
        let run = run(&[&[&*server.url("/"), "-d", &data], options].concat());
        assert_eq!(run.code, Some(0), "{options:?}: {}", run.stderr);
        // The connection may be tried once more before it is seen that it is closed.
        let retries = run.summary["retries"].as_u64().expect("a number");
        assert!((1..=2).contains(&retries), "{retries}: {}", run.stderr);
        let last = server.requests().pop().expect("a request");
        assert!(last.body == body, "{}", last.body.len());
    }
    std::fs::remove_file(&file).expect("the file");
}
