//! What a token endpoint answers, in every form that servers give it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use serde_json::value::RawValue;
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
        fields.get("error").is_some_and(says_something)
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

/// Servers that always send the field say in many ways that there is no error.
fn says_something(error: &Value) -> bool {
    match error {
        Value::Null => false,
        Value::Bool(error) => *error,
        Value::Number(code) => code.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(errors) => !errors.is_empty(),
        Value::Object(error) => !error.is_empty(),
    }
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
    // Field by field, so that a number beyond all numbers (`1e400`) spoils no other field. The
    // parser's own error could repeat what stands in the body.
    let fields: HashMap<String, &RawValue> =
        serde_json::from_slice(&answer.body).map_err(|_| {
            OAuthError::malformed("is no JSON object; is it the URL of a token endpoint?")
        })?;
    let fields = fields.into_iter();
    Ok(fields
        .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)))
        .collect())
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
mod tests;
