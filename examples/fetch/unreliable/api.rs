//! The two resources: where tokens are issued, and the list that they open.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::header::{LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::faults::{Fault, Faults};
use super::observations::{self, PAGES};
use super::tokens::{Refusal, Tokens};
use super::wire::{self, Reset};

/// The path of the first page. The number is in the path because logs leave queries out.
pub(super) const FIRST_PAGE: &str = "/v1/observations/1";

/// The path of the token endpoint.
pub(super) const TOKEN: &str = "/oauth/token";

/// How a client proves that it is the one client, by RFC 7617: base64 of its id and secret.
const CLIENT: &str = "d2VhdGhlci1yZWFkZXI6bm90LWEtc2VjcmV0";

#[derive(Debug, Default)]
struct Service {
    faults: Faults,
    tokens: Tokens,
}

/// The API as a service, its faults all ahead.
pub(super) fn router() -> Router {
    Router::new()
        .route(TOKEN, post(token))
        .route("/v1/observations/{page}", get(observations))
        .with_state(Arc::new(Service::default()))
}

async fn token(State(service): State<Arc<Service>>, headers: HeaderMap, form: String) -> Response {
    if credential(&headers, "basic") != Some(CLIENT) {
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"tokens\"")];
        let error = Json(json!({"error": "invalid_client"}));
        return (StatusCode::UNAUTHORIZED, challenge, error).into_response();
    }
    if !form
        .split('&')
        .any(|pair| pair == "grant_type=client_credentials")
    {
        let error = Json(json!({"error": "unsupported_grant_type"}));
        return (StatusCode::BAD_REQUEST, error).into_response();
    }
    let (token, lifetime) = service.tokens.issue();
    let answer = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
    });
    ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

async fn observations(
    State(service): State<Arc<Service>>,
    Path(page): Path<String>,
    headers: HeaderMap,
) -> Response {
    let bearer = credential(&headers, "bearer");
    if let Err(refusal) = service.tokens.check(bearer) {
        return refuse(refusal);
    }
    let number = page.parse().unwrap_or(0);
    let Some(items) = observations::page(number) else {
        return problem(StatusCode::NOT_FOUND, "there is no such page");
    };
    // Who is not let in meets no fault: each waits for a request that deserves the page.
    match service.faults.meet(number) {
        None => answer(number, &items),
        Some(Fault::TooManyRequests) => {
            let problem = problem(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            ([(RETRY_AFTER, "0")], problem).into_response()
        }
        Some(Fault::Unavailable) => {
            let problem = problem(StatusCode::SERVICE_UNAVAILABLE, "back in a second");
            ([(RETRY_AFTER, "1")], problem).into_response()
        }
        Some(Fault::Revoked) => {
            service.tokens.revoke(bearer);
            refuse(Refusal::Invalid("revoked"))
        }
        Some(Fault::Reset) => Extension(Reset).into_response(),
        Some(Fault::Truncated) => truncated(number, &items),
    }
}

fn answer(number: u32, items: &[Value]) -> Response {
    ([(LINK, links(number))], Json(items)).into_response()
}

/// All that a full answer says of itself, and two thirds of what it promises.
fn truncated(number: u32, items: &[Value]) -> Response {
    let mut text = Value::from(items).to_string();
    let promised = text.len().to_string();
    text.truncate(text.len() * 2 / 3);
    let head = [
        (LINK, links(number)),
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_LENGTH, promised),
    ];
    (head, Body::new(wire::cut_off(text))).into_response()
}

/// Links as servers write them: relative, several in a line, with relations besides `next`.
fn links(number: u32) -> String {
    let mut links = format!("<{FIRST_PAGE}>; rel=\"first\", <{PAGES}>; rel=last");
    if number > 1 {
        links += &format!(", <{}>; rel=\"prev\"", number - 1);
    }
    if number < PAGES {
        // Page 1 is of midnight. The comma stands in a quoted string, where it parts nothing.
        let (next, hour) = (number + 1, number);
        links += &format!(", <{next}>; rel=\"next\"; title=\"{hour:02}:00, and on\"");
    }
    links
}

/// A refusal as RFC 6750, section 3, words it: no `error` to who tried nothing.
fn refuse(refusal: Refusal) -> Response {
    let (challenge, detail) = match refusal {
        Refusal::Missing => ("Bearer realm=\"weather\"".to_owned(), "no token"),
        Refusal::Invalid(why) => (
            format!(
                "Bearer realm=\"weather\", error=\"invalid_token\", error_description=\"{why}\""
            ),
            why,
        ),
    };
    let problem = problem(StatusCode::UNAUTHORIZED, detail);
    ([(WWW_AUTHENTICATE, challenge)], problem).into_response()
}

/// An error status with a body of RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({"status": status.as_u16(), "detail": detail}).to_string();
    (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response()
}

/// What `Authorization` holds for `scheme`, whose name is case-insensitive.
fn credential<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, credential) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    given
        .eq_ignore_ascii_case(scheme)
        .then(|| credential.trim())
}
