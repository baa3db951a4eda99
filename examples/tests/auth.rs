//! `fetch`'s credentials that have to be obtained: what is asked for, how often, and what the
//! program says when there is none.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use std::path::PathBuf;

use serde_json::json;

use crate::server::{Server, assert_drained, page, respond, token};
use crate::support::{Run, SECRET, run};

/// The options for client credentials, with the variables of id and secret.
const fn client<'a>(token_url: &'a str, id: &'a str, secret: &'a str) -> [&'a str; 6] {
    [
        "--oauth2-token-url",
        token_url,
        "--oauth2-client-id-env",
        id,
        "--oauth2-client-secret-env",
        secret,
    ]
}

/// Runs `fetch` with client credentials.
fn oauth2(server: &Server, path: &str, options: &[&str]) -> Run {
    let (url, token_url) = (server.url(path), server.url("/token"));
    let fixed = client(&token_url, "ID", "SECRET");
    run(&[&[&*url], &fixed[..], options].concat())
}

#[test]
fn client_credentials_are_asked_for_once_and_not_counted_as_requests() {
    let server = Server::start(|before, request| match request.authorization() {
        _ if request.is_fetch() => token(before, 3600.0),
        Some("Bearer t1") => page(&request.path),
        _ => respond(401, &[], "{}"),
    });
    let run = oauth2(
        &server,
        "/p1",
        &["--next", "link", "--items", "", "--oauth2-scope", "read it"],
    );
    assert_drained(&run);
    run.assert_counts([
        ("requests", 3),
        ("refreshes", 1),
        ("resends", 0),
        ("retries", 0),
    ]);
    let fetches = server.fetches();
    assert_eq!(fetches.len(), 1);
    assert_eq!(
        fetches[0].body,
        "grant_type=client_credentials&scope=read+it"
    );
    // "the+id%3A:canary-7f3a"
    assert_eq!(
        fetches[0].authorization(),
        Some("Basic dGhlK2lkJTNBOmNhbmFyeS03ZjNh")
    );
}

