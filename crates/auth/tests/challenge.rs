//! Challenges as servers really write them, and as nobody should.

use http::HeaderMap;
use http::header::{PROXY_AUTHENTICATE, WWW_AUTHENTICATE};
use outbound_auth::Challenge;
use proptest::prelude::*;

/// Scheme, token, and parameters, for comparison.
fn read(line: &str) -> Vec<String> {
    Challenge::parse(line).iter().map(written).collect()
}

fn written(challenge: &Challenge) -> String {
    let mut text = challenge.scheme().to_owned();
    if let Some(token) = challenge.token68() {
        text = format!("{text} {token}");
    }
    for name in challenge.names() {
        let value = challenge.get(name).unwrap_or("?");
        text = format!("{text} [{name}={value}]");
    }
    text
}

#[test]
fn the_example_of_rfc_9110_is_two_challenges() {
    assert_eq!(
        read(r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#),
        [
            "Basic [realm=simple]",
            r#"Newauth [realm=apps] [type=1] [title=Login to "apps"]"#
        ]
    );
}

#[test]
fn challenges_are_told_apart_in_every_arrangement() {
    for (line, expected) in [
        ("Negotiate", &["Negotiate"][..]),
        ("Negotiate, NTLM", &["Negotiate", "NTLM"]),
        (
            "Negotiate YQ==, Basic realm=x",
            &["Negotiate YQ==", "Basic [realm=x]"],
        ),
        ("NTLM TlRMTVNTUAAC/+==", &["NTLM TlRMTVNTUAAC/+=="]),
        (
            ", ,\tBasic  realm = \"a\" ,, charset=\"UTF-8\",",
            &["Basic [realm=a] [charset=UTF-8]"],
        ),
        (
            "Basic, Bearer realm=\"a,b=c, Digest\"",
            &["Basic", "Bearer [realm=a,b=c, Digest]"],
        ),
        ("Basic ,realm=\"x\"", &["Basic [realm=x]"]),
        ("BASIC REALM=\"x\"", &["BASIC [realm=x]"]),
        ("Basic realm=\"\"", &["Basic [realm=]"]),
        // The first of a repeated name.
        ("Basic realm=\"a\", Realm=\"b\"", &["Basic [realm=a]"]),
    ] {
        assert_eq!(read(line), expected, "{line}");
    }
}

#[test]
fn what_servers_get_wrong_is_still_understood() {
    for (line, expected) in [
        // A URL without quotes.
        (
            "Bearer realm=https://a.test/t?x=1,service=s",
            &["Bearer [realm=https://a.test/t?x=1] [service=s]"][..],
        ),
        // No comma between parameters, or between challenges.
        (
            "Digest realm=\"r\" nonce=\"n\"",
            &["Digest [realm=r] [nonce=n]"],
        ),
        (
            "Basic realm=\"r\" Bearer scope=\"s\"",
            &["Basic [realm=r]", "Bearer [scope=s]"],
        ),
        (
            "Digest realm=\"r\", =x, ;, nonce=\"n\"",
            &["Digest [realm=r] [nonce=n]"],
        ),
    ] {
        assert_eq!(read(line), expected, "{line}");
    }
}

#[test]
fn junk_is_passed_over_and_the_rest_is_read() {
    for (line, expected) in [
        ("", &[][..]),
        (" ,, ", &[]),
        ("\"Basic realm=x\", Bearer scope=s", &["Bearer [scope=s]"]),
        ("realm=\"orphan\", Bearer scope=s", &["Bearer [scope=s]"]),
        ("Ba/sic realm=x, Bearer scope=s", &["Bearer [scope=s]"]),
        ("@@@, Basic realm=x", &["Basic [realm=x]"]),
        // A string without its end ends the line; what stood before it is whole.
        (
            "Basic realm=x, Bearer realm=\"https://a, Negotiate",
            &["Basic [realm=x]"],
        ),
        ("Basic realm=\"a\\", &[]),
        ("x \"", &["x"]),
    ] {
        assert_eq!(read(line), expected, "{line}");
    }
}

#[test]
fn all_lines_of_the_header_count_and_no_other_header() {
    let mut headers = HeaderMap::new();
    headers.append(WWW_AUTHENTICATE, "Negotiate".parse().unwrap());
    headers.append(WWW_AUTHENTICATE, "Basic realm=\"open".parse().unwrap());
    headers.append(WWW_AUTHENTICATE, "Bearer realm=\"x\"".parse().unwrap());
    headers.append(PROXY_AUTHENTICATE, "Basic realm=\"proxy\"".parse().unwrap());
    let read = |name| -> Vec<_> {
        let challenges = Challenge::from_headers(&headers, name);
        challenges.iter().map(written).collect()
    };
    assert_eq!(read(&WWW_AUTHENTICATE), ["Negotiate", "Bearer [realm=x]"]);
    assert_eq!(read(&PROXY_AUTHENTICATE), ["Basic [realm=proxy]"]);
}

#[test]
fn a_value_in_another_charset_is_bytes() {
    let read = Challenge::parse(b"Basic realm=\"caf\xe9\"");
    assert_eq!(read[0].get("realm"), None);
    assert_eq!(read[0].get_bytes("realm"), Some(&b"caf\xe9"[..]));
}

#[test]
fn a_hostile_header_is_read_within_its_limits() {
    let many = "Basic realm=x,".repeat(1000);
    assert_eq!(Challenge::parse(&many).len(), Challenge::MAX_CHALLENGES);
    let wide: String = (0..1000).map(|number| format!("p{number}=1,")).collect();
    let read = Challenge::parse(format!("X {wide}"));
    assert_eq!(read[0].names().count(), Challenge::MAX_PARAMETERS);
    let long = format!("Basic realm={}", "x".repeat(Challenge::MAX_LINE));
    assert!(Challenge::parse(&long).is_empty());
}

#[test]
fn debug_shows_names_and_no_values() {
    let read = Challenge::parse("Digest nonce=\"canary\", realm=\"canary\", Negotiate canary");
    let text = format!("{read:?}");
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("nonce"), "{text}");
}

fn scheme() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9._-]{0,8}"
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_exceed_its_limits(line: Vec<u8>) {
        let read = Challenge::parse(&line);
        prop_assert!(read.len() <= Challenge::MAX_CHALLENGES);
        for challenge in read {
            prop_assert!(!challenge.scheme().is_empty());
            prop_assert!(challenge.names().count() <= Challenge::MAX_PARAMETERS);
        }
    }

    #[test]
    fn no_arrangement_of_its_own_signs_makes_it_panic(line in "[aB=,\"\\\\ \t/;é]{0,40}") {
        let read = Challenge::parse(&line);
        prop_assert!(read.len() <= line.len());
    }

    #[test]
    fn what_is_written_by_the_grammar_is_read_as_it_was_meant(
        challenges in prop::collection::vec(
            (scheme(), prop::collection::btree_map("[a-z]{1,6}", "[ -~]{0,12}", 1..4)),
            1..5,
        )
    ) {
        let mut parts = Vec::new();
        let mut expected = Vec::new();
        for (scheme, parameters) in &challenges {
            let mut text = scheme.clone();
            let mut meant = scheme.clone();
            for (count, (name, value)) in parameters.iter().enumerate() {
                let separator = if count == 0 { " " } else { ", " };
                let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
                text += &format!("{separator}{name}=\"{quoted}\"");
                meant += &format!(" [{name}={value}]");
            }
            parts.push(text);
            expected.push(meant);
        }
        let line = parts.join(", ");
        prop_assert_eq!(read(&line), expected, "{}", line);
    }
}
