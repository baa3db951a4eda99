//! No secret is shown by anything that can be shown.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error;
use std::fmt::Debug;

use http::{HeaderMap, Request};
use outbound_auth::{
    AuthError, AuthLayer, Authorize, Bearer, FetchError, InvalidAuth, Reason, Scope, Step, Token,
    TokenSource, Tokens, Verdict, from_fn,
};
use tower::{Layer, Service};

use self::support::{Body, HOME, SECRET, api, get, home, send};

/// The secret, and what it looks like in base64 (as `user:canary-s3cret`) and percent-encoded.
const FORMS: [&str; 4] = [SECRET, "s3cret", "Y2FuYXJ5LXMzY3JldA", "czNjcmV0"];

#[tokio::test]
async fn no_debug_shows_a_secret() {
    let (inner, sent) = api(|_| 200);
    let bearer = AuthLayer::bearer(home(), SECRET).unwrap();
    let basic = AuthLayer::basic(home(), "user", SECRET).unwrap();
    let header = AuthLayer::header(home(), "x-api-key", SECRET).unwrap();
    let query = AuthLayer::query(home(), "key", SECRET).unwrap();
    for layer in [bearer, basic, header, query] {
        conceals(&layer);
        conceals(&layer.layer(Nothing));
        conceals(&layer.clone().strict());
        let mut strict = layer.strict().layer(inner.clone());
        conceals(
            &AuthLayer::bearer(home(), SECRET)
                .unwrap()
                .strict()
                .layer(Nothing),
        );
        conceals(&strict.call(get(HOME)));
        send(&strict, get(HOME)).await.unwrap();
    }
    for request in sent.all() {
        let headers: &HeaderMap = request.headers();
        conceals(headers);
    }

    let secret = SECRET.to_owned();
    let source = from_fn(move |_| {
        let secret = secret.clone();
        async move { Ok(Token::new(secret)) }
    });
    let token = source.fetch(Reason::Missing).await.unwrap();
    conceals(&source);
    conceals(&Tokens::builder(source.clone()));
    let tokens = Tokens::new(source);
    let layer = AuthLayer::bearer_from(home(), tokens.clone()).replay();
    conceals(&layer);
    let mut service = layer.layer(inner);
    conceals(&service.call(get(HOME)));
    send(&service, get(HOME)).await.unwrap();
    assert_eq!(tokens.fetches(), 1);
    conceals(&(token, tokens.clone()));
    conceals(&layer.layer(Nothing));

    let mut bearer = Bearer::new(home(), tokens);
    let Step::Ready(request, mark) = bearer.authorize(get(HOME)) else {
        panic!("the token is at hand");
    };
    assert_eq!(
        request.headers()["authorization"],
        format!("Bearer {SECRET}")
    );
    conceals(&(mark.clone(), Verdict::<()>::Keep, Reason::Missing));
    conceals(&Step::<Body, _, ()>::Ready(request, mark));
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let (inner, _) = api(|_| 200);
    let layer = AuthLayer::query(home(), "key", SECRET).unwrap().strict();
    for uri in [
        "https://canary-s3cret@evil.example/canary-s3cret?canary-s3cret",
        "/canary-s3cret",
    ] {
        let error = send(&layer.layer(inner.clone()), get(uri))
            .await
            .unwrap_err();
        let error: &AuthError = error.downcast_ref().unwrap();
        all_conceal(error);
    }
    let errors: [InvalidAuth; 5] = [
        AuthLayer::bearer(home(), "canary-s3cret\n").unwrap_err(),
        AuthLayer::basic(home(), "canary-s3cret:", "").unwrap_err(),
        AuthLayer::header(home(), "canary s3cret", "swapped").unwrap_err(),
        Scope::origin("https://user:canary-s3cret@h").unwrap_err(),
        Scope::origin("canary-s3cret").unwrap_err(),
    ];
    for error in &errors {
        all_conceal(error);
    }
    let tokens = Tokens::new(from_fn(|_| async { Ok(Token::new("canary-s3cret\r\n")) }));
    let fetched = AuthLayer::bearer_from(home(), tokens).layer(inner);
    all_conceal(&**send(&fetched, get(HOME)).await.as_ref().unwrap_err());
    conceals(&FetchError::new("an error of one's own"));
}

fn all_conceal(error: &(dyn Error + 'static)) {
    conceals(error);
    for error in std::iter::successors(Some(error), |&error| error.source()) {
        check(&error.to_string());
    }
}

fn conceals<T: Debug + ?Sized>(value: &T) {
    check(&format!("{value:?}"));
    check(&format!("{value:#?}"));
}

fn check(text: &str) {
    assert!(!text.is_empty());
    for form in FORMS {
        assert!(!text.contains(form), "{text}");
    }
}

/// An inner service that shows nothing.
#[derive(Clone, Debug)]
struct Nothing;

#[test]
#[should_panic(expected = "canary-s3cret")]
fn the_check_finds_a_secret_that_is_shown() {
    conceals(
        &Request::get("https://h/?key=canary-s3cret")
            .body(())
            .unwrap(),
    );
}
