//! What a user of the layers may rely on: what is added, and to which requests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use http::{HeaderValue, Request};
use outbound_auth::{AuthError, AuthLayer, Scope};
use outbound_http::{CrossOrigin, NoAuth};
use tower::{Layer, ServiceBuilder};

use self::support::{HOME, SECRET, api, credential, credentials, get, home, send};

const ELSEWHERE: [&str; 9] = [
    "http://api.example.com/",
    "https://api.example.com:8443/",
    "https://api.example.com./",
    "https://example.com/",
    "https://evilapi.example.com/",
    "https://api.example.com.evil.test/",
    "https://api.example.com@evil.test/",
    "https://api.example.co/",
    "/without/authority",
];

#[tokio::test]
async fn bearer_is_added_within_its_origin() {
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::bearer(home(), SECRET).unwrap().layer(inner);
    for uri in [
        "https://api.example.com/",
        "HTTPS://API.Example.com:443/v1?q",
    ] {
        send(&service, get(uri)).await.unwrap();
    }
    let expected = Some(format!("Bearer {SECRET}"));
    assert_eq!(credentials(&sent), [expected.clone(), expected]);
}

#[tokio::test]
async fn a_request_to_another_origin_is_sent_without_the_credential() {
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::bearer(home(), SECRET).unwrap().layer(inner);
    for uri in ELSEWHERE {
        send(&service, get(uri)).await.unwrap();
        assert!(sent.all().last().unwrap().headers().is_empty(), "{uri}");
    }
}

#[tokio::test]
async fn strict_sends_nothing_to_another_origin_and_says_why() {
    let (inner, sent) = api(|_| 200);
    let layer = AuthLayer::bearer(home(), SECRET).unwrap().strict();
    let service = layer.layer(inner);
    for uri in ELSEWHERE {
        let error = send(&service, get(uri)).await.unwrap_err();
        let error: &AuthError = error.downcast_ref().unwrap();
        assert!(error.is_out_of_scope() && !error.is_unavailable(), "{uri}");
        assert!(error.to_string().contains(HOME), "{error}");
    }
    assert_eq!(sent.len(), 0);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(credentials(&sent), [Some(format!("Bearer {SECRET}"))]);
}

#[tokio::test]
async fn every_origin_of_the_scope_gets_the_credential() {
    let (inner, sent) = api(|_| 200);
    let scope = Scope::origins([HOME, "https://b.example"]).unwrap();
    let scope = scope.and("https://c.example:8443").unwrap();
    let service = AuthLayer::bearer(scope, SECRET).unwrap().layer(inner);
    for uri in ["https://b.example/", "https://c.example:8443/", HOME] {
        send(&service, get(uri)).await.unwrap();
        assert!(credential(sent.all().last().unwrap()).is_some(), "{uri}");
    }
}

#[test]
fn plain_http_is_in_no_scope_but_this_machine_or_where_it_is_allowed() {
    let contains = |scope: &Scope, uri: &str| scope.contains(&uri.parse().unwrap());
    let here = Scope::origin("http://127.0.0.1:8080").unwrap();
    assert!(contains(&here, "http://127.0.0.1:8080/"));
    let there = Scope::origin("http://api.example.com").unwrap();
    assert!(!contains(&there, "http://api.example.com/"));
    assert!(contains(&there.allow_http(), "http://api.example.com/"));
    assert!(!contains(&Scope::any(), "http://api.example.com/"));
    assert!(contains(&Scope::any(), "http://localhost:1/"));
    assert!(contains(
        &Scope::any().allow_http(),
        "http://api.example.com/"
    ));
}

#[test]
fn any_origin_is_any_https_origin_and_a_uri_without_one() {
    let contains = |uri: &str| Scope::any().contains(&uri.parse().unwrap());
    assert!(contains("https://wherever.example/"));
    assert!(contains("/path"));
    assert!(!contains("proxy.example:443"), "the target of a CONNECT");
    assert!(!contains("gopher://wherever.example/"));
}

