//! Token challenges, as an OCI registry poses them.
#![cfg(feature = "oauth2")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use outbound_auth::{AuthLayer, Registry, ReplayError, Scope};
use outbound_http::{BoxError, CloneBody};
use support::{Body, HOME, Log, SECRET, credential, get, home, send};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, service_fn};

type Client = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// A registry at `HOME`, and whatever else `realm` names.
#[derive(Clone)]
struct Rules {
    realm: &'static str,
    /// Seconds that a token lives; `None`: it is not told.
    lifetime: Option<u32>,
    /// What its challenge adds.
    error: &'static str,
    lets_in: bool,
}

const RULES: Rules = Rules {
    realm: "https://api.example.com/token",
    lifetime: Some(300),
    error: "",
    lets_in: true,
};

fn registry(rules: Rules) -> (Client, Log<Request<Body>>) {
    let sent = Log::new();
    let log: Log<Request<Body>> = sent.clone();
    let service = service_fn(move |request: Request<Body>| {
        let asked = log.all().iter().filter(|sent| is_fetch(sent)).count();
        let response = answer(&rules, &request, asked + 1);
        log.push(request);
        async {
            tokio::task::yield_now().await;
            Ok::<_, BoxError>(response)
        }
    });
    (BoxCloneSyncService::new(service), sent)
}

fn is_fetch(request: &Request<Body>) -> bool {
    request.uri().path() == "/token"
}