#[test]
fn the_client_may_authenticate_in_the_form() {
    let server = Server::start(|before, request| {
        if request.is_fetch() {
            token(before, 3600.0)
        } else {
            page("/p3")
        }
    });
    let run = oauth2(&server, "/", &["--oauth2-auth", "post"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let fetches = server.fetches();
    assert_eq!(fetches[0].authorization(), None);
    assert_eq!(
        fetches[0].body,
        format!("grant_type=client_credentials&client_id=the+id%3A&client_secret={SECRET}")
    );
}

#[test]
fn a_token_that_is_revoked_midway_is_replaced_and_nothing_is_lost() {
    let server = Server::start(|before, request| match request.authorization() {
        _ if request.is_fetch() => token(before, 3600.0),
        Some("Bearer t1") if request.path == "/p1" => page("/p1"),
        Some("Bearer t2") => page(&request.path),
        _ => respond(401, &[], "{}"),
    });
    let run = oauth2(&server, "/p1", &["--next", "link", "--items", ""]);
    assert_drained(&run);
    run.assert_counts([
        ("requests", 4),
        ("refreshes", 2),
        ("resends", 1),
        ("retries", 0),
    ]);
}

#[test]
fn an_authorization_server_that_gives_no_token_is_7_and_the_api_is_not_asked() {
    for (status, body, fetches, told) in [
        (401, r#"{"error":"invalid_client"}"#, 1, "invalid_client"),
        (
            200,
            r#"{"error":"bad_verification_code"}"#,
            1,
            "bad_verification_code",
        ),
        (200, "<html>", 1, "no JSON object"),
        (307, "", 1, "redirect"),
        (503, "", 3, "status 503"),
    ] {
        let server =
            Server::start(move |_, _| respond(status, &[("location", "/elsewhere")], body));
        let run = oauth2(&server, "/", &["--retries", "2"]);
        assert_eq!(run.code, Some(7), "{status}: {}", run.stderr);
        assert_eq!(run.summary["outcome"], "credential");
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(
            (server.fetches().len(), server.sends().len()),
            (fetches, 0),
            "{status}"
        );
        assert_eq!(
            (&run.summary["refreshes"], &run.summary["requests"]),
            (&json!(0), &json!(0))
        );
    }
}

#[test]
fn an_authorization_server_that_is_busy_for_a_moment_is_asked_again() {
    let server = Server::start(|before, request| match before.len() {
        0 => respond(503, &[], ""),
        _ if request.is_fetch() => token(before, 3600.0),
        _ => page("/p3"),
    });
    let run = oauth2(&server, "/", &[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        (&run.summary["refreshes"], &run.summary["retries"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn an_authorization_server_that_cannot_be_reached_is_7() {
    let server = Server::start(|_, _| page("/p3"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let token_url = format!("http://{}/token", free.local_addr().unwrap());
    drop(free);
    let fixed = client(&token_url, "ID", "SECRET");
    let run = run(&[&[&*server.url("/"), "--retries", "1"], &fixed[..]].concat());
    assert_eq!(run.code, Some(7), "{}", run.stderr);
    assert!(run.stderr.contains("cannot be reached"), "{}", run.stderr);
    assert_eq!(server.sends().len(), 0);
}

/// A token file that goes with the test.
struct TokenFile(PathBuf);

impl TokenFile {
    fn new(name: &str, token: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fetch-{name}-{}", std::process::id()));
        std::fs::write(&path, token).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_token_that_cannot_be_sent_is_no_refresh() {
    let path = std::env::temp_dir().join(format!("fetch-token-broken-{}", std::process::id()));
    std::fs::write(&path, "a\r\nb").unwrap();
    let server = Server::start(|_, seen| match seen.is_fetch() {
        true => respond(
            200,
            &[],
            r#"{"access_token":"a\r\nb","token_type":"bearer"}"#,
        ),
        false => respond(200, &[], "[1]"),
    });
    let (url, tokens) = (server.url("/"), server.url("/token"));
    let file = ["--bearer-file", path.to_str().unwrap()];
    let granted = client(&tokens, "ID", "SECRET");
    for credential in [&file[..], &granted] {
        let run = run(&[&[&*url][..], credential].concat());
        assert_eq!(run.code, Some(7), "{}", run.stderr);
        run.assert_counts([("refreshes", 0), ("requests", 0)]);
    }
    assert!(server.sends().is_empty());
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_token_file_is_trimmed_and_read_again_when_it_was_refused() {
    let file = TokenFile::new("swap", "\u{feff}old\r\n");
    let path = file.0.clone();
    let server = Server::start(move |_, request| match request.authorization() {
        Some("Bearer old") if request.path == "/p1" => page("/p1"),
        Some("Bearer old") => {
            std::fs::write(&path, "new\n").unwrap();
            respond(401, &[], "{}")
        }
        Some("Bearer new") => page(&request.path),
        other => panic!("{other:?}"),
    });
    let url = server.url("/p1");
    let run = run(&[
        &url,
        "--bearer-file",
        file.path(),
        "--next",
        "link",
        "--items",
        "",
    ]);
    assert_drained(&run);
    run.assert_counts([("requests", 4), ("refreshes", 2), ("resends", 1)]);
}

#[test]
fn a_token_file_that_is_missing_empty_or_split_is_7_and_nothing_is_sent() {
    let server = Server::start(|_, _| page("/p3"));
    let (empty, split) = (
        TokenFile::new("empty", "\n"),
        TokenFile::new("split", "a\r\nb"),
    );
    for (path, told) in [
        ("/nowhere/token", "cannot be read"),
        (empty.path(), "is empty"),
        (split.path(), "control character"),
    ] {
        let run = run(&[&server.url("/"), "--bearer-file", path, "--retries", "0"]);
        assert_eq!(run.code, Some(7), "{path}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    assert_eq!(server.sends().len(), 0);
}

#[test]
fn a_secret_that_is_missing_or_malformed_is_7_before_anything_is_sent() {
    let server = Server::start(|_, _| page("/p3"));
    let (url, token_url) = (server.url("/"), server.url("/token"));
    for variable in ["NOT_SET", "EMPTY", "SPLIT"] {
        for options in [
            &client(&token_url, variable, "SECRET")[..],
            &client(&token_url, "ID", variable),
            &["--digest-env", variable],
            &["--challenge", "--basic-env", variable],
        ] {
            let run = run(&[&[&*url][..], options].concat());
            assert_eq!(run.code, Some(7), "{options:?}: {}", run.stderr);
            assert!(run.stderr.contains(variable), "{}", run.stderr);
        }
    }
    // Not `user:password`.
    for options in [
        &["--digest-env", "SECRET"][..],
        &["--challenge", "--basic-env", "SECRET"],
    ] {
        assert_eq!(
            run(&[&[&*url][..], options].concat()).code,
            Some(7),
            "{options:?}"
        );
    }
    assert_eq!(server.seen.lock().unwrap().len(), 0);
}

#[test]
fn no_credential_goes_over_plain_http_to_another_machine() {
    // TEST-NET-1: nobody is there, and nobody is asked.
    let away = "http://192.0.2.1/";
    let server = Server::start(|before, request| {
        if request.is_fetch() {
            token(before, 3600.0)
        } else {
            page("/p3")
        }
    });
    let file = TokenFile::new("plain", "token");
    let (url, token_url) = (server.url("/"), server.url("/token"));
    for (url, options) in [
        (away, &["--bearer-file", file.path()][..]),
        (away, &["--digest-env", "PAIR"]),
        (away, &["--challenge", "--basic-env", "PAIR"]),
        (away, &client(&token_url, "ID", "SECRET")),
        (&url, &client(away, "ID", "SECRET")),
    ] {
        let all = [&[url], options].concat();
        let run = run(&all);
        assert_eq!(run.code, Some(7), "{all:?}: {}", run.stderr);
        assert!(run.stderr.contains("plain http"), "{}", run.stderr);
    }
    assert_eq!(server.seen.lock().unwrap().len(), 0);
}

#[test]
fn credentials_that_exclude_each_other_are_a_usage_error() {
    let bearer = ["--bearer-env", "SECRET"];
    let file = ["--bearer-file", "x"];
    let basic = ["--basic-env", "PAIR"];
    let digest = ["--digest-env", "PAIR"];
    let oauth2 = client("http://127.0.0.1:9/", "ID", "SECRET");
    let all = [&bearer[..], &file, &basic, &digest, &oauth2];
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            let run = run(&[&["http://127.0.0.1:9/"], *one, *other].concat());
            assert_eq!(run.code, Some(2), "{one:?} {other:?}: {}", run.stderr);
        }
        if *one != basic {
            let run = run(&[&["http://127.0.0.1:9/", "--challenge"], *one].concat());
            assert_eq!(run.code, Some(2), "{one:?} --challenge: {}", run.stderr);
        }
    }
    for incomplete in [
        &oauth2[..2],
        &oauth2[..4],
        &oauth2[2..],
        &["--oauth2-scope", "x"],
        &["--oauth2-auth", "post"],
    ] {
        let run = run(&[&["http://127.0.0.1:9/"], incomplete].concat());
        assert_eq!(run.code, Some(2), "{incomplete:?}: {}", run.stderr);
    }
    for url in [
        "/token",
        "idp.example.com",
        "http://u:p@127.0.0.1:9/",
        "ftp://127.0.0.1/",
    ] {
        let run = run(&[
            &["http://127.0.0.1:9/", "--oauth2-token-url", url],
            &oauth2[2..],
        ]
        .concat());
        assert_eq!(run.code, Some(2), "{url}: {}", run.stderr);
    }
}
