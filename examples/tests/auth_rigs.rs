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
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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

/// One exchange without any client of ours: status, head, body.
fn exchange(
    port: u16,
    method: &str,
    target: &str,
    kind: &str,
    body: &[u8],
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
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
    let slow = slowed(drf.port, Duration::from_millis(40));
    let url = format!("http://127.0.0.1:{slow}/oauth/?page_size=1");
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
        // 95 pages of at least 40 ms each, tokens of a second.
        let count = |name: &str| run.summary[name].as_u64().unwrap();
        assert!(count("refreshes") >= 4, "{how}: {}", run.summary);
        assert_eq!(count("requests"), 95 + count("resends"), "{how}");
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

/// Puts `count` repositories into a registry that anybody may write to.
fn fill(port: u16, count: usize) {
    let push = |path: &str| {
        let (status, head, _) = exchange(port, "POST", path, "application/octet-stream", b"");
        assert_eq!(status, 202, "{head}");
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "))
            .unwrap();
        let origin = format!("http://127.0.0.1:{port}");
        location
            .trim()
            .strip_prefix(&origin)
            .unwrap_or(location.trim())
            .to_owned()
    };
    let config = b"{}";
    let hash: String = Sha256::digest(config)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for number in 1..=count {
        let name = format!("group/repo-{number}");
        let upload = push(&format!("/v2/{name}/blobs/uploads/"));
        let separator = if upload.contains('?') { '&' } else { '?' };
        let target = format!("{upload}{separator}digest=sha256:{hash}");
        let (status, head, _) = exchange(port, "PUT", &target, "application/octet-stream", config);
        assert_eq!(status, 201, "{head}");
        let kind = "application/vnd.docker.distribution.manifest.v2+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": config.len(),
                "digest": format!("sha256:{hash}"),
            },
            "layers": [],
        });
        let target = format!("/v2/{name}/manifests/latest");
        let body = manifest.to_string();
        let (status, _, told) = exchange(port, "PUT", &target, kind, body.as_bytes());
        assert_eq!(status, 201, "{told}");
    }
}

const CATALOG: [&str; 6] = [
    "/v2/_catalog?n=2",
    "--next",
    "link",
    "--items",
    "/repositories",
    "--challenge",
];

fn repositories() -> Vec<String> {
    (1..=5)
        .map(|number| format!("\"group/repo-{number}\""))
        .collect()
}

