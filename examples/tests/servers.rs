//! `fetch` against servers that are not ours, where they can be started: Django REST
//! framework's three paginations, a container registry, GitHub as it was recorded.

#[path = "support/rig.rs"]
mod rig;
#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::support::{Run, run};

/// One exchange without any client of ours: the head and the body.
fn exchange(server: &Rig, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}",
        server.port
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn drain(server: &Rig, path: &str, options: &[&str]) -> Run {
    let run = run(&[&[&*server.url(path)][..], options].concat());
    assert_eq!(run.code, Some(0), "{path} {options:?}: {}", run.stderr);
    assert_eq!(run.summary["outcome"], "done", "{path} {options:?}");
    run
}

fn numbers(run: &Run, key: &str) -> Vec<u64> {
    run.lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")[key].as_u64())
        .collect::<Option<_>>()
        .expect("numbers")
}

#[test]
fn the_paginations_of_django_rest_framework_give_every_item_once() {
    let Some(server) = Rig::start("drf") else {
        return;
    };
    let all: Vec<u64> = (1..=95).collect();
    let results = ["--items", "/results"];
    let with = |options: &[&'static str]| [&results[..], options].concat();
    for (path, options, pages) in [
        ("/page/", with(&["--next", "url:/next"]), 10),
        (
            "/page/",
            with(&["--next", "page:page", "--total", "body:/count"]),
            10,
        ),
        // The page size is clamped, and nothing is asked beyond the count.
        (
            "/page/?page_size=40",
            with(&["--next", "page:page", "--total", "body:/count"]),
            3,
        ),
        (
            "/limit/",
            with(&["--next", "url:/next", "--total", "body:/count"]),
            10,
        ),
        (
            "/limit/",
            with(&["--next", "offset:offset,limit:30", "--total", "body:/count"]),
            4,
        ),
        // Without a total the first empty page is the end.
        ("/limit/", with(&["--next", "offset:offset,limit:50"]), 3),
        ("/cursor/", with(&["--next", "url:/next"]), 10),
        ("/cursor/?page_size=50", with(&["--next", "url:/next"]), 2),
    ] {
        let run = drain(&server, path, &options);
        assert_eq!(numbers(&run, "id"), all, "{path} {options:?}");
        assert_eq!(
            (&run.summary["pages"], &run.summary["requests"]),
            (&json!(pages), &json!(pages)),
            "{path} {options:?}"
        );
    }

    // Past the last page it answers 404, which is why a known total is not asked past.
    let blind = run(&[
        &server.url("/page/"),
        "--next",
        "page:page",
        "--items",
        "/results",
    ]);
    assert_eq!(blind.code, Some(3), "{}", blind.stderr);
    assert_eq!(numbers(&blind, "id"), all);
}

#[test]
fn a_registry_s_catalogue_is_followed_through_relative_links() {
    let Some(server) = Rig::start("docker-registry") else {
        return;
    };
    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 2,
            "digest": DIGEST,
        },
        "layers": [],
    })
    .to_string();
    let names: Vec<_> = (1..=5).map(|n| format!("team/image-{n}")).collect();
    for name in &names {
        let (head, _) = exchange(
            &server,
            &format!("POST /v2/{name}/blobs/uploads/ HTTP/1.1"),
            "",
        );
        let upload = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "))
            .expect("a place for the upload");
        let put = format!("PUT {upload}&digest={DIGEST} HTTP/1.1");
        let (head, _) = exchange(&server, &put, "{}");
        assert!(head.contains(" 201 "), "{head}");
        let put = format!(
            "PUT /v2/{name}/manifests/latest HTTP/1.1\r\n\
             content-type: application/vnd.docker.distribution.manifest.v2+json"
        );
        let (head, _) = exchange(&server, &put, &manifest);
        assert!(head.contains(" 201 "), "{head}");
    }

    let run = drain(
        &server,
        "/v2/_catalog?n=2",
        &["--next", "link", "--items", "/repositories"],
    );
    let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    assert_eq!(run.lines, quoted);
    assert_eq!(run.summary["requests"], 3);
    let run = drain(&server, "/v2/_catalog?n=5", &["--next", "link"]);
    assert_eq!(run.lines.len(), 1, "each page is a line");
}

#[test]
fn github_s_issues_as_recorded_are_followed_to_the_fifth_page() {
    let Some(server) = Rig::start("octokit-fixtures") else {
        return;
    };
    let (_, answer) = exchange(
        &server,
        "POST /fixtures HTTP/1.1\r\ncontent-type: application/json",
        "{\"scenario\":\"paginate-issues\"}",
    );
    let begin = answer.find('{').expect("JSON");
    let end = answer.rfind('}').expect("JSON");
    let fixture: Value = serde_json::from_str(&answer[begin..=end]).expect("JSON");
    let url = format!(
        "{}/repos/octokit-fixture-org/paginate-issues/issues?per_page=3",
        fixture["url"].as_str().expect("a URL")
    );
    // Each answer is given once, and only to who sends the token and asks as GitHub is asked.
    let run = run(&[
        &url,
        "-H",
        "Authorization: token 0000000000000000000000000000000000000001",
        "-H",
        "Accept: application/vnd.github.v3+json",
        "--next",
        "link",
        "--items",
        "",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.lines.len(), 13);
    assert_eq!(
        (&run.summary["pages"], &run.summary["requests"]),
        (&json!(5), &json!(5))
    );
    let mut ids = numbers(&run, "id");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 13, "every issue once");
}
