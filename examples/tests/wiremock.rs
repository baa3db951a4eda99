//! `fetch` against WireMock, where it can be started: its faults, and its journal of when
//! requests arrived, which is a back-off measured by software that is not ours.

#[path = "support/rig.rs"]
mod rig;
#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::support::run;

struct WireMock(Rig);

impl WireMock {
    fn start() -> Option<Self> {
        Rig::start("wiremock").map(Self)
    }

    fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// One exchange with the administration, without any client of ours.
    fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.0.port)).expect("WireMock listens");
        let length = body.len();
        let head = format!("{method} /__admin{path} HTTP/1.0\r\ncontent-length: {length}\r\n\r\n");
        stream
            .write_all((head + &body).as_bytes())
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Answers `path` with this, in the state of a scenario if there is one.
    fn stub(&self, path: &str, answer: &Value, scenario: Option<(&str, &str)>) {
        let mut mapping = json!({ "request": { "url": path }, "response": answer });
        if let Some((from, to)) = scenario {
            mapping["scenarioName"] = json!(path);
            mapping["requiredScenarioState"] = json!(from);
            mapping["newScenarioState"] = json!(to);
        }
        self.admin("POST", "/mappings", &mapping);
    }

    /// When requests for `path` arrived, in milliseconds.
    fn arrivals(&self, path: &str) -> Vec<u64> {
        let journal = self.admin("GET", "/requests", &Value::Null);
        let mut arrivals: Vec<_> = journal["requests"]
            .as_array()
            .expect("a journal")
            .iter()
            .filter(|entry| entry["request"]["url"] == path)
            .map(|entry| entry["request"]["loggedDate"].as_u64().expect("a time"))
            .collect();
        arrivals.sort_unstable();
        arrivals
    }
}

fn json_page() -> Value {
    json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": "[1]" })
}

#[test]
fn faults_are_retried_or_not_and_pauses_are_kept() {
    let Some(server) = WireMock::start() else {
        return;
    };
    for (fault, sends) in [
        ("CONNECTION_RESET_BY_PEER", 3),
        ("EMPTY_RESPONSE", 3),
        ("RANDOM_DATA_THEN_CLOSE", 1),
        // The chunk's size is no number: a server that is broken, not a connection.
        ("MALFORMED_RESPONSE_CHUNK", 1),
    ] {
        let path = format!("/{fault}");
        server.stub(&path, &json!({ "fault": fault }), None);
        let run = run(&[&server.url(&path), "--retries", "2"]);
        assert_eq!(run.code, Some(5), "{fault}: {}", run.stderr);
        assert_eq!(run.summary["requests"], sends, "{fault}");
        assert_eq!(
            server.arrivals(&path).len(),
            sends,
            "{fault}: {}",
            run.stderr
        );
    }

    server.stub(
        "/once",
        &json!({ "fault": "CONNECTION_RESET_BY_PEER" }),
        Some(("Started", "up")),
    );
    server.stub("/once", &json_page(), Some(("up", "up")));
    let once = run(&[&server.url("/once")]);
    assert_eq!(
        (once.code, once.lines),
        (Some(0), vec!["[1]".to_owned()]),
        "{}",
        once.stderr
    );

    let busy = json!({ "status": 503, "headers": { "Retry-After": "1" } });
    server.stub("/busy", &busy, Some(("Started", "busy")));
    server.stub("/busy", &busy, Some(("busy", "up")));
    server.stub("/busy", &json_page(), Some(("up", "up")));
    let run = run(&[&server.url("/busy")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let arrivals = server.arrivals("/busy");
    assert_eq!(arrivals.len(), 3);
    // The journal's clock has a resolution of a millisecond.
    assert!(
        arrivals.windows(2).all(|pair| pair[1] - pair[0] >= 999),
        "{arrivals:?}"
    );
}