#[test]
fn the_target_of_a_connect_is_any_origin_where_encryption_is_not_asked_for() {
    let contains = |uri: &str| Scope::any().allow_http().contains(&uri.parse().unwrap());
    assert!(contains("target.example:443"));
    assert!(!contains("gopher://wherever.example/"));
    let listed = Scope::origin("https://target.example")
        .unwrap()
        .allow_http();
    assert!(!listed.contains(&"target.example:443".parse().unwrap()));
}

#[test]
fn a_scope_that_could_only_refuse_is_an_error_at_once() {
    let scope = Scope::origin("http://api.example.com").unwrap();
    let error = AuthLayer::bearer(scope.clone(), SECRET).unwrap_err();
    assert!(error.to_string().contains("allow_http"), "{error}");
    assert!(AuthLayer::bearer(scope.allow_http(), SECRET).is_ok());
    assert!(Scope::origins::<[&str; 0]>([]).is_err());
    assert!(Scope::origin("https://u:canary-s3cret@h").is_err());
    assert!(Scope::origin("api.example.com").is_err());
}

#[tokio::test]
async fn a_request_marked_no_auth_passes_without_a_credential() {
    let (inner, sent) = api(|_| 200);
    let layer = AuthLayer::bearer(home(), SECRET).unwrap();
    let mut request = get(HOME);
    request.extensions_mut().insert(NoAuth);
    send(&layer.layer(inner.clone()), request.clone())
        .await
        .unwrap();
    send(
        &layer.clone().strict().layer(inner.clone()),
        request.clone(),
    )
    .await
    .unwrap();
    // Wherever it goes.
    *request.uri_mut() = "https://elsewhere.example".parse().unwrap();
    send(&layer.strict().layer(inner), request).await.unwrap();
    assert_eq!(credentials(&sent), [None, None, None]);
}

#[tokio::test]
async fn a_request_marked_cross_origin_carries_no_credential() {
    let (inner, sent) = api(|_| 200);
    let layer = AuthLayer::bearer(Scope::any(), SECRET).unwrap();
    let mut request = get("https://b.example");
    request.extensions_mut().insert(CrossOrigin);
    send(&layer.layer(inner.clone()), request.clone())
        .await
        .unwrap();
    assert_eq!(credentials(&sent), [None]);

    let error = send(&layer.strict().layer(inner), request)
        .await
        .unwrap_err();
    assert!(error.downcast_ref::<AuthError>().unwrap().is_out_of_scope());
    assert_eq!(sent.len(), 1);
}

#[tokio::test]
async fn strict_sends_a_cross_origin_request_to_an_origin_that_is_listed() {
    let (inner, sent) = api(|_| 200);
    let scope = home().and("https://b.example").unwrap();
    let service = AuthLayer::bearer(scope, SECRET)
        .unwrap()
        .strict()
        .layer(inner);
    let mut request = get("https://b.example");
    request.extensions_mut().insert(CrossOrigin);
    send(&service, request).await.unwrap();
    assert_eq!(credentials(&sent), [Some(format!("Bearer {SECRET}"))]);
}

#[tokio::test]
async fn a_header_that_the_caller_has_set_is_left_alone() {
    let (inner, sent) = api(|_| 200);
    let layer = AuthLayer::bearer(home(), SECRET).unwrap();
    for uri in [HOME, "https://elsewhere.example"] {
        let mut request = get(uri);
        let own = HeaderValue::from_static("Basic b3du");
        request.headers_mut().insert("authorization", own);
        send(&layer.layer(inner.clone()), request.clone())
            .await
            .unwrap();
        send(&layer.clone().strict().layer(inner.clone()), request)
            .await
            .unwrap();
    }
    assert_eq!(sent.len(), 4);
    for request in sent.all() {
        let values: Vec<_> = request.headers().get_all("authorization").iter().collect();
        assert_eq!(values, ["Basic b3du"]);
    }
}

#[tokio::test]
async fn basic_is_sent_in_utf_8() {
    let (inner, sent) = api(|_| 200);
    for (user, password) in [("Aladdin", "open sesame"), ("tëst", "1:2£"), ("key", "")] {
        let layer = AuthLayer::basic(home(), user, password).unwrap();
        send(&layer.layer(inner.clone()), get(HOME)).await.unwrap();
    }
    let expected = [
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "dMOrc3Q6MToywqM=",
        "a2V5Og==",
    ];
    let expected = expected.map(|encoded| Some(format!("Basic {encoded}")));
    assert_eq!(credentials(&sent), expected);
}

