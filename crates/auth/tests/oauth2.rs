//! The OAuth 2.0 grants, over services that behave well and over some that do not.
#![cfg(feature = "oauth2")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/idp.rs"]
mod idp;
mod support;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use idp::{Client, TOKEN_URL, endpoint, json, server, token};
use outbound_auth::oauth2::{
    ClientAuthentication, ClientCredentials, OAuthError, RefreshToken, TokenEndpoint,
};
use outbound_auth::{AuthError, AuthLayer, FetchError, Reason, TokenSource, Tokens};
use outbound_http::{EffectiveUri, NoAuth};
use support::{Body, HOME, Log, SECRET, get, home, send};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceExt, service_fn};

fn source(client: &Client) -> ClientCredentials {
    ClientCredentials::new(endpoint(client), "me", SECRET).unwrap()
}

/// The error code and description that a caller finds.
async fn told(source: impl TokenSource) -> (Option<String>, Option<String>) {
    let error = Tokens::new(source).warm().await.unwrap_err();
    let error = std::error::Error::source(&error).unwrap();
    let error: &OAuthError = error.downcast_ref().unwrap();
    (
        error.code().map(str::to_owned),
        error.description().map(str::to_owned),
    )
}

async fn fails(source: &impl TokenSource) -> FetchError {
    source.fetch(Reason::Missing).await.unwrap_err()
}

