//! The refresh token grant: which refresh token is used, and what becomes of the next one.
#![cfg(feature = "oauth2")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/idp.rs"]
mod idp;
mod support;

use http::{Request, Response};
use idp::{endpoint, json, server, token};
use outbound_auth::oauth2::{OAuthError, RefreshToken};
use outbound_auth::{AuthLayer, Reason, Token, TokenSource, Tokens};
use outbound_http::BoxError;
use support::{Body, HOME, Log, get, home, send};
use tower::{Layer, service_fn};

#[tokio::test]
async fn a_refresh_token_that_the_server_repeats_is_kept_in_no_form() {
    for repeated in ["canary/1+2", "canary%2F1%2B2"] {
        let (client, _) = server(move |_, _| {
            let body =
                format!(r#"{{"error":"invalid_grant","error_description":"unknown: {repeated}"}}"#);
            json(400, &body)
        });
        let source = RefreshToken::new(endpoint(&client), "app", "canary/1+2").unwrap();
        let tokens = Tokens::new(source);
        let error = tokens.warm().await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        let cause = cause.downcast_ref::<OAuthError>().unwrap();
        assert_eq!(
            (cause.code(), cause.description()),
            (Some("invalid_grant"), None)
        );
    }
}

#[tokio::test]
async fn a_refresh_token_is_kept_until_the_server_gives_another() {
    let (client, asked) = server(|number, _| match number {
        2 => json(200, r#"{"access_token":"t2","refresh_token":"second"}"#),
        3 => json(
            400,
            r#"{"error":"invalid_grant","error_description":"second is spent"}"#,
        ),
        number => token(number),
    });
    let source = RefreshToken::new(endpoint(&client), "app", "first")
        .unwrap()
        .scope("read");
    let fetch = |why| source.fetch(why);
    let first: Token = fetch(Reason::Missing).await.unwrap();
    assert_eq!((first.expose_secret(), first.refresh_token()), ("t1", None));
    let second = fetch(Reason::Stale).await.unwrap();
    assert_eq!(
        (second.expose_secret(), second.refresh_token()),
        ("t2", Some("second"))
    );
    let error = fetch(Reason::Rejected).await.unwrap_err();
    assert!(error.is_permanent());
    assert!(error.to_string().contains("log in again"), "{error}");
    assert!(!format!("{error:?}").contains("second"));

    let asked = asked.all();
    let forms: Vec<_> = asked.iter().map(|(_, form)| form.as_str()).collect();
    let form =
        |token| format!("grant_type=refresh_token&scope=read&refresh_token={token}&client_id=app");
    assert_eq!(forms, [form("first"), form("first"), form("second")]);
    assert!(
        asked
            .iter()
            .all(|(head, _)| !head.headers.contains_key("authorization"))
    );
}

/// The refresh tokens that were asked with.
fn spent(asked: &Log<(http::request::Parts, String)>) -> Vec<String> {
    let asked = asked.all().into_iter();
    asked
        .filter_map(|(_, form)| {
            let (_, rest) = form.split_once("refresh_token=")?;
            Some(rest.split('&').next()?.to_owned())
        })
        .filter(|spent| !spent.is_empty())
        .collect()
}

#[tokio::test]
async fn a_refresh_token_that_is_set_is_used_from_then_on() {
    let (client, asked) = server(|number, _| match number {
        1 => json(400, r#"{"error":"invalid_grant"}"#),
        number => token(number),
    });
    let source = RefreshToken::new(endpoint(&client), "app", "first").unwrap();
    let tokens = Tokens::new(source);
    tokens.warm().await.unwrap_err();
    // Somebody logged in again.
    tokens.set(Token::new("t").rotated("second")).unwrap();
    tokens.invalidate();
    assert_eq!(tokens.get().await.unwrap().expose_secret(), "t2");
    // A token alone leaves it in force.
    tokens.set(Token::new("t")).unwrap();
    tokens.invalidate();
    tokens.warm().await.unwrap();
    assert_eq!(spent(&asked), ["first", "second", "second"]);
}

#[tokio::test]
async fn a_refresh_token_that_is_set_during_a_fetch_is_not_lost_to_its_answer() {
    let (client, asked) =
        server(|_, _| json(200, r#"{"access_token":"late","refresh_token":"late"}"#));
    let source = RefreshToken::new(endpoint(&client), "app", "first").unwrap();
    let stored: Log<String> = Log::new();
    let log = stored.clone();
    let tokens = Tokens::builder(source)
        .persist(move |token| {
            log.push(token.refresh_token().unwrap().to_owned());
            async { Ok(()) }
        })
        .build();
    tokens.refresh();
    while asked.len() == 0 {
        tokio::task::yield_now().await;
    }
    tokens.set(Token::new("t").rotated("second")).unwrap();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tokens.get().await.unwrap().expose_secret(), "t");
    assert_eq!(stored.len(), 0, "what was set is newer: {:?}", stored.all());
    tokens.invalidate();
    tokens.warm().await.unwrap();
    assert_eq!(spent(&asked), ["first", "second"]);
    assert_eq!(stored.all(), ["late"]);
}

#[tokio::test]
async fn a_rotated_refresh_token_is_persisted_before_its_access_token_is_used() {
    let (client, _) = server(|_, _| json(200, r#"{"access_token":"t","refresh_token":"next"}"#));
    let source = RefreshToken::new(endpoint(&client), "app", "first").unwrap();
    let told: Log<String> = Log::new();
    let (persisted, sent) = (told.clone(), told.clone());
    let tokens = Tokens::builder(source)
        .persist(move |token| {
            let persisted = persisted.clone();
            async move {
                tokio::task::yield_now().await;
                persisted.push(format!("kept {}", token.refresh_token().unwrap()));
                Ok(())
            }
        })
        .build();
    let api = service_fn(move |request: Request<Body>| {
        sent.push(support::credential(&request).unwrap());
        async { Ok::<_, BoxError>(Response::new(Body::default())) }
    });
    let service = AuthLayer::bearer_from(home(), tokens).layer(api);
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(told.all(), ["kept next", "Bearer t"]);
}
