//! What a token endpoint answers, in every form that servers give it.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use serde_json::{Map, Value};

use super::error::{OAuthError, Refusal};
use super::form;
use crate::Token;
use crate::sources::exchange::Answer;

/// Longer than any token lives; a number beyond it is a mistake, and would overflow clocks.
const MAX_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

const MAX_CODE: usize = 64;
const MAX_DESCRIPTION: usize = 256;

/// A successful answer.
pub(crate) struct Grant {
    pub(crate) token: Token,
    pub(crate) refresh_token: Option<String>,
}

/// What differs between protocols.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    /// The fields that the token may stand in, the preferred first.
    pub(crate) names: &'static [&'static str],
    /// The life of a token whose answer tells none.
    pub(crate) lifetime: Option<Duration>,
}

impl Expected {
    /// The answer of RFC 6749, section 5.1.
    pub(super) const fn of_oauth(assumed: Option<Duration>) -> Self {
        Self {
            names: &["access_token"],
            lifetime: assumed,
        }
    }
}

/// Reads an answer. What `leaks` says of a text decides whether it may be kept in an error.
pub(crate) fn read(
    answer: &Answer,
    expected: Expected,
    leaks: impl Fn(&str) -> bool,
) -> Result<Grant, OAuthError> {
    let fields = fields(answer);
    let told = fields.as_ref().ok();
    // GitHub, Slack and others hide errors in a 200.
    let is_error = |fields: &Map<String, Value>| {
        fields.get("error").is_some_and(|error| !error.is_null())
            || fields.get("ok") == Some(&Value::Bool(false))
    };
    if !answer.status.is_success() || told.is_some_and(is_error) {
        return Err(OAuthError::refused(refusal(answer, told, leaks)));
    }
    let fields = fields?;
    if fields
        .get("token_type")
        .and_then(Value::as_str)
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(OAuthError::malformed(
            "has a token of another type than Bearer, which is not supported",
        ));
    }
    let mut named = expected.names.iter().filter_map(|name| text(&fields, name));
    let secret = named.next().ok_or(OAuthError::malformed(
        "has no access_token; is it the URL of a token endpoint?",
    ))?;
    let lifetime = fields
        .get("expires_in")
        .and_then(lifetime)
        .or(expected.lifetime);
    let token = Token::new(secret);
    Ok(Grant {
        token: match lifetime {
            Some(lifetime) => token.lives(lifetime),
            None => token,
        },
        refresh_token: text(&fields, "refresh_token"),
    })
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// JSON, or a form where the server says so or the body is plainly none.
fn fields(answer: &Answer) -> Result<Map<String, Value>, OAuthError> {
    let kind = answer
        .headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    let form = kind.starts_with("application/x-www-form-urlencoded")
        || kind.starts_with("text/plain") && !answer.body.trim_ascii_start().starts_with(b"{");
    if form {
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        return Ok(form::parse(text)
            .map(|(name, value)| (name, value.into()))
            .collect());
    }
    // The parser's own error could repeat what stands in the body.
    serde_json::from_slice(&answer.body)
        .map_err(|_| OAuthError::malformed("is no JSON object; is it the URL of a token endpoint?"))
}

/// The life that `expires_in` tells: a number of seconds, as a string too. `None` if it tells none.
///
/// A number of zero or below is a life of zero, which the engine takes for a failed fetch.
pub(crate) fn lifetime(expires_in: &Value) -> Option<Duration> {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    if seconds.is_nan() {
        return None;
    }
    let seconds = seconds.clamp(0.0, MAX_LIFETIME.as_secs_f64());
    Some(Duration::from_secs_f64(seconds))
}

fn refusal(
    answer: &Answer,
    fields: Option<&Map<String, Value>>,
    leaks: impl Fn(&str) -> bool,
) -> Refusal {
    let told = |name| fields.and_then(|fields| text(fields, name));
    let code = told("error").filter(|code| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        code.len() <= MAX_CODE && code.bytes().all(plain) && !leaks(code)
    });
    let description = told("error_description")
        .filter(|text| !leaks(text))
        .map(|text| {
            let line = text
                .chars()
                .map(|sign| if sign.is_control() { ' ' } else { sign });
            line.take(MAX_DESCRIPTION).collect::<String>()
        });
    Refusal {
        status: answer.status,
        code: code.map(Into::into),
        description: description.map(Into::into),
        retry_after: retry_after(&answer.headers),
    }
}

