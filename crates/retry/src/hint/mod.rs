//! What a response says about when, and whether, to come back.

mod rate_limit;
mod retry_after;

use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderMap, HeaderName, HeaderValue};

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// How long the server asks to wait, by the first of these that says so: `Retry-After-Ms` (and
/// Azure's `X-MS-Retry-After-Ms`), `Retry-After`, `RateLimit` or `RateLimit-Reset`, and
/// `X-RateLimit-Reset`. The last three count only once nothing remains of the quota.
///
/// `now` is asked only where a date has to be measured and the response has none of its own.
pub(crate) fn wait(headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    // Most responses have none: one pass, rather than a hash for each of the names.
    if !headers.keys().any(is_hint) {
        return None;
    }
    retry_after::millis(headers)
        .or_else(|| retry_after::retry_after(headers, &now))
        .or_else(|| rate_limit::reset(headers, &now))
}

fn is_hint(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "retry-after"
            | "retry-after-ms"
            | "x-ms-retry-after-ms"
            | "ratelimit"
            | "ratelimit-reset"
            | "x-ratelimit-reset"
            | "x-rate-limit-reset"
    )
}

/// What the server says in `X-Should-Retry`, as APIs of OpenAI's and Anthropic's kind do.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    // As above; most responses are without.
    let (_, answer) = headers.iter().find(|(name, _)| **name == SHOULD_RETRY)?;
    match answer.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Whether a 403 is a rate limit, as GitHub's are: it says when to come back, or that nothing
/// remains of the quota until a time it gives.
pub(crate) fn is_throttled(headers: &HeaderMap) -> bool {
    wait(headers, wall_clock).is_some()
}

/// `1*DIGIT`; what exceeds the clock is the longest there is, and thus over any ceiling.
fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(str::trim_ascii)
}

/// When the response was sent, by its own clock if it tells.
fn sent(headers: &HeaderMap, now: impl Fn() -> SystemTime) -> SystemTime {
    headers
        .get(DATE)
        .and_then(|value| httpdate::parse_http_date(text(value)?).ok())
        .unwrap_or_else(now)
}

/// The one place that reads the wall clock.
#[allow(clippy::disallowed_methods)] // HTTP dates are wall-clock dates.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A response with these fields, read by a clock that is a year off.
    pub(super) fn hint(fields: &[(&'static str, &str)]) -> Option<Duration> {
        wait(&headers(fields), || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(815_561_377)
        })
    }

    pub(super) fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn the_finest_hint_wins_and_a_broken_one_gives_way_to_the_next() {
        let all = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "4"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "3"),
            ("retry-after", "2"),
            ("retry-after-ms", "1500"),
        ];
        assert_eq!(hint(&all), Some(Duration::from_millis(1500)));
        assert_eq!(hint(&all[..5]), Some(Duration::from_secs(2)));
        assert_eq!(hint(&all[..4]), Some(Duration::from_secs(3)));
        assert_eq!(hint(&all[..2]), Some(Duration::from_secs(4)));
        assert_eq!(
            hint(&[("retry-after-ms", "soon"), ("retry-after", "2")]),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn should_retry_is_true_or_false_and_nothing_else() {
        assert_eq!(
            should_retry(&headers(&[("x-should-retry", "true")])),
            Some(true)
        );
        assert_eq!(
            should_retry(&headers(&[("x-should-retry", "false")])),
            Some(false)
        );
        assert_eq!(should_retry(&headers(&[("x-should-retry", "yes")])), None);
        assert_eq!(should_retry(&headers(&[])), None);
    }
}