#[test]
fn a_real_registry_is_drained_with_basic_asked_for_or_not() {
    let port = free_port();
    let Some(open) = Rig::start_at("docker-registry", port, &[]) else {
        return;
    };
    fill(port, 5);
    drop(open);
    wait_until_free(port);
    let Some(registry) = Rig::start_at("docker-registry", port, &[("MODE", "basic")]) else {
        return;
    };
    let [path, options @ ..] = CATALOG;
    let url = registry.url(path);
    let (list, challenge) = options.split_at(4);
    let variables = [("GOOD", "test:secret"), ("BAD", "test:other")];
    let with = |variable, more: &[&str]| {
        run_with(
            &variables,
            &[&[&*url], list, &["--basic-env", variable], more].concat(),
        )
    };
    let at_once = with("GOOD", &[]);
    assert_eq!(
        (at_once.code, &at_once.lines),
        (Some(0), &repositories()),
        "{}",
        at_once.stderr
    );
    assert_eq!(
        (&at_once.summary["requests"], &at_once.summary["resends"]),
        (&json!(3), &json!(0))
    );
    let asked = with("GOOD", challenge);
    assert_eq!(
        (asked.code, &asked.lines),
        (Some(0), &repositories()),
        "{}",
        asked.stderr
    );
    assert_eq!(
        (&asked.summary["requests"], &asked.summary["resends"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(with("BAD", &[]).code, Some(7));
    assert_eq!(with("BAD", challenge).code, Some(7));
}

fn wait_until_free(port: u16) {
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_err() {
            return;
        }
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// A key and its certificate, by the machine's openssl if it has one.
fn certificate(folder: &Path) -> Option<()> {
    std::fs::create_dir_all(folder).ok()?;
    let made = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=rig",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .output();
    match made {
        Ok(made) if made.status.success() => Some(()),
        _ => {
            println!("skipped: openssl makes no certificate here");
            None
        }
    }
}

/// A JSON Web Token for `scope`, as the registry wants it.
#[allow(
    clippy::disallowed_methods,
    reason = "a real registry has a real clock"
)]
fn signed(folder: &Path, scope: &str) -> String {
    let pem = std::fs::read_to_string(folder.join("cert.pem")).unwrap();
    let certificate: String = pem
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect();
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [certificate] });
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let access: Vec<_> = scope
        .split_whitespace()
        .filter_map(|scope| {
            let (kind, rest) = scope.split_once(':')?;
            let (name, actions) = rest.rsplit_once(':')?;
            let actions: Vec<_> = actions.split(',').collect();
            Some(json!({ "type": kind, "name": name, "actions": actions }))
        })
        .collect();
    let claims = json!({
        "iss": "rig-issuer", "sub": "user", "aud": "rig-registry", "jti": "1",
        "iat": now - 10, "nbf": now - 10, "exp": now + 300, "access": access,
    });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let mut openssl = Command::new("openssl")
        .current_dir(folder)
        .args(["dgst", "-sha256", "-sign", "key.pem"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let signature = openssl.wait_with_output().unwrap().stdout;
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_real_registrys_token_challenge_is_answered() {
    let port = free_port();
    let Some(open) = Rig::start_at("docker-registry", port, &[]) else {
        return;
    };
    fill(port, 5);
    let folder = open.data().join("keys");
    drop(open);
    wait_until_free(port);
    let Some(()) = certificate(&folder) else {
        return;
    };

    let keys = folder.clone();
    let realm = Server::start(move |_, request| {
        let known = format!("Basic {}", STANDARD.encode(format!("user:{SECRET}")));
        if request.authorization() != Some(&known) {
            return respond(401, &[], r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#);
        }
        let uri: http::Uri = request.path.parse().unwrap();
        let query = uri
            .query()
            .unwrap_or_default()
            .replace("%3A", ":")
            .replace("%2A", "*")
            .replace("%2F", "/");
        let scopes: Vec<_> = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("scope="))
            .collect();
        let token = signed(&keys, &scopes.join(" "));
        respond(
            200,
            &[],
            json!({ "token": token, "expires_in": 300 }).to_string(),
        )
    });
    let token_url = realm.url("/token");
    let cert = folder.join("cert.pem");
    let settings = [
        ("MODE", "token"),
        ("TOKEN_REALM", &*token_url),
        ("TOKEN_CERT", cert.to_str().unwrap()),
    ];
    let Some(registry) = Rig::start_at("docker-registry", port, &settings) else {
        return;
    };

    let [path, options @ ..] = CATALOG;
    let url = registry.url(path);
    let with = |more: &[&str]| run(&[&[&*url], &options[..], more].concat());
    let untrusted = with(&["--basic-env", "PAIR"]);
    assert_eq!(untrusted.code, Some(7), "{}", untrusted.stderr);
    assert_eq!(realm.fetches().len(), 0);

    let allowed = ["--allow-origin", &realm.origin];
    let run = with(&[&allowed[..], &["--basic-env", "PAIR"]].concat());
    assert_eq!(
        (run.code, &run.lines),
        (Some(0), &repositories()),
        "{}",
        run.stderr
    );
    for (counter, value) in [
        ("requests", 4),
        ("resends", 1),
        ("refreshes", 1),
        ("retries", 0),
    ] {
        assert_eq!(run.summary[counter], value, "{counter}");
    }
    let tags = registry.url("/v2/group/repo-1/tags/list");
    let run = run_with(
        &[],
        &[
            &[&*tags, "--challenge", "--basic-env", "PAIR"],
            &allowed[..],
        ]
        .concat(),
    );
    assert_eq!(
        run.lines,
        [r#"{"name":"group/repo-1","tags":["latest"]}"#],
        "{}",
        run.stderr
    );

    let anonymous = with(&allowed);
    assert_eq!(anonymous.code, Some(7), "{}", anonymous.stderr);
}

#[test]
fn nginx_has_seen_no_credential_of_another_origin() {
    let Some(nginx) = Rig::start("nginx") else {
        return;
    };
    let log = nginx.data().join("ts.log");
    // What a line says of `Authorization`, for requests since the last look.
    let mut seen = 0;
    let mut look = || -> Vec<(String, String)> {
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<_> = text.lines().skip(seen).map(str::to_owned).collect();
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
    look();

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
        assert_eq!(look(), redirected, "{credential:?}");
    }

    // A next page elsewhere is refused; where it is allowed, only the auth layer's credential goes.
    let next = elsewhere.url("/next");
    let pages = [&*next, "--next", "link", "--items", ""];
    let with = |more: &[&str]| run(&[&pages[..], more].concat());
    assert_eq!(with(&["--bearer-env", "SECRET"]).code, Some(6));
    assert_eq!(look(), []);
    let allow = ["--allow-origin", &*nginx.url("")].map(str::to_owned);
    let allow: Vec<_> = allow.iter().map(String::as_str).collect();
    with(&[&allow[..], &["-H", &header]].concat());
    assert_eq!(look(), [("/ok.json".to_owned(), "-".to_owned())]);
    with(&[&allow[..], &["--bearer-env", "SECRET"]].concat());
    assert_eq!(
        look(),
        [("/ok.json".to_owned(), format!("Bearer {SECRET}"))]
    );

    // Within its origin a credential is kept over a redirect, and a real server takes it.
    let run = run(&[&nginx.url("/redir"), "--bearer-env", "SECRET"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let sent = format!("Bearer {SECRET}");
    assert_eq!(
        look(),
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
