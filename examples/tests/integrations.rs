//! Each example runs, needs nothing but loopback, and prints what it is there to show.

mod support;

/// Runs an example, and compares what it printed line by line.
fn prints(example: &str, expected: &[&str]) {
    let output = support::program(example).output().expect("it runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines, expected, "{stderr}");
    assert!(output.status.success(), "{stderr}");
}

#[test]
fn an_axum_app_answers_for_its_upstream() {
    prints(
        "axum_app",
        &[
            "  upstream: pen: 503 Service Unavailable",
            "  upstream: pen: 200 OK",
            "2 pen: 200 OK, retry-after: None",
            r#"{"item":"pen","left":3}"#,
            "0 pen: 422 Unprocessable Entity, retry-after: None",
            r##"{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"the request body breaks its contract","errors":[{"pointer":"#/quantity","keyword":"minimum","detail":"expected a number of at least 1"}]}"##,
            "  upstream: ink: 503 Service Unavailable",
            r#"1 ink: 503 Service Unavailable, retry-after: Some("3600")"#,
            r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"an API that this one depends on is busy"}"#,
            "  upstream: map: sleeps",
            "1 map: 504 Gateway Timeout, retry-after: None",
            r#"{"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"an API that this one depends on did not answer in time"}"#,
            "  upstream: cup: 200 OK",
            "1 cup: 502 Bad Gateway, retry-after: None",
            r#"{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"an API that this one depends on could not be used"}"#,
        ],
    );
}

#[cfg(feature = "rustls")]
#[test]
fn hyper_util_with_rustls_trusts_one_certificate() {
    prints(
        "hyper_rustls",
        &[
            "200 OK after 2 sends",
            r#"{"names":["Ada"]}"#,
            "without that trust: invalid peer certificate: UnknownIssuer",
        ],
    );
}

#[cfg(feature = "reqwest")]
#[test]
fn reqwest_sends_for_the_stack() {
    prints(
        "reqwest",
        &[
            r#"  server: upload of "one, two, three": 503 Service Unavailable"#,
            r#"  server: upload of "one, two, three": 201 Created"#,
            "upload: 201 Created",
            "moved: 302 Found, and not followed",
            "wrong scheme: true",
        ],
    );
}

#[cfg(feature = "middleware")]
#[test]
fn tower_http_s_layers_stand_around_each_send() {
    prints(
        "tower_http",
        &[
            "  send /old, authorized: true",
            "  302 Found",
            "  send /items, authorized: true",
            "  503 Service Unavailable",
            "  send /old, authorized: true",
            "  302 Found",
            "  send /items, authorized: true",
            "  200 OK",
            r#"/old: 200 OK from Some("/items")"#,
            r#"{"items":["long enough to be worth it"]}"#,
            "  send /away, authorized: true",
            "  302 Found",
            "  send /public, authorized: false",
            "  200 OK",
            r#"/away: 200 OK from Some("/public")"#,
            r#"{"items":[]}"#,
        ],
    );
}

#[cfg(feature = "kube")]
#[test]
fn kube_lists_two_pages_and_creates_once() {
    prints(
        "kube",
        &[
            "  server: list from the start: 401",
            "  server: list from the start: 429",
            "  server: list from the start: 200",
            "page: kube-root-ca.crt, settings",
            "  server: list from after-settings: 503",
            "  server: list from after-settings: 200",
            "page: theme",
            "  server: create throttled (93 bytes): 429",
            "  server: create throttled (93 bytes): 201",
            r#"created throttled: Some({"key": "value"})"#,
            "  server: create unavailable (95 bytes): 503",
            "unavailable not created: 503",
        ],
    );
}

#[cfg(feature = "octocrab")]
#[test]
fn octocrab_walks_five_pages_and_comments_once() {
    prints(
        "octocrab",
        &[
            "  server: page 1: 200",
            "  server: page 2: 502",
            "  server: page 2: 200",
            "  server: page 3: 200",
            "  server: page 4: 403",
            "  server: page 4: 200",
            "  server: page 5: 200",
            "13 issues on 5 pages",
            "  server: comment (23 bytes): 403",
            "  server: comment (23 bytes): 201",
            r#"commented: "works for me""#,
        ],
    );
}

#[cfg(feature = "tonic")]
#[test]
fn tonic_calls_again_what_may_be_called_again() {
    prints(
        "tonic",
        &[
            "  server: Hello(Ada): Unauthenticated",
            "  server: Hello(Ada): Unavailable",
            "  server: Hello(Ada): Ok",
            "Hello, Ada!",
            "  server: Hello(Grace): Unavailable",
            "not repeated: Unavailable, come back later",
        ],
    );
}

#[cfg(feature = "spans")]
#[test]
fn each_send_of_a_call_has_a_span_of_its_own() {
    let output = support::program("spans").output().expect("it runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let sends: Vec<_> = stdout
        .lines()
        .filter_map(|line| {
            line.split_once("list users:HTTP{")?
                .1
                .strip_suffix("}: close")
        })
        .collect();
    let send = |rest: &str| {
        format!(
            "otel.name=\"GET\" otel.kind=\"client\" http.request.method=\"GET\" \
             url.full=https://api.example.com/users?REDACTED \
             server.address=\"api.example.com\" server.port=443 {rest}"
        )
    };
    assert_eq!(
        sends,
        [
            send("http.response.status_code=503 error.type=\"503\" otel.status_code=\"ERROR\""),
            send(
                "http.request.resend_count=1 http.response.status_code=401 error.type=\"401\" otel.status_code=\"ERROR\""
            ),
            send("http.request.resend_count=2 http.response.status_code=200"),
        ],
        "{stdout}"
    );
    assert!(
        !stdout.contains("secret") && stdout.ends_with("200 OK\n"),
        "{stdout}"
    );
}