fn answer(rules: &Rules, request: &Request<Body>, number: usize) -> Response<Body> {
    if is_fetch(request) {
        let scope = request
            .uri()
            .query()
            .unwrap()
            .split("scope=")
            .nth(1)
            .unwrap_or("none");
        let scope = scope.split('&').next().unwrap();
        let life = rules
            .lifetime
            .map_or(String::new(), |life| format!(r#","expires_in":{life}"#));
        let body = format!(r#"{{"token":"{scope}.{number}"{life}}}"#);
        return Response::new(Full::from(body));
    }
    let writes = request.method() == "PUT";
    let repository = request.uri().path().split('/').nth(2).unwrap_or_default();
    let actions = if writes { "pull,push" } else { "pull" };
    let scope = format!("repository:{repository}:{actions}");
    let encoded = scope.replace(':', "%3A").replace(',', "%2C");
    let wanted = format!("Bearer {encoded}.");
    if rules.lets_in && credential(request).is_some_and(|value| value.starts_with(&wanted)) {
        return Response::new(Full::from("in"));
    }
    let challenge = format!(
        r#"Bearer realm="{}",service="reg",scope="{scope}"{}"#,
        rules.realm, rules.error
    );
    Response::builder()
        .status(401)
        .header("www-authenticate", challenge)
        .body(Full::from("refused"))
        .unwrap()
}

type Layered = <AuthLayer<Registry, CloneBody> as Layer<Client>>::Service;

fn service(rules: Rules) -> (Layered, Registry, Log<Request<Body>>) {
    let (client, sent) = registry(rules);
    let registry = Registry::new(home(), client.clone())
        .credentials("me", SECRET)
        .unwrap();
    let layer = AuthLayer::new(registry.clone()).replay();
    (layer.layer(client), registry, sent)
}

async fn status<S>(service: &S, request: Request<Body>) -> u16
where
    S: Service<Request<Body>, Response = Response<Body>, Error = BoxError> + Clone,
{
    send(service, request).await.unwrap().status().as_u16()
}

fn at(path: &str) -> Request<Body> {
    get(&format!("{HOME}{path}"))
}

fn put(path: &str) -> Request<Body> {
    Request::put(format!("{HOME}{path}"))
        .body(Full::from("x"))
        .unwrap()
}

#[tokio::test]
async fn a_challenge_is_answered_and_the_repository_is_known_from_then_on() {
    let (service, registry, sent) = service(RULES);
    assert_eq!(status(&service, at("/v2/a/manifests/latest")).await, 200);
    assert_eq!(status(&service, at("/v2/a/blobs/sha256:1")).await, 200);
    assert_eq!(
        status(&service, at("/v2/a/tags/list?n=2&last=x")).await,
        200
    );
    let sent = sent.all();
    assert_eq!(sent.len(), 5, "a challenge, a token, three answers");
    assert_eq!(
        sent[1].uri(),
        "https://api.example.com/token?service=reg&scope=repository%3Aa%3Apull&account=me"
    );
    assert_eq!(sent[1].method(), "GET");
    // "me:canary-s3cret"
    assert_eq!(
        credential(&sent[1]).unwrap(),
        "Basic bWU6Y2FuYXJ5LXMzY3JldA=="
    );
    assert_eq!(credential(&sent[0]), None);
    assert_eq!(
        credential(&sent[2]).unwrap(),
        "Bearer repository%3Aa%3Apull.1"
    );
    assert_eq!(registry.fetches(), 1);
}

#[tokio::test]
async fn each_scope_has_its_own_token_and_nobody_gets_anothers() {
    let (service, registry, sent) = service(RULES);
    for _ in 0..2 {
        assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
        assert_eq!(status(&service, at("/v2/b/tags/list")).await, 200);
        assert_eq!(status(&service, put("/v2/a/manifests/x")).await, 200);
    }
    assert_eq!(registry.fetches(), 3);
    assert_eq!(sent.len(), 12);
}

#[tokio::test]
async fn a_hundred_first_requests_fetch_one_token() {
    let (service, registry, sent) = service(RULES);
    let all = (0..100).map(|_| status(&service, at("/v2/a/tags/list")));
    assert!(join_all(all).await.into_iter().all(|status| status == 200));
    assert_eq!((registry.fetches(), sent.len()), (1, 201));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_again_when_its_life_is_over_which_is_a_minute_if_none_is_told() {
    for (lifetime, life) in [(Some(300), 300), (None, 60)] {
        let (service, registry, sent) = service(Rules { lifetime, ..RULES });
        assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
        tokio::time::advance(Duration::from_secs(life / 2)).await;
        assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
        assert_eq!(registry.fetches(), 1);
        tokio::time::advance(Duration::from_secs(life)).await;
        assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
        assert_eq!(
            (registry.fetches(), sent.len()),
            (2, 6),
            "and no request was refused"
        );
    }
}

#[tokio::test]
async fn a_realm_that_nobody_listed_is_not_asked() {
    for realm in [
        "https://auth.example.com/token",
        "http://api.example.com/token",
        "http://169.254.169.254/token",
        "https://api.example.com@evil.example/token",
    ] {
        let (service, registry, sent) = service(Rules { realm, ..RULES });
        let response = send(&service, at("/v2/a/tags/list")).await.unwrap();
        assert_eq!(response.status(), 401);
        let told = response
            .extensions()
            .get::<ReplayError>()
            .expect("the reason");
        assert!(told.get_ref().is_unavailable());
        assert_eq!((sent.len(), registry.fetches()), (1, 0), "{realm}");
    }
}

#[tokio::test]
async fn a_realm_that_is_listed_is_asked() {
    let (client, sent) = registry(Rules {
        realm: "https://auth.example.com/token",
        ..RULES
    });
    let registry = Registry::new(home(), client.clone())
        .realms(Scope::origin("https://auth.example.com").unwrap())
        .credentials("me", SECRET)
        .unwrap();
    let service = AuthLayer::new(registry).replay().layer(client);
    assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
    assert_eq!(sent.all()[1].uri().host(), Some("auth.example.com"));
}

#[tokio::test]
async fn a_registry_is_not_handed_a_token_that_another_one_asked_for() {
    const OTHER: &str = "https://mirror.example.com";
    let (client, sent) = registry(Rules {
        realm: "https://auth.example.com/token",
        ..RULES
    });
    let registry = Registry::new(Scope::origins([HOME, OTHER]).unwrap(), client.clone())
        .realms(Scope::origin("https://auth.example.com").unwrap());
    let service = AuthLayer::new(registry.clone()).replay().layer(client);
    for origin in [HOME, OTHER, HOME, OTHER] {
        // The same challenge, whoever poses it.
        let request = get(&format!("{origin}/v2/a/tags/list"));
        assert_eq!(status(&service, request).await, 200);
    }
    let seen_by = |host| {
        let sent = sent.all().into_iter();
        let mut tokens: Vec<_> = sent
            .filter(|request| request.uri().host() == Some(host))
            .filter_map(|request| credential(&request))
            .collect();
        tokens.dedup();
        tokens
    };
    let (home, mirror) = (seen_by("api.example.com"), seen_by("mirror.example.com"));
    assert_eq!((home.len(), mirror.len(), registry.fetches()), (1, 1, 2));
    assert_ne!(home, mirror);
}

#[tokio::test]
async fn without_credentials_the_token_is_asked_for_anonymously() {
    let (client, sent) = registry(RULES);
    let registry = Registry::new(home(), client.clone());
    let service = AuthLayer::new(registry).replay().layer(client);
    assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
    let sent = sent.all();
    assert_eq!(credential(&sent[1]), None);
    assert!(!sent[1].uri().query().unwrap().contains("account"));
}

#[tokio::test(start_paused = true)]
async fn the_token_comes_through_the_one_permit_that_its_request_needs() {
    let (client, sent) = registry(RULES);
    let client = tower::limit::ConcurrencyLimitLayer::new(1).layer(client);
    let registry = Registry::new(home(), client.clone());
    let service = AuthLayer::new(registry).replay().layer(client);
    let all = (0..10).map(|_| status(&service, at("/v2/a/tags/list")));
    let all = tokio::time::timeout(Duration::from_secs(5), join_all(all)).await;
    assert_eq!(all.expect("no deadlock"), [200; 10]);
    assert!(sent.len() <= 21);
}

#[tokio::test]
async fn an_insufficient_token_leads_to_no_loop() {
    for error in ["", ",error=\"insufficient_scope\""] {
        let (service, registry, sent) = service(Rules {
            error,
            lets_in: false,
            ..RULES
        });
        for request in 1..=3 {
            let response = send(&service, at("/v2/a/tags/list")).await.unwrap();
            assert_eq!(response.status(), 401);
            assert!(sent.len() <= 3 * request, "{error}: {} sends", sent.len());
        }
        assert!(
            registry.fetches() <= 3,
            "{error}: {} fetches",
            registry.fetches()
        );
        if !error.is_empty() {
            // A challenge, a token, a refusal; then a refusal each.
            assert_eq!((registry.fetches(), sent.len()), (1, 5));
        }
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_basic_gets_user_and_password_but_not_in_the_place_of_a_token() {
    fn basic(challenges: &'static [&'static str]) -> (Client, Log<Request<Body>>) {
        let sent = Log::new();
        let log: Log<Request<Body>> = sent.clone();
        let service = service_fn(move |request: Request<Body>| {
            let known = credential(&request).is_some_and(|value| value.starts_with("Basic "));
            log.push(request);
            let mut response = Response::builder().status(if known { 200 } else { 401 });
            for challenge in challenges {
                response = response.header("www-authenticate", *challenge);
            }
            let response = response.body(Body::default()).unwrap();
            async { Ok::<_, BoxError>(response) }
        });
        (BoxCloneSyncService::new(service), sent)
    }
    for (challenges, statuses, sends) in [
        (&["Basic realm=\"r\""][..], [200, 200], 3),
        (
            &[
                "Basic realm=\"r\"",
                "Bearer realm=\"https://elsewhere.example/\"",
            ],
            [401, 401],
            2,
        ),
        (&["Negotiate"], [401, 401], 2),
    ] {
        let (client, sent) = basic(challenges);
        let registry = Registry::new(home(), client.clone())
            .credentials("me", SECRET)
            .unwrap();
        let service = AuthLayer::new(registry).replay().layer(client);
        for expected in statuses {
            assert_eq!(
                status(&service, at("/v2/")).await,
                expected,
                "{challenges:?}"
            );
        }
        assert_eq!(sent.len(), sends, "{challenges:?}");
    }
}

#[tokio::test]
async fn out_of_scope_nothing_is_sent_and_nothing_is_shown() {
    let (service, registry, sent) = service(RULES);
    assert!(
        send(&service, get("https://elsewhere.example/v2/"))
            .await
            .is_err()
    );
    assert_eq!(sent.len(), 0);
    assert!(!format!("{registry:?} {service:?}").contains(SECRET));
}

/// Asks for another scope each time, and lets in who has the one that it asked for last, or nobody.
fn fickle(lets_in: bool) -> (Layered, Registry, Log<Request<Body>>) {
    let sent = Log::new();
    let log: Log<Request<Body>> = sent.clone();
    let client = service_fn(move |request: Request<Body>| {
        let challenges = log.all().iter().filter(|sent| !is_fetch(sent)).count();
        let scope = |number: usize| format!("x{number}");
        let response = if is_fetch(&request) {
            let query = request.uri().query().unwrap();
            let scope = query.split("scope=").nth(1).unwrap();
            let scope = scope.split('&').next().unwrap();
            Response::new(Full::from(format!(r#"{{"token":"{scope}"}}"#)))
        } else if lets_in
            && challenges > 0
            && credential(&request) == Some(format!("Bearer {}", scope(challenges - 1)))
        {
            Response::new(Full::from("in"))
        } else {
            let challenge = format!(
                r#"Bearer realm="{HOME}/token",scope="{}""#,
                scope(challenges)
            );
            let response = Response::builder().status(401);
            let response = response.header("www-authenticate", challenge);
            response.body(Full::from("refused")).unwrap()
        };
        log.push(request);
        async { Ok::<_, BoxError>(response) }
    });
    let client = BoxCloneSyncService::new(client);
    let registry = Registry::new(home(), client.clone());
    let layer = AuthLayer::new(registry.clone()).replay();
    (layer.layer(client), registry, sent)
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_asks_for_another_scope_each_time_gets_it_as_long_as_that_helps() {
    let (service, registry, sent) = fickle(true);
    for request in 1..=20 {
        assert_eq!(status(&service, at("/v2/a/tags/list")).await, 200);
        assert_eq!(
            (registry.fetches(), sent.len()),
            (request, 3 * usize::try_from(request).unwrap())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_asks_for_another_scope_each_time_in_vain_is_believed_seldom() {
    let (service, registry, sent) = fickle(false);
    for _ in 0..100 {
        let response = send(&service, at("/v2/a/tags/list")).await.unwrap();
        assert_eq!(response.status(), 401);
    }
    // Three times a challenge, a token and a refusal; then a refusal each.
    assert_eq!((registry.fetches(), sent.len()), (3, 9 + 97));
    // Another repository is another matter.
    assert_eq!(status(&service, at("/v2/b/tags/list")).await, 401);
    assert_eq!(registry.fetches(), 4);
    // It doubles: after 10 seconds, and 20 seconds after that.
    for (pause, fetches) in [(9, 4), (1, 5), (19, 5), (1, 6)] {
        tokio::time::advance(Duration::from_secs(pause)).await;
        for _ in 0..10 {
            assert_eq!(status(&service, at("/v2/a/tags/list")).await, 401);
        }
        assert_eq!(registry.fetches(), fetches, "after {pause} seconds");
    }
}
