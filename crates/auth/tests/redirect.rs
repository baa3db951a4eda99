//! Which credentials a redirect takes along.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::convert::Infallible;
use std::future::ready;

use http::{HeaderValue, Request, Response};
use outbound_auth::{AuthLayer, RemoveSensitive, Scope};
use outbound_http::{CrossOrigin, NoAuth, ResendCount};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use tower_http::follow_redirect::FollowRedirectLayer;

use self::support::{Body, Log, get, home, numbered_at_once, replaying, send};

const A: &str = "https://api.example.com/";
const B: &str = "https://b.example/";

/// Redirects `/?a&b&c` to `a?b&c`, and so on.
fn redirecting() -> (
    impl Service<Request<Body>, Response = Response<String>, Error = Infallible, Future: Send> + Clone,
    Log<Request<Body>>,
) {
    let sent = Log::new();
    let log = sent.clone();
    let service = service_fn(move |request: Request<Body>| {
        let hops = request.uri().query().unwrap_or_default();
        let (next, rest) = hops.split_once('&').unwrap_or((hops, ""));
        let mut response = Response::new(String::new());
        if !next.is_empty() {
            *response.status_mut() = http::StatusCode::TEMPORARY_REDIRECT;
            let to = HeaderValue::try_from(format!("{next}?{rest}")).unwrap();
            response.headers_mut().insert("location", to);
        }
        log.push(request);
        ready(Ok(response))
    });
    (service, sent)
}

fn hops<const N: usize>(to: [&str; N]) -> Request<Body> {
    get(&format!("{A}?{}", to.join("&")))
}

#[tokio::test]
async fn a_redirect_beneath_the_layers_loses_every_credential_at_another_origin_and_for_good() {
    let (inner, sent) = redirecting();
    let service = ServiceBuilder::new()
        .layer(AuthLayer::bearer(home(), "token").unwrap())
        .layer(AuthLayer::header(home(), "x-api-key", "key").unwrap())
        .layer(FollowRedirectLayer::with_policy(RemoveSensitive::new()))
        .service(inner);
    for other in [
        B,
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://api.example.com./",
    ] {
        let mut request = hops([A, other, A]);
        let headers = request.headers_mut();
        headers.insert("cookie", HeaderValue::from_static("session=1"));
        headers.insert("host", HeaderValue::from_static("api.example.com"));
        headers.insert("accept", HeaderValue::from_static("*/*"));
        let before = sent.len();
        assert_eq!(send(&service, request).await.unwrap().status(), 200);
        let sent = &sent.all()[before..];
        let names: Vec<Vec<_>> = sent
            .iter()
            .map(|request| {
                request
                    .headers()
                    .keys()
                    .map(|name| name.as_str().to_owned())
                    .collect()
            })
            .collect();
        assert_eq!(names[0].len(), 5);
        assert_eq!(names[1], names[0], "the same origin");
        assert_eq!(names[2..], [["accept"], ["accept"]], "{other}");
    }
}

#[tokio::test]
async fn a_refusal_by_whom_a_redirect_beneath_led_to_condemns_no_token() {
    // 307 from `/`, and 401 from wherever that leads.
    let inner = service_fn(|request: Request<Body>| {
        let mut response = Response::new(String::new());
        match request.uri().query() {
            Some(to) => {
                *response.status_mut() = http::StatusCode::TEMPORARY_REDIRECT;
                let to = HeaderValue::from_str(to).unwrap();
                response.headers_mut().insert("location", to);
            }
            None => *response.status_mut() = http::StatusCode::UNAUTHORIZED,
        }
        ready(Ok::<_, Infallible>(response))
    });
    let inner = FollowRedirectLayer::with_policy(RemoveSensitive::new()).layer(inner);
    for (to, fetches) in [(B, 1), ("https://api.example.com/x", 2)] {
        let (tokens, _) = numbered_at_once();
        let service = replaying(&tokens, inner);
        let response = send(&service, hops([to])).await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!((tokens.fetches(), tokens.resends()), (fetches, fetches - 1));
    }
}

#[tokio::test]
async fn a_header_with_one_sensitive_value_among_others_is_lost_whole() {
    let (inner, sent) = redirecting();
    let service = FollowRedirectLayer::with_policy(RemoveSensitive::new()).layer(inner);
    let mut request = hops([B]);
    let mut secret = HeaderValue::from_static("secret");
    secret.set_sensitive(true);
    request
        .headers_mut()
        .insert("x-key", HeaderValue::from_static("public"));
    request.headers_mut().append("x-key", secret);
    send(&service, request).await.unwrap();
    assert!(!sent.all()[1].headers().contains_key("x-key"));
}

#[tokio::test]
async fn a_layer_beneath_adds_nothing_at_another_origin_nor_after_it() {
    let (inner, sent) = redirecting();
    let service = ServiceBuilder::new()
        .layer(FollowRedirectLayer::with_policy(RemoveSensitive::new()))
        .layer(AuthLayer::bearer(Scope::any(), "token").unwrap())
        .service(inner);
    send(&service, hops([A, B, A])).await.unwrap();
    let carried: Vec<_> = sent
        .all()
        .iter()
        .map(|request| request.headers().contains_key("authorization"))
        .collect();
    assert_eq!(carried, [true, true, false, false]);
}

#[tokio::test]
async fn extensions_stay_behind_but_for_the_wish_to_be_anonymous() {
    #[derive(Clone)]
    struct Tenant;

    let (inner, sent) = redirecting();
    let service = FollowRedirectLayer::with_policy(RemoveSensitive::new()).layer(inner);
    let mut request = hops([A, B]);
    request.extensions_mut().insert(Tenant);
    request.extensions_mut().insert(NoAuth);
    send(&service, request).await.unwrap();
    let sent = sent.all();
    for (request, home) in sent.iter().zip([true, true, false]) {
        let extensions = request.extensions();
        assert_eq!(extensions.get::<Tenant>().is_some(), home);
        assert_eq!(extensions.get::<CrossOrigin>().is_some(), !home);
        assert_eq!(extensions.get::<NoAuth>(), Some(&NoAuth));
    }
}

#[tokio::test]
async fn redirects_are_followed_up_to_a_limit() {
    let (inner, sent) = redirecting();
    let default = FollowRedirectLayer::with_policy(RemoveSensitive::default()).layer(inner.clone());
    let two = RemoveSensitive::new().limit(2);
    let two = FollowRedirectLayer::with_policy(two).layer(inner);
    assert_eq!(send(&default, hops([A; 20])).await.unwrap().status(), 307);
    assert_eq!(sent.len(), 1 + RemoveSensitive::DEFAULT_LIMIT);
    assert_eq!(send(&two, hops([A; 2])).await.unwrap().status(), 200);
    assert_eq!(send(&two, hops([A; 3])).await.unwrap().status(), 307);
}

#[tokio::test]
async fn each_redirect_is_a_resend_more_and_a_first_send_is_none() {
    let (inner, sent) = redirecting();
    let policy = RemoveSensitive::new();
    let service = FollowRedirectLayer::with_policy(policy).layer(inner);
    let counts = |before: usize| -> Vec<u32> {
        let of = |request: &Request<Body>| ResendCount::of(request.extensions()).0;
        sent.all()[before..].iter().map(of).collect()
    };
    send(&service, hops([A, B, A])).await.unwrap();
    assert_eq!(counts(0), [0, 1, 2, 3]);

    // On top of what was sent again before.
    let mut again = hops([A]);
    again.extensions_mut().insert(ResendCount(2));
    send(&service, again).await.unwrap();
    assert_eq!(counts(4), [2, 3]);
}