#[tokio::test]
async fn the_request_is_what_the_rfc_says_to_the_byte() {
    let (client, asked) = server(|number, _| token(number));
    let source = source(&client)
        .scope("read write")
        .parameter("audience", "https://api.example.com");
    let token = source.fetch(Reason::Missing).await.unwrap();
    assert_eq!(
        (token.expose_secret(), token.lifetime()),
        ("t1", Some(Duration::from_secs(3600)))
    );

    let (head, body) = &asked.all()[0];
    assert_eq!(
        (head.method.as_str(), head.uri.to_string().as_str()),
        ("POST", TOKEN_URL)
    );
    assert_eq!(
        head.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(head.headers["accept"], "application/json");
    // "me:canary-s3cret"
    assert_eq!(
        head.headers["authorization"],
        "Basic bWU6Y2FuYXJ5LXMzY3JldA=="
    );
    assert!(head.headers["authorization"].is_sensitive());
    assert_eq!(head.headers.len(), 3);
    assert!(head.extensions.get::<NoAuth>().is_some());
    assert_eq!(
        body,
        "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example.com"
    );
}

#[tokio::test]
async fn the_secret_stands_in_the_form_where_that_is_wanted_and_not_in_both() {
    let (client, asked) = server(|number, _| token(number));
    let source = source(&client).authentication(ClientAuthentication::Post);
    source.fetch(Reason::Missing).await.unwrap();
    let (head, body) = &asked.all()[0];
    assert!(!head.headers.contains_key("authorization"));
    assert_eq!(
        body,
        "grant_type=client_credentials&client_id=me&client_secret=canary-s3cret"
    );
}

/// The API and the authorization server are one.
fn both() -> (Client, Log<(http::request::Parts, String)>) {
    server(|_, request| match request.uri().path() {
        "/token" => token(1),
        _ if request
            .headers()
            .get("authorization")
            .is_some_and(|value| value == "Bearer t1") =>
        {
            json(200, "[]")
        }
        _ => json(401, "{}"),
    })
}

#[tokio::test(start_paused = true)]
async fn the_token_may_come_over_a_clone_of_the_same_client_with_room_for_one_request() {
    let (client, asked) = both();
    let client = ConcurrencyLimitLayer::new(1).layer(client);
    let endpoint = TokenEndpoint::new(client.clone(), TOKEN_URL).unwrap();
    let tokens = Tokens::new(ClientCredentials::new(endpoint, "me", SECRET).unwrap());
    let service = AuthLayer::bearer_from(home(), tokens)
        .replay()
        .layer(client);
    let all = (0..10).map(|_| send(&service, get(HOME)));
    let all = tokio::time::timeout(Duration::from_secs(5), join_all(all)).await;
    for response in all.expect("no deadlock") {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(asked.len(), 11);
}

#[tokio::test(start_paused = true)]
async fn the_token_may_come_through_the_very_layer_that_waits_for_it() {
    let (inner, asked) = both();
    let whole: Arc<OnceLock<Client>> = Arc::default();
    let slot = Arc::clone(&whole);
    let itself = service_fn(move |request: Request<Body>| {
        slot.get()
            .expect("set before the first call")
            .clone()
            .oneshot(request)
    });
    let endpoint = TokenEndpoint::new(itself, TOKEN_URL).unwrap();
    let tokens = Tokens::new(ClientCredentials::new(endpoint, "me", SECRET).unwrap());
    let layered = AuthLayer::bearer_from(home(), tokens).replay().layer(inner);
    let layered = whole.get_or_init(|| Client::new(layered));
    let response = tokio::time::timeout(Duration::from_secs(5), send(layered, get(HOME)));
    assert_eq!(response.await.expect("no recursion").unwrap().status(), 200);
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_redirect_is_an_error_and_the_secret_is_not_sent_on() {
    for status in [301, 302, 303, 307, 308] {
        let (client, asked) = server(move |_, _| {
            let mut response = json(status, "");
            let elsewhere = "https://elsewhere.example/token".parse().unwrap();
            response.headers_mut().insert("location", elsewhere);
            response
        });
        let error = fails(&source(&client)).await;
        assert!(error.to_string().contains("redirect"), "{error}");
        assert!(error.is_permanent());
        assert_eq!(asked.len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_answer_of_whom_a_redirect_led_to_is_not_believed() {
    let stamps: &[fn(&mut http::Extensions, http::Uri)] = &[
        |extensions, uri| drop(extensions.insert(EffectiveUri(uri))),
        #[cfg(feature = "follow-redirect")]
        |extensions, uri| {
            let uri = tower_http::follow_redirect::RequestUri(uri);
            extensions.insert(uri);
        },
    ];
    for stamp in stamps {
        let (client, _) = server(move |number, _| {
            let mut response = token(number);
            let uri = "https://elsewhere.example/token".parse().unwrap();
            stamp(response.extensions_mut(), uri);
            response
        });
        let error = fails(&source(&client)).await;
        assert!(error.to_string().contains("another origin"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_beyond_a_mebibyte_is_not_read_on() {
    let read = Arc::new(AtomicUsize::new(0));
    let frames = Arc::clone(&read);
    let client = service_fn(move |_: Request<Body>| {
        let frames = Arc::clone(&frames);
        let body = futures_util::stream::repeat_with(move || {
            frames.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(http_body::Frame::data(Bytes::from(vec![b' '; 65536])))
        });
        let body = http_body_util::StreamBody::new(body);
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let endpoint = TokenEndpoint::new(client, TOKEN_URL).unwrap();
    let source = ClientCredentials::new(endpoint, "me", SECRET).unwrap();
    let error = fails(&source).await;
    assert!(
        error.to_string().contains("longer than 1048576 bytes"),
        "{error}"
    );
    // 16 frames fill it, the next is one too many.
    assert_eq!(read.load(Ordering::Relaxed), 17);
}

#[tokio::test]
async fn what_the_engine_has_to_know_of_a_failure_reaches_it() {
    let busy = |status| {
        move |_: usize, _: &Request<Body>| {
            let mut response = json(status, r#"{"error":"invalid_grant"}"#);
            response.headers_mut().insert("retry-after", 7.into());
            response
        }
    };
    for (status, permanent) in [(429, false), (503, false), (400, true)] {
        let (client, _) = server(busy(status));
        let error = fails(&source(&client)).await;
        assert_eq!(error.is_permanent(), permanent, "{status}");
        assert_eq!(error.delay(), Some(Duration::from_secs(7)));
    }
    let broken = service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, _>(std::io::Error::other("reset"))
    });
    let endpoint = TokenEndpoint::new(broken, TOKEN_URL).unwrap();
    let error = fails(&ClientCredentials::new(endpoint, "me", SECRET).unwrap()).await;
    assert!(!error.is_permanent());
    assert_eq!(error.to_string(), "the token endpoint cannot be reached");
}

#[tokio::test]
async fn a_caller_finds_out_what_the_server_said() {
    let (client, asked) = server(|_, _| {
        json(
            401,
            r#"{"error":"invalid_client","error_description":"no such client"}"#,
        )
    });
    let tokens = Tokens::new(source(&client));
    let service = AuthLayer::bearer_from(home(), tokens).layer(client.clone());
    let error = send(&service, get(HOME)).await.err().unwrap();
    let error = error
        .downcast_ref::<AuthError>()
        .expect("of the auth layer");
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause.filter(|cause| !cause.is::<OAuthError>()) {
        cause = next.source();
    }
    let told = cause
        .and_then(|cause| cause.downcast_ref::<OAuthError>())
        .expect("its cause");
    assert_eq!(told.code(), Some("invalid_client"));
    assert_eq!(told.description(), Some("no such client"));
    assert_eq!(told.status().unwrap(), 401);
    assert_eq!(asked.len(), 1, "and nothing was sent to the API");
}

#[tokio::test]
async fn no_secret_is_shown_even_if_the_server_repeats_it() {
    for repeated in [SECRET, "bWU6Y2FuYXJ5LXMzY3JldA=="] {
        let body = format!(r#"{{"error":"{repeated}","error_description":"bad {repeated}"}}"#);
        let (client, _) = server(move |_, _| json(400, &body));
        let error = fails(&source(&client)).await;
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains(repeated), "{shown}");
    }
    let (client, _) = server(|number, _| token(number));
    let refresh = RefreshToken::new(endpoint(&client), "me", SECRET).unwrap();
    let refresh = refresh
        .client_secret(SECRET)
        .unwrap()
        .parameter("assertion", SECRET);
    let shown = format!("{:?} {refresh:?} {:?}", source(&client), endpoint(&client));
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_secret_parameter_that_the_server_repeats_is_kept_in_no_form() {
    const ASSERTION: &str = "canary.assertion_1";
    const SPACED: &str = "canary pass phrase";
    for repeated in [ASSERTION, SPACED, "canary+pass+phrase"] {
        let body = format!(r#"{{"error":"{repeated}","error_description":"bad {repeated}"}}"#);
        let (client, _) = server(move |_, _| json(400, &body));
        let assertion = ("client_assertion", ASSERTION);
        let credentials = source(&client).parameter(assertion.0, assertion.1);
        let refresh = RefreshToken::new(endpoint(&client), "app", "first").unwrap();
        let refresh = refresh.parameter(assertion.0, assertion.1);
        let credentials = credentials.parameter("password", SPACED);
        assert_eq!(told(credentials).await, (None, None), "{repeated}");
        let refresh = refresh.parameter("password", SPACED);
        assert_eq!(told(refresh).await, (None, None), "{repeated}");
    }
    // A short value is no secret, and may be part of a word.
    let (client, _) = server(|_, _| json(400, r#"{"error":"invalid_scope"}"#));
    let short = source(&client).parameter("audience", "scope");
    assert_eq!(told(short).await, (Some("invalid_scope".into()), None));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_or_cannot_be_sent_is_an_error_and_no_loop() {
    for body in [
        r#"{"access_token":"canary-s3cret","expires_in":0}"#,
        r#"{"access_token":"canary-s3cret","expires_in":"-5"}"#,
        r#"{"access_token":"canary-s3cret\r\nx: y"}"#,
        r#"{"access_token":"canary-s3cret\u0000"}"#,
        r#"{"access_token":"canary-s3cret ü"}"#,
    ] {
        let (client, asked) = server(move |_, _| json(200, body));
        let tokens = Tokens::new(source(&client));
        let service = AuthLayer::bearer_from(home(), tokens)
            .replay()
            .layer(client);
        let all = (0..100).map(|_| send(&service, get(HOME)));
        for result in join_all(all).await {
            let error = result.expect_err("no token, no request");
            let mut next: Option<&dyn std::error::Error> = Some(&*error);
            while let Some(error) = next {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("s3cret"), "{shown}");
                next = error.source();
            }
        }
        assert_eq!(asked.len(), 1, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_life_of_any_size_is_used_without_an_overflow() {
    for life in ["1e30", "18446744073709551615", "3600.0", "\"3600\"", "null"] {
        let body = format!(r#"{{"access_token":"t","expires_in":{life}}}"#);
        let (client, asked) = server(move |_, request| match request.uri().path() {
            "/token" => json(200, &body),
            _ => json(200, "[]"),
        });
        let tokens = Tokens::new(source(&client));
        let service = AuthLayer::bearer_from(home(), tokens).layer(client);
        for _ in 0..3 {
            assert_eq!(
                send(&service, get(HOME)).await.unwrap().status(),
                200,
                "{life}"
            );
            tokio::time::advance(Duration::from_secs(60)).await;
        }
        assert_eq!(asked.len(), 4, "one fetch, three requests: {life}");
    }
}

#[test]
fn an_endpoint_that_a_secret_may_not_go_to_is_refused_at_once() {
    let (client, _) = server(|number, _| token(number));
    for url in [
        "http://idp.example.com/token",
        "/token",
        "idp.example.com",
        "https://canary-s3cret@idp.example.com/token",
        "https://idp.example.com/token#canary-s3cret",
        "ftp://idp.example.com/",
        "",
    ] {
        let error = TokenEndpoint::new(client.clone(), url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{url}");
    }
    for url in [
        "https://idp.example.com/token",
        "http://127.0.0.1:9/token",
        "http://localhost/",
    ] {
        assert!(TokenEndpoint::new(client.clone(), url).is_ok(), "{url}");
    }
    assert!(TokenEndpoint::over_plain_http(client.clone(), "http://idp.example.com/token").is_ok());
    assert!(TokenEndpoint::over_plain_http(client, "/token").is_err());
}

#[test]
fn any_client_fits_that_can_be_cloned_and_sent() {
    // Not `Sync`.
    let client = tower::util::BoxCloneService::new(service_fn(|_: Request<Bytes>| async {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    assert!(TokenEndpoint::new(client, TOKEN_URL).is_ok());
}
