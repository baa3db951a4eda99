//! `fetch` asked for a credential: registry challenges and Digest.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use outbound::auth::Challenge;
use sha2::{Digest, Sha256};

use crate::server::{Seen, Server, assert_drained, page, respond, token};
use crate::support::{SECRET, run};

/// A registry whose tokens are for one scope; `realm` is where it sends for them.
fn registry(realm: Option<&'static str>) -> Server {
    Server::start(move |before, request| {
        if request.is_fetch() {
            return token(before, 3600.0);
        }
        if request.authorization() == Some("Bearer t1") {
            return page(&request.path);
        }
        let host = request.headers["host"].to_str().unwrap();
        let own = format!("http://{host}/token");
        let realm = realm.unwrap_or(&own);
        let challenge =
            format!(r#"Bearer realm="{realm}",service="reg",scope="registry:catalog:*""#);
        respond(401, &[("www-authenticate", &challenge)], "{}")
    })
}

#[test]
fn a_registrys_challenge_is_answered_with_and_without_credentials() {
    for (options, basic, account) in [
        (&["--challenge"][..], None, ""),
        (
            &["--challenge", "--basic-env", "PAIR"],
            Some("Basic dXNlcjpjYW5hcnktN2YzYQ=="),
            "&account=user",
        ),
    ] {
        let server = registry(None);
        let url = server.url("/p1");
        let run = run(&[&[&*url, "--next", "link", "--items", ""], options].concat());
        assert_drained(&run);
        let fetches = server.fetches();
        assert_eq!(fetches[0].authorization(), basic);
        assert_eq!(
            fetches[0].path,
            format!("/token?service=reg&scope=registry%3Acatalog%3A%2A{account}")
        );
        // Each path of this registry is a place of its own: three challenges, one token.
        run.assert_counts([
            ("requests", 6),
            ("refreshes", 1),
            ("resends", 3),
            ("retries", 0),
        ]);
    }
}

#[test]
fn a_realm_elsewhere_is_not_asked_unless_it_is_allowed() {
    let elsewhere = Server::start(|before, _| token(before, 3600.0));
    let realm: &'static str = Box::leak(elsewhere.url("/token").into_boxed_str());
    let server = registry(Some(realm));
    let url = server.url("/p3");
    let run_with =
        |options: &[&str]| run(&[&[&*url, "--challenge", "--basic-env", "PAIR"], options].concat());
    let refused = run_with(&[]);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(
        refused.stderr.contains(&elsewhere.origin),
        "{}",
        refused.stderr
    );
    assert_eq!(elsewhere.fetches().len(), 0);
    let allowed = run_with(&["--allow-origin", &elsewhere.origin]);
    assert_eq!(allowed.code, Some(0), "{}", allowed.stderr);
    assert_eq!(elsewhere.fetches().len(), 1);
}

fn hashed(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether Digest credentials are right for `user:password`, each nonce good for two uses.
fn is_right(request: &Seen, password: &str) -> Result<(), bool> {
    let value = request.authorization().ok_or(false)?;
    let challenge = &Challenge::parse(value)[0];
    let field = |name| challenge.get(name).unwrap();
    let (nonce, count, cnonce) = (field("nonce"), field("nc"), field("cnonce"));
    let first = hashed(&format!("user:r:{password}"));
    let second = hashed(&format!("GET:{}", request.path));
    let expected = hashed(&format!("{first}:{nonce}:{count}:{cnonce}:auth:{second}"));
    match (field("response") == expected, count) {
        (true, "00000001" | "00000002") => Ok(()),
        (right, _) => Err(right),
    }
}

fn digest_server(password: &'static str) -> Server {
    Server::start(move |before, request| match is_right(request, password) {
        Ok(()) => page(request.path.split('?').next().unwrap()),
        Err(stale) => {
            let challenge = format!(
                r#"Digest realm="r", qop="auth", algorithm=SHA-256, nonce="n{}", stale={stale}"#,
                before.len()
            );
            respond(401, &[("www-authenticate", &challenge)], "{}")
        }
    })
}

#[test]
fn digest_answers_its_challenge_and_a_stale_nonce_and_signs_a_key_in_the_query_too() {
    let server = digest_server(SECRET);
    let url = server.url("/p1");
    let run = run(&[
        &url,
        "--digest-env",
        "PAIR",
        "--api-key-query",
        "key=ID",
        "--next",
        "link",
        "--items",
        "",
    ]);
    assert_drained(&run);
    // A challenge, two uses of its nonce, a third that is stale, and the page.
    run.assert_counts([
        ("requests", 5),
        ("resends", 2),
        ("refreshes", 0),
        ("retries", 0),
    ]);
    assert!(
        server
            .sends()
            .iter()
            .all(|seen| seen.path.ends_with("?key=the%20id%3A"))
    );
}

#[test]
fn a_wrong_digest_password_is_7() {
    let server = digest_server("another");
    let run = run(&[&server.url("/p3"), "--digest-env", "PAIR"]);
    assert_eq!(run.code, Some(7), "{}", run.stderr);
    assert_eq!(server.sends().len(), 2);
}
