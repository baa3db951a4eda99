//! HTTP Digest against a server that checks every part of the answer by formulas of its own.
#![cfg(feature = "digest")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use md5::Md5;
use outbound_auth::{AuthError, AuthLayer, Challenge, Digest, Scope};
use outbound_http::{EffectiveUri, NoAuth};
use sha2::Sha256;
use sha2::digest::Digest as _;
use support::{Body, HOME, Log, SECRET, credentials, get, home, send};
use tower::util::BoxCloneSyncService;
use tower::{Layer, service_fn};

type Api = BoxCloneSyncService<Request<Body>, Response<String>, Infallible>;

/// How the server behaves.
#[derive(Clone)]
struct Rules {
    challenges: &'static [&'static str],
    password: &'static str,
    /// A nonce is good for so many uses.
    uses: u32,
    /// Whether it then says that it is stale.
    says_stale: bool,
    next_nonce: bool,
}

const MD5: &str =
    r#"Digest realm="r", qop="auth,auth-int", algorithm=MD5, nonce="NONCE", opaque="o""#;
const SHA_256: &str = r#"Digest realm="r", qop="auth", algorithm=SHA-256, nonce="NONCE""#;

const RULES: Rules = Rules {
    challenges: &[MD5],
    password: SECRET,
    uses: u32::MAX,
    says_stale: true,
    next_nonce: false,
};

#[derive(Default)]
struct State {
    issued: u32,
    /// The last count of each nonce.
    counts: HashMap<String, u32>,
}

fn server(rules: Rules) -> (Api, Log<Request<Body>>) {
    let sent = Log::new();
    let log = sent.clone();
    let state = Arc::new(Mutex::new(State::default()));
    let service = service_fn(move |request: Request<Body>| {
        let answer = answer(&rules, &mut state.lock().unwrap(), &request);
        log.push(request);
        async {
            // Others come in between.
            tokio::task::yield_now().await;
            Ok(answer)
        }
    });
    (BoxCloneSyncService::new(service), sent)
}

fn issue(state: &mut State) -> String {
    state.issued += 1;
    let nonce = format!("nonce-{}", state.issued);
    state.counts.insert(nonce.clone(), 0);
    nonce
}

fn answer(rules: &Rules, state: &mut State, request: &Request<Body>) -> Response<String> {
    let verdict = check(rules, state, request);
    if verdict == Ok(()) {
        let mut response = Response::new("in".to_owned());
        if rules.next_nonce {
            let info = format!("qop=auth, nextnonce=\"{}\"", issue(state));
            let info = info.parse().unwrap();
            response.headers_mut().insert("authentication-info", info);
        }
        return response;
    }
    let mut response = Response::new("refused".to_owned());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    for challenge in rules.challenges {
        let mut challenge = challenge.replace("NONCE", &issue(state));
        if verdict == Err("stale") && rules.says_stale {
            challenge += ", stale=TRUE";
        }
        response
            .headers_mut()
            .append(WWW_AUTHENTICATE, challenge.parse().unwrap());
    }
    response
}

fn hashed(algorithm: &str, text: &str) -> String {
    let bytes = match algorithm {
        "MD5" => Md5::digest(text).to_vec(),
        "SHA-256" => Sha256::digest(text).to_vec(),
        other => panic!("{other}"),
    };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(rules: &Rules, state: &mut State, request: &Request<Body>) -> Result<(), &'static str> {
    let header = request.headers().get(AUTHORIZATION).ok_or("none")?;
    let credentials = &Challenge::parse(header.as_bytes())[0];
    assert!(
        credentials.is("Digest"),
        "downgraded to {}",
        credentials.scheme()
    );
    let field = |name| credentials.get(name).ok_or("incomplete");
    let (algorithm, nonce) = (field("algorithm")?, field("nonce")?);
    let (uri, count, cnonce) = (field("uri")?, field("nc")?, field("cnonce")?);
    assert_eq!(uri, request.uri().path_and_query().unwrap().as_str());
    assert_eq!((field("qop")?, count.len()), ("auth", 8));
    assert!(cnonce.len() >= 16, "a short client nonce: {cnonce}");

    let (user, password) = (field("username")?, rules.password);
    let first = hashed(algorithm, &format!("{user}:r:{password}"));
    let second = hashed(algorithm, &format!("{}:{uri}", request.method()));
    let expected = format!("{first}:{nonce}:{count}:{cnonce}:auth:{second}");
    if hashed(algorithm, &expected) != field("response")? {
        return Err("wrong");
    }
    let last = state.counts.get_mut(nonce).expect("a nonce of ours");
    let count = u32::from_str_radix(count, 16).unwrap();
    if count > rules.uses {
        return Err("stale");
    }
    assert!(count > *last, "the count {count} follows {last}");
    *last = count;
    Ok(())
}