#[tokio::test]
async fn credentials_combine_by_stacking() {
    let (inner, sent) = api(|_| 200);
    let service = ServiceBuilder::new()
        .layer(AuthLayer::bearer(home(), SECRET).unwrap())
        .layer(AuthLayer::header(home(), "x-api-key", "key in a header").unwrap())
        .layer(AuthLayer::query(home(), "key", "a&b").unwrap())
        .layer(AuthLayer::query(home(), "app", "ü").unwrap().strict())
        .service(inner);
    send(&service, get("https://api.example.com/v1?x=%2f+1"))
        .await
        .unwrap();
    let request = &sent.all()[0];
    assert_eq!(
        request.uri(),
        "https://api.example.com/v1?x=%2f+1&key=a%26b&app=%C3%BC"
    );
    assert_eq!(credential(request), Some(format!("Bearer {SECRET}")));
    let key = &request.headers()["x-api-key"];
    assert!(key.is_sensitive());
    assert_eq!(key, "key in a header");
}

#[tokio::test]
async fn a_query_key_stays_within_its_origin() {
    let (inner, sent) = api(|_| 200);
    let service = AuthLayer::query(home(), "key", SECRET)
        .unwrap()
        .layer(inner);
    for uri in ELSEWHERE {
        send(&service, get(uri)).await.unwrap();
    }
    for (request, uri) in sent.all().iter().zip(ELSEWHERE) {
        assert_eq!(request.uri(), uri);
    }
}

#[tokio::test]
async fn a_target_that_has_no_query_gets_none_and_strict_does_not_send_it() {
    let (inner, sent) = api(|_| 200);
    let layer = AuthLayer::query(Scope::any(), "key", SECRET).unwrap();
    let options = || {
        let request = Request::options("*");
        request.body(support::Body::default()).unwrap()
    };
    send(&layer.layer(inner.clone()), options()).await.unwrap();
    assert_eq!(sent.all()[0].uri(), "*");

    let strict = layer.strict().layer(inner);
    let too_long = format!("/{}", "x".repeat(65_530));
    for request in [options(), get(&too_long)] {
        let error = send(&strict, request).await.unwrap_err();
        let error: &AuthError = error.downcast_ref().unwrap();
        assert!(error.is_out_of_scope(), "{error}");
        assert!(error.to_string().contains("query"), "{error}");
    }
    let mut anonymous = options();
    anonymous.extensions_mut().insert(NoAuth);
    send(&strict, anonymous).await.unwrap();
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn a_credential_for_a_proxy_goes_in_its_own_header_beside_that_of_the_server() {
    let (inner, sent) = api(|_| 200);
    let service = ServiceBuilder::new()
        .layer(AuthLayer::bearer(home(), SECRET).unwrap())
        .layer(
            AuthLayer::basic(home(), "user", "password")
                .unwrap()
                .proxy()
                .strict(),
        )
        .layer(
            AuthLayer::header(home(), "x-api-key", "key")
                .unwrap()
                .proxy(),
        )
        .service(inner);
    send(&service, get(HOME)).await.unwrap();
    let request = &sent.all()[0];
    assert_eq!(credential(request), Some(format!("Bearer {SECRET}")));
    let proxy = &request.headers()["proxy-authorization"];
    assert!(proxy.is_sensitive());
    assert_eq!(proxy, "Basic dXNlcjpwYXNzd29yZA==");
    assert_eq!(request.headers()["x-api-key"], "key");
    // Each gives way to the caller's own, and not to the other's.
    let mut own = get(HOME);
    own.headers_mut()
        .insert("proxy-authorization", HeaderValue::from_static("own"));
    send(&service, own).await.unwrap();
    let request = &sent.all()[1];
    assert_eq!(credential(request), Some(format!("Bearer {SECRET}")));
    assert_eq!(request.headers()["proxy-authorization"], "own");
}
