//! `fetch` against a registry that nobody here wrote, where it can be started: with Basic, and
//! with tokens of a realm that the registry trusts.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "support/rig.rs"]
mod rig;
#[path = "support/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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
use crate::support::{SECRET, run, run_with};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
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
    run.assert_counts([
        ("requests", 4),
        ("resends", 1),
        ("refreshes", 1),
        ("retries", 0),
    ]);
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