fn digest(
    rules: Rules,
) -> (
    impl tower::Service<Request<Body>, Response = Response<String>, Error = outbound_auth::BoxError>
    + Clone,
    Log<Request<Body>>,
) {
    let (server, sent) = server(rules);
    let layer = AuthLayer::digest(home(), "Mufasa", SECRET).unwrap();
    (layer.layer(server), sent)
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_later_requests_answer_at_once() {
    for challenges in [&[MD5][..], &[SHA_256], &["Basic realm=\"r\"", MD5, SHA_256]] {
        let (service, sent) = digest(Rules {
            challenges,
            ..RULES
        });
        for path in ["/", "/a?b=c%20d", "/a?b"] {
            let response = send(&service, get(&format!("{HOME}{path}"))).await.unwrap();
            assert_eq!(response.body(), "in", "{challenges:?}");
        }
        let sent = credentials(&sent);
        assert_eq!(sent.len(), 4);
        assert_eq!(sent.iter().filter(|value| value.is_none()).count(), 1);
        if challenges.len() > 1 {
            let answered = sent[1].as_deref().unwrap();
            assert!(answered.contains("algorithm=SHA-256"), "{answered}");
        }
    }
}

#[tokio::test]
async fn a_hundred_requests_at_once_count_strictly_upwards() {
    let (service, sent) = digest(RULES);
    for (round, sends) in [(1, 200), (2, 300)] {
        let all = (0..100).map(|number| send(&service, get(&format!("{HOME}/{number}"))));
        for response in join_all(all).await {
            assert_eq!(response.unwrap().status(), 200, "round {round}");
        }
        // The server has checked the order of the counts.
        assert_eq!(sent.len(), sends);
    }
    let later = credentials(&sent).split_off(200);
    let nonces: std::collections::HashSet<_> = later
        .iter()
        .flatten()
        .map(|value| Challenge::parse(value)[0].get("nonce").unwrap().to_owned())
        .collect();
    assert_eq!(nonces.len(), 1, "{nonces:?}");
}

#[tokio::test]
async fn nonces_that_are_good_once_let_a_hundred_requests_in_at_once() {
    let (service, sent) = digest(Rules { uses: 1, ..RULES });
    for (round, sends) in [(1, 200), (2, 400)] {
        let all = (0..100).map(|number| send(&service, get(&format!("{HOME}/{number}"))));
        for response in join_all(all).await {
            assert_eq!(response.unwrap().status(), 200, "round {round}");
        }
        assert_eq!(sent.len(), sends);
    }
}

#[tokio::test]
async fn a_stale_nonce_costs_one_more_round_and_no_error() {
    for says_stale in [true, false] {
        let (service, sent) = digest(Rules {
            uses: 2,
            says_stale,
            ..RULES
        });
        for _ in 0..4 {
            let response = send(&service, get(HOME)).await.unwrap();
            assert_eq!(response.status(), 200, "stale said: {says_stale}");
        }
        // Challenge, two uses, a third refused, two uses of the next.
        assert_eq!(sent.len(), 6);
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_to_the_caller_and_not_repeated() {
    let (service, sent) = digest(Rules {
        password: "other",
        ..RULES
    });
    for sends in [2, 4] {
        let response = send(&service, get(HOME)).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &**response.body()),
            (401, "refused")
        );
        assert!(response.headers().contains_key(WWW_AUTHENTICATE));
        assert_eq!(sent.len(), sends);
    }
}

#[tokio::test]
async fn the_next_nonce_is_used_without_a_challenge() {
    let (service, sent) = digest(Rules {
        uses: 1,
        next_nonce: true,
        ..RULES
    });
    for _ in 0..3 {
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    }
    assert_eq!(sent.len(), 4);
}

#[tokio::test]
async fn what_is_weaker_than_was_asked_for_is_not_answered() {
    let (api, sent) = server(Rules {
        challenges: &["Basic realm=\"r\"", MD5],
        ..RULES
    });
    let digest = Digest::new(home(), "Mufasa", SECRET).unwrap().without_md5();
    let service = AuthLayer::new(digest).replay().layer(api);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    assert_eq!(credentials(&sent), [None]);

    let (service, sent) = digest_with("Basic realm=\"r\"");
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    assert_eq!(credentials(&sent), [None]);
}

/// Whether a server that lets nobody in by MD5 is answered by it.
async fn is_md5_answered_after(first: &'static str) -> bool {
    let sent: Log<bool> = Log::new();
    let log = sent.clone();
    let api = service_fn(move |request: Request<Body>| {
        let shown = request.headers().get(AUTHORIZATION);
        log.push(shown.is_some_and(|shown| shown.to_str().unwrap().contains("algorithm=MD5")));
        let response = match log.len() {
            1 => Response::builder()
                .status(401)
                .header(WWW_AUTHENTICATE, first.replace("NONCE", "a")),
            3 => Response::builder()
                .status(401)
                .header(WWW_AUTHENTICATE, MD5.replace("NONCE", "chosen")),
            _ => Response::builder().status(200),
        };
        async move { Ok::<_, Infallible>(response.body(String::new()).unwrap()) }
    });
    let layer = AuthLayer::digest(home(), "u", "p").unwrap();
    let service = layer.layer(BoxCloneSyncService::new(api));
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    send(&service, get(HOME)).await.unwrap();
    sent.all().pop().unwrap()
}

#[tokio::test]
async fn who_was_let_in_by_sha_256_answers_md5_no_more() {
    assert!(!is_md5_answered_after(SHA_256).await);
    assert!(is_md5_answered_after(MD5).await);
}

fn digest_with(
    challenge: &'static str,
) -> (
    impl tower::Service<Request<Body>, Response = Response<String>, Error = outbound_auth::BoxError>
    + Clone,
    Log<Request<Body>>,
) {
    let challenges: &'static [&'static str] = Box::leak(Box::new([challenge]));
    digest(Rules {
        challenges,
        ..RULES
    })
}

