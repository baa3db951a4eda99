//! `fetch`'s credentials against servers that nobody here wrote, where they can be started.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/rig.rs"]
mod rig;
#[path = "support/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::server::{Server, respond};
use crate::support::{Run, SECRET, run, run_with};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Forwards connections, and holds back what the client says for `delay`: a server that takes
/// longer to answer. Ends with the process.
fn slowed(port: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (read, write) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || forward(read, write, delay));
            thread::spawn(move || forward(server, client, Duration::ZERO));
        }
    });
    own
}

fn forward(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        thread::park_timeout(delay);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn oauth2(url: &str, token_url: &str, secret: &str, options: &[&str]) -> Run {
    let arguments = [
        url,
        "--oauth2-token-url",
        token_url,
        "--oauth2-client-id-env",
        "CID",
        "--oauth2-client-secret-env",
        "CSECRET",
        "--oauth2-scope",
        "read",
    ];
    let variables = [("CID", "cid"), ("CSECRET", secret)];
    run_with(&variables, &[&arguments, options].concat())
}

#[test]
fn a_drain_outlives_the_tokens_of_a_real_oauth2_provider() {
    let Some(drf) = Rig::start_at("drf", free_port(), &[("TTL", "1")]) else {
        return;
    };
    let slow = slowed(drf.port, Duration::from_millis(50));
    let url = format!("http://127.0.0.1:{slow}/oauth/?page_size=2");
    let token_url = drf.url("/o/token/");
    let pages = ["--next", "url:/next", "--items", "/results"];
    for how in ["basic", "post"] {
        let options = [&pages[..], &["--oauth2-auth", how]].concat();
        let run = oauth2(&url, &token_url, "csecret", &options);
        assert_eq!(run.code, Some(0), "{how}: {}", run.stderr);
        let ids: Vec<_> = run
            .lines
            .iter()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["id"]
                    .as_u64()
                    .unwrap()
            })
            .collect();
        assert_eq!(ids, (1..=95).collect::<Vec<_>>(), "{how}");
        // 48 pages of at least 50 ms each, tokens of a second.
        let count = |name: &str| run.summary[name].as_u64().unwrap();
        assert!(count("refreshes") >= 3, "{how}: {}", run.summary);
        assert_eq!(count("requests"), 48 + count("resends"), "{how}");
        println!("{how}: {}", run.summary);
    }
    let refused = oauth2(&url, &token_url, "wrong", &pages);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("invalid_client"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.summary["requests"], 0);

    for (options, code) in [
        (&["--basic-env", "GOOD"][..], 0),
        (&["--basic-env", "BAD"], 7),
        (&[], 3),
    ] {
        let url = drf.url("/basic/");
        let arguments = [&[&*url][..], options].concat();
        let run = run_with(
            &[("GOOD", "test:secret"), ("BAD", "test:other")],
            &arguments,
        );
        // DRF answers 403 to nobody, and 401 to a wrong password.
        assert_eq!(run.code, Some(code), "{options:?}: {}", run.stderr);
    }
}

