//! How long is waited, and for what.

use std::time::Duration;

use test_support::Act;

use crate::{JSON, against, twice};

#[test]
fn a_stall_is_given_up_for_another_attempt_and_the_last_ends_at_the_deadline() {
    for (name, stall) in [
        ("before the head", Act::stall as fn() -> Act),
        ("in the head", Act::stall_in_head),
        ("in the body", || Act::stall_in_body(JSON, 5)),
    ] {
        let options = [
            "--attempt-timeout",
            "0.2",
            "--retries",
            "1",
            "--page-deadline",
            "1",
        ];
        let (recovered, sends) = against(vec![vec![stall()], vec![Act::ok(JSON)]], &options);
        assert_eq!(
            (recovered.code, sends),
            (Some(0), 2),
            "{name}: {}",
            recovered.stderr
        );

        let (run, sends) = against(twice(stall), &options);
        assert_eq!((run.code, sends), (Some(5), 2), "{name}: {}", run.stderr);
        assert!(run.stderr.contains("deadline"), "{name}: {}", run.stderr);
        let elapsed = run.summary["elapsed_ms"].as_u64().expect("a number");
        assert!((1000..10_000).contains(&elapsed), "{name}: {elapsed}");
    }
}

#[test]
fn a_pause_that_the_server_asks_for_is_made_and_counted() {
    let busy = || Act::respond(503, &[("retry-after", "1")], "");
    let (run, sends) = against(vec![vec![busy()], vec![Act::ok(JSON)]], &[]);
    assert_eq!((run.code, sends), (Some(0), 2), "{}", run.stderr);
    let waited = run.summary["waited_ms"].as_u64().expect("a number");
    assert!((1000..=1100).contains(&waited), "{waited}");
}

#[test]
fn a_longer_pause_than_allowed_is_not_made_and_the_status_is_3() {
    let busy = || Act::respond(503, &[("retry-after", "7200")], "");
    let (run, sends) = against(twice(busy), &[]);
    assert_eq!((run.code, sends), (Some(3), 1), "{}", run.stderr);
    let (run, sends) = against(
        twice(|| Act::respond(503, &[("retry-after", "2")], "")),
        &["--retry-after-max", "1"],
    );
    assert_eq!((run.code, sends), (Some(3), 1), "{}", run.stderr);
    assert_eq!(run.summary["waited_ms"], 0);
}

#[test]
fn a_slow_body_is_no_fault() {
    let (run, sends) = against(vec![vec![Act::drip(JSON, Duration::from_millis(10))]], &[]);
    assert_eq!((run.code, sends), (Some(0), 1), "{}", run.stderr);
    assert_eq!(run.lines, [JSON]);
}

/// Each pause is drawn from nothing up to its bound: ten of up to 300 ms come to 300 or less once in
/// 10! times.
#[test]
fn pauses_are_as_long_as_their_cap_allows_and_no_longer() {
    for (base, cap, short) in [
        ("300", "30", true),
        ("300", "300", false),
        ("30", "300", false),
    ] {
        let busy = || vec![Act::respond(503, &[], "")];
        let script = (0..10).map(|_| busy()).chain([vec![Act::ok(JSON)]]);
        let options = ["--retry-base", base, "--retry-cap", cap, "--retries", "10"];
        let (run, sends) = against(script.collect(), &options);
        assert_eq!((run.code, sends), (Some(0), 11), "{}", run.stderr);
        let waited = run.summary["waited_ms"].as_u64().expect("a number");
        assert_eq!(waited <= 300, short, "{base} {cap}: {waited}");
        assert!(
            waited <= 10 * cap.parse::<u64>().expect("a number"),
            "{waited}"
        );
    }
}