#[tokio::test]
async fn without_a_replay_the_challenge_is_handed_out_and_answered_next_time() {
    let (api, sent) = server(RULES);
    let digest = Digest::new(home(), "Mufasa", SECRET).unwrap();
    let service = AuthLayer::new(digest).layer(api);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 200);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn nothing_is_answered_out_of_scope_or_against_the_callers_will() {
    let (service, sent) = digest(RULES);
    let elsewhere = send(&service, get("https://elsewhere.example/")).await;
    let error = elsewhere.unwrap_err();
    assert!(error.downcast_ref::<AuthError>().unwrap().is_out_of_scope());
    assert_eq!(sent.len(), 0);

    let mut request = get(HOME);
    request.extensions_mut().insert(NoAuth);
    assert_eq!(send(&service, request).await.unwrap().status(), 401);
    assert_eq!(credentials(&sent), [None]);
}

#[tokio::test]
async fn the_challenge_of_whom_a_redirect_led_to_is_not_answered() {
    let (api, sent) = server(RULES);
    let elsewhere = tower::util::MapResponse::new(api, |mut response: Response<String>| {
        let uri = "https://elsewhere.example/".parse().unwrap();
        response.extensions_mut().insert(EffectiveUri(uri));
        response
    });
    let layer = AuthLayer::digest(home(), "Mufasa", SECRET).unwrap();
    let service = layer.layer(elsewhere);
    for _ in 0..2 {
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
    }
    assert_eq!(credentials(&sent), [None, None]);
}

#[test]
fn what_digest_cannot_carry_is_refused_and_nothing_shows_the_password() {
    for (user, password) in [("a:b", SECRET), ("a", "canary-s3cret\n"), ("", "")] {
        let error = AuthLayer::digest(home(), user, password).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
    let http = Scope::origin("http://api.example.com").unwrap();
    assert!(AuthLayer::digest(http, "a", SECRET).is_err());
    let layer = AuthLayer::digest(home(), SECRET, SECRET).unwrap();
    assert!(!format!("{layer:?} {layer:#?}").contains(SECRET));
}

#[tokio::test]
async fn a_server_that_was_too_busy_to_look_has_let_nobody_in() {
    for (busy, sends) in [(429, 3), (503, 3), (403, 4)] {
        let (server, sent) = server(Rules {
            password: "other",
            ..RULES
        });
        let first = Arc::new(Mutex::new(Some(busy)));
        let in_front = service_fn(move |request: Request<Body>| {
            let known = request.headers().contains_key(AUTHORIZATION);
            let busy = known.then(|| first.lock().unwrap().take()).flatten();
            let server = server.clone();
            async move {
                let answer = send(&server, request).await;
                match busy {
                    None => answer,
                    Some(busy) => Ok(Response::builder()
                        .status(busy)
                        .body(String::new())
                        .unwrap()),
                }
            }
        });
        let layer = AuthLayer::digest(home(), "Mufasa", SECRET).unwrap();
        let service = layer.layer(in_front);
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), busy);
        // What was accepted may be repeated with another nonce.
        assert_eq!(send(&service, get(HOME)).await.unwrap().status(), 401);
        assert_eq!(sent.len(), sends, "after {busy}");
    }
}
