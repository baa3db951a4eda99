//! What a long pause is told of as, beside the progress.

use axum::body::Body;
use axum::http::Response;
use futures_util::stream;

use crate::items;
use crate::server::{Server, respond, token};
use crate::support::run;

const BUSY: (u16, [(&str, &str); 1]) = (503, [("retry-after", "2")]);

#[test]
fn a_page_s_sends_are_counted_through_whether_its_head_fails_or_its_body() {
    let server = Server::start(|before, _| match before.len() {
        0 => {
            let broken = [Ok(r#"[{"id":0},{"#), Err(std::io::Error::other("broken"))];
            Response::new(Body::from_stream(stream::iter(broken)))
        }
        1 => respond(BUSY.0, &BUSY.1, ""),
        _ => respond(200, &[], items(0, 3)),
    });
    let run = run(&[&server.url("/"), "--items", "", "--progress", "always"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let told = "  waiting 2 s, asked by the server (503), attempt 3 of 4\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn a_pause_before_a_token_is_told_of_as_one() {
    let server = Server::start(|before, seen| match before.len() {
        _ if !seen.is_fetch() => respond(200, &[], items(0, 3)),
        0 => respond(BUSY.0, &BUSY.1, ""),
        _ => token(before, 60.0),
    });
    let (url, token_url) = (server.url("/list"), server.url("/token"));
    let client = ["--oauth2-client-id-env", "ID"];
    let secret = ["--oauth2-client-secret-env", "SECRET"];
    let fixed = [&*url, "--oauth2-token-url", &token_url];
    let run = run(&[&fixed[..], &client, &secret, &["--progress", "always"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let told = "  waiting 2 s for a token, asked by the server (503), attempt 2 of 4\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}