/// Seconds, or a date, which is measured by the server's own clock (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = |text: &str| -> Option<SystemTime> { httpdate::parse_http_date(text).ok() };
    let now = date(headers.get(DATE)?.to_str().ok()?)?;
    date(text)?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, kind: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.to_owned().into(),
        }
    }

    fn read_json(status: u16, body: &Value) -> Result<Grant, OAuthError> {
        let answer = answer(status, "application/json", &body.to_string());
        read(&answer, Expected::of_oauth(None), |text| {
            text.contains("canary")
        })
    }

    #[test]
    fn expires_in_is_understood_in_every_odd_form() {
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        for (form, expected) in [
            ("3600", seconds(3600.0)),
            ("3600.5", seconds(3600.5)),
            ("\"3600\"", seconds(3600.0)),
            ("\" 3600.0 \"", seconds(3600.0)),
            ("0", Some(Duration::ZERO)),
            ("-1", Some(Duration::ZERO)),
            ("\"-1\"", Some(Duration::ZERO)),
            ("1e30", Some(MAX_LIFETIME)),
            ("18446744073709551615", Some(MAX_LIFETIME)),
            ("\"inf\"", Some(MAX_LIFETIME)),
            ("\"nan\"", None),
            ("null", None),
            ("\"\"", None),
            ("\"soon\"", None),
            ("true", None),
            ("[]", None),
        ] {
            let value: Value = serde_json::from_str(form).unwrap();
            assert_eq!(lifetime(&value), expected, "{form}");
        }
    }

    #[test]
    fn a_missing_life_is_the_one_that_is_assumed_and_a_told_one_is_not() {
        let life = |body: &Value, assumed| {
            let answer = answer(200, "application/json", &body.to_string());
            read(&answer, Expected::of_oauth(assumed), |_| false)
                .map_err(drop)
                .unwrap()
                .token
                .lifetime()
        };
        let assumed = Some(Duration::from_secs(300));
        assert_eq!(life(&json!({ "access_token": "a" }), None), None);
        assert_eq!(life(&json!({ "access_token": "a" }), assumed), assumed);
        assert_eq!(
            life(&json!({ "access_token": "a", "expires_in": 7 }), assumed),
            Some(Duration::from_secs(7))
        );
    }

    #[test]
    fn an_error_is_one_with_status_200_too() {
        for (status, body, code) in [
            (
                400,
                json!({ "error": "invalid_grant" }),
                Some("invalid_grant"),
            ),
            (
                200,
                json!({ "error": "bad_verification_code" }),
                Some("bad_verification_code"),
            ),
            (
                200,
                json!({ "ok": false, "error": "invalid_auth" }),
                Some("invalid_auth"),
            ),
            (200, json!({ "error": "x", "access_token": "a" }), Some("x")),
            (200, json!({ "error": { "code": 1 } }), None),
            (401, json!({}), None),
            (500, json!([]), None),
        ] {
            let error = read_json(status, &body).err().unwrap();
            assert_eq!(error.code(), code, "{body}");
            assert_eq!(error.status().unwrap().as_u16(), status);
        }
    }

    #[test]
    fn what_is_no_token_answer_is_an_error_that_says_so() {
        for (body, fault) in [
            (json!({ "access_token": "" }), "no access_token"),
            (json!({ "access_token": 1 }), "no access_token"),
            (
                json!({ "access_token": "a", "token_type": "mac" }),
                "another type",
            ),
            (json!("canary"), "no JSON object"),
        ] {
            let error = read_json(200, &body).err().unwrap();
            assert!(error.to_string().contains(fault), "{error}");
            assert!(!format!("{error:?}{error}").contains("canary"));
        }
        for kind in ["bearer", "Bearer", "BEARER"] {
            assert!(read_json(200, &json!({ "access_token": "a", "token_type": kind })).is_ok());
        }
    }

    #[test]
    fn an_answer_may_be_a_form() {
        let body = "access_token=a%2Bb&expires_in=60&refresh_token=r&token_type=bearer\n";
        for kind in [
            "application/x-www-form-urlencoded; charset=utf-8",
            "text/plain",
        ] {
            let grant = read(&answer(200, kind, body), Expected::of_oauth(None), |_| {
                false
            })
            .map_err(drop)
            .unwrap();
            assert_eq!(grant.token.expose_secret(), "a+b");
            assert_eq!(grant.token.lifetime(), Some(Duration::from_secs(60)));
            assert_eq!(grant.refresh_token.as_deref(), Some("r"));
        }
        let json = answer(200, "text/plain", " {\"access_token\": \"a\"}");
        assert!(read(&json, Expected::of_oauth(None), |_| false).is_ok());
        let error = answer(
            200,
            "application/x-www-form-urlencoded",
            "error=invalid_grant",
        );
        assert_eq!(
            read(&error, Expected::of_oauth(None), |_| false)
                .err()
                .unwrap()
                .code(),
            Some("invalid_grant")
        );
    }

    #[test]
    fn a_secret_that_the_server_repeats_is_not_kept() {
        let body = json!({ "error": "canary", "error_description": "the secret canary is wrong" });
        let error = read_json(401, &body).err().unwrap();
        assert_eq!((error.code(), error.description()), (None, None));
        let body = json!({ "error": "invalid_client", "error_description": "unknown\nclient" });
        let error = read_json(401, &body).err().unwrap();
        assert_eq!(error.description(), Some("unknown client"));
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("invalid_client") && !shown.contains("unknown"),
            "{shown}"
        );
    }

    #[test]
    fn what_passes_is_told_from_what_lasts_by_the_status_first() {
        for (status, code, permanent) in [
            (400, "invalid_grant", true),
            (401, "invalid_client", true),
            (200, "invalid_auth", true),
            (429, "invalid_grant", false),
            (503, "invalid_client", false),
            (400, "slow_down", false),
            (400, "temporarily_unavailable", false),
        ] {
            let error = read_json(status, &json!({ "error": code })).err().unwrap();
            assert_eq!(error.is_permanent(), permanent, "{status} {code}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let after = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            retry_after(&headers)
        };
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(after("120", None), Some(Duration::from_secs(120)));
        assert_eq!(
            after("99999999999999999999", None),
            Some(Duration::from_secs(u64::MAX))
        );
        assert_eq!(
            after("Sun, 06 Nov 1994 08:50:37 GMT", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
        for junk in ["", "-1", "1.5", "soon"] {
            assert_eq!(after(junk, now), None, "{junk}");
        }
    }
}