#[test]
fn httpbin_lets_in_by_bearer_basic_and_digest_of_both_hashes() {
    let Some(httpbin) = Rig::start("httpbin") else {
        return;
    };
    let variables = [
        ("UTF8", "user:pass wörd"),
        ("PLAIN", "user:passwd"),
        ("WRONG", "user:other"),
    ];
    // For Digest it hashes the path as it reads in the end, not as it was sent: plain letters only.
    let digest = |qop: &str, algorithm: &str| format!("/digest-auth/{qop}/user/passwd/{algorithm}");
    let cases = [
        (
            "--basic-env",
            "UTF8",
            "/basic-auth/user/pass%20w%C3%B6rd".to_owned(),
            1,
        ),
        ("--digest-env", "PLAIN", digest("auth", "MD5"), 2),
        ("--digest-env", "PLAIN", digest("auth", "SHA-256"), 2),
        (
            "--digest-env",
            "PLAIN",
            digest("auth,auth-int", "SHA-256"),
            2,
        ),
    ];
    for (option, right, path, requests) in &cases {
        let url = httpbin.url(path);
        let run = run_with(&variables, &[&url, option, right]);
        assert_eq!(run.code, Some(0), "{path}: {}", run.stderr);
        let told: Value = serde_json::from_str(&run.lines[0]).unwrap();
        assert_eq!(
            (&told["authenticated"], &told["user"]),
            (&json!(true), &json!("user"))
        );
        assert_eq!(run.summary["requests"], *requests, "{path}");
        let refused = run_with(&variables, &[&url, option, "WRONG"]);
        assert_eq!(refused.code, Some(7), "{path}: {}", refused.stderr);
        assert_eq!(refused.summary["requests"], *requests, "{path}");
    }
    let bearer = run(&[&httpbin.url("/headers"), "--bearer-env", "ID_TOKEN"]);
    assert_eq!(
        bearer.code,
        Some(7),
        "a missing variable: {}",
        bearer.stderr
    );
    let run = run_with(
        &[("ID_TOKEN", "abc")],
        &[&httpbin.url("/bearer"), "--bearer-env", "ID_TOKEN"],
    );
    assert_eq!(run.lines, [r#"{"authenticated":true,"token":"abc"}"#]);
}

#[test]
fn nginx_has_seen_no_credential_of_another_origin() {
    let Some(nginx) = Rig::start("nginx") else {
        return;
    };
    let log = nginx.data().join("ts.log");
    // What a line says of `Authorization`, for requests since the last look. nginx writes it after
    // it answered: so many are waited for, and what comes later is seen by the next look.
    let mut seen = 0;
    let mut look = |expected: usize| -> Vec<(String, String)> {
        let whole_lines = || {
            let text = std::fs::read_to_string(&log).unwrap();
            let end = text.rfind('\n').map_or(0, |end| end + 1);
            text[..end].lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for _ in 0..100 {
            if whole_lines().len() >= seen + expected {
                break;
            }
            thread::park_timeout(Duration::from_millis(50));
        }
        let lines = whole_lines().split_off(seen);
        seen += lines.len();
        lines
            .iter()
            .map(|line| {
                let target = line.split(' ').nth(3).unwrap().to_owned();
                let sent = line
                    .split_once("auth=")
                    .unwrap()
                    .1
                    .split(" rid=")
                    .next()
                    .unwrap();
                (target, sent.to_owned())
            })
            .collect()
    };
    look(1); // the script's own, to see whether it is up

    let other = nginx.url("");
    let elsewhere = Server::start(move |_, request| {
        let page = |link: &str| respond(200, &[("link", link)], "[1]");
        match request.path.split('?').next().unwrap() {
            "/token" => respond(200, &[], r#"{"access_token":"fetched-canary"}"#),
            "/next" => page(&format!("<{other}/ok.json>; rel=next")),
            "/digest" if request.authorization().is_none() => respond(
                401,
                &[(
                    "www-authenticate",
                    r#"Digest realm="r", qop="auth", nonce="n""#,
                )],
                "",
            ),
            _ => respond(307, &[("location", &format!("{other}/redir"))], ""),
        }
    });
    let file = nginx.data().join("token");
    std::fs::write(&file, SECRET).unwrap();
    let token_url = elsewhere.url("/token");
    let client = [
        "--oauth2-client-id-env",
        "ID",
        "--oauth2-client-secret-env",
        "SECRET",
    ];
    let oauth2 = [&["--oauth2-token-url", &*token_url][..], &client].concat();
    let header = format!("authorization: Bearer {SECRET}");
    let credentials: [(&str, Vec<&str>); 6] = [
        ("/", vec!["--bearer-env", "SECRET"]),
        ("/", vec!["--bearer-file", file.to_str().unwrap()]),
        ("/", vec!["--basic-env", "PAIR"]),
        ("/", oauth2),
        ("/digest", vec!["--digest-env", "PAIR"]),
        ("/", vec!["-H", &header]),
    ];
    for (path, credential) in &credentials {
        let url = elsewhere.url(path);
        let run = run(&[&[&*url], &credential[..]].concat());
        assert_eq!(run.code, Some(0), "{credential:?}: {}", run.stderr);
        let asked = elsewhere.sends().pop().unwrap();
        assert!(
            asked.authorization().is_some(),
            "the first origin got its credential"
        );
        let redirected = [
            ("/redir".to_owned(), "-".to_owned()),
            ("/ok.json".to_owned(), "-".to_owned()),
        ];
        assert_eq!(look(2), redirected, "{credential:?}");
    }

    // A next page elsewhere is refused; where it is allowed, only the auth layer's credential goes.
    let next = elsewhere.url("/next");
    let pages = [&*next, "--next", "link", "--items", ""];
    let with = |more: &[&str]| run(&[&pages[..], more].concat());
    assert_eq!(with(&["--bearer-env", "SECRET"]).code, Some(6));
    assert_eq!(look(0), []);
    let allow = ["--allow-origin", &*nginx.url("")].map(str::to_owned);
    let allow: Vec<_> = allow.iter().map(String::as_str).collect();
    with(&[&allow[..], &["-H", &header]].concat());
    assert_eq!(look(1), [("/ok.json".to_owned(), "-".to_owned())]);
    with(&[&allow[..], &["--bearer-env", "SECRET"]].concat());
    assert_eq!(
        look(1),
        [("/ok.json".to_owned(), format!("Bearer {SECRET}"))]
    );

    // Within its origin a credential is kept over a redirect, and a real server takes it.
    let run = run(&[&nginx.url("/redir"), "--bearer-env", "SECRET"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let sent = format!("Bearer {SECRET}");
    assert_eq!(
        look(2),
        [
            ("/redir".to_owned(), sent.clone()),
            ("/ok.json".to_owned(), sent)
        ]
    );
    let good = [("GOOD", "test:secret")];
    let run = run_with(
        &good,
        &[&nginx.url("/basic/ok.json"), "--basic-env", "GOOD"],
    );
    assert_eq!(run.lines, [r#"{"ok":true}"#], "{}", run.stderr);
}
