use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderName};

use super::{digits, sent, text};

/// When the quota that is used up starts anew.
///
/// `RateLimit: "name";r=0;t=5` or `RateLimit: limit=9, remaining=0, reset=5` (drafts of
/// draft-ietf-httpapi-ratelimit-headers), else `RateLimit-Remaining: 0` with `RateLimit-Reset`,
/// else the same with `X-`. While something remains, its reset is no reason to wait.
pub(super) fn reset(headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    const FIELDS: [(HeaderName, HeaderName); 3] = [
        (
            HeaderName::from_static("ratelimit-remaining"),
            HeaderName::from_static("ratelimit-reset"),
        ),
        (
            HeaderName::from_static("x-ratelimit-remaining"),
            HeaderName::from_static("x-ratelimit-reset"),
        ),
        // As the API of X writes it.
        (
            HeaderName::from_static("x-rate-limit-remaining"),
            HeaderName::from_static("x-rate-limit-reset"),
        ),
    ];
    const COMBINED: HeaderName = HeaderName::from_static("ratelimit");

    let combined = headers
        .get_all(COMBINED)
        .iter()
        .filter_map(|value| used_up(text(value)?))
        .max();
    combined.map(Duration::from_secs).or_else(|| {
        FIELDS.iter().find_map(|(remaining, reset)| {
            let number = |name| digits(text(headers.get(name)?)?);
            let none = number(remaining)? == 0;
            none.then(|| at(number(reset)?, headers, &now)).flatten()
        })
    })
}

/// The number is seconds from now, or, as it is too large for that, seconds or milliseconds
/// since 1970.
fn at(number: u64, headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    const SECONDS: u64 = 1_000_000_000;
    const MILLIS: u64 = 100 * SECONDS;

    let since_1970 = match number {
        0..=SECONDS => return Some(Duration::from_secs(number)),
        _ if number < MILLIS => Duration::from_secs(number),
        _ => Duration::from_millis(number),
    };
    let sent = sent(headers, now);
    // What is past asks for nothing.
    since_1970.checked_sub(sent.duration_since(SystemTime::UNIX_EPOCH).ok()?)
}

/// The longest time to the reset of a quota of which nothing remains.
fn used_up(list: &str) -> Option<u64> {
    let (mut remaining, mut reset) = (None, None);
    let mut longest = None;
    for member in split(list, b',') {
        let (mut r, mut t) = (None, None);
        for parameter in split(member, b';') {
            let Some((name, value)) = parameter.split_once('=') else {
                continue;
            };
            let slot = match name.trim_ascii() {
                "r" => &mut r,
                "t" => &mut t,
                "remaining" => &mut remaining,
                "reset" => &mut reset,
                _ => continue,
            };
            *slot = digits(value.trim_ascii());
        }
        if r == Some(0) {
            longest = longest.max(t);
        }
    }
    longest.or(reset.filter(|_| remaining == Some(0)))
}

/// Splits at a separator that is not within a quoted string (RFC 9651, section 3.3.3).
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let literal = std::mem::take(&mut escaped);
            match byte {
                b'\\' if quoted && !literal => escaped = true,
                b'"' if !literal => quoted = !quoted,
                _ => return byte == separator && !quoted,
            }
            false
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::hint;

    const DATE: (&str, &str) = ("date", "Mon, 01 Jul 2013 17:47:23 GMT");

    fn seconds(fields: &[(&'static str, &str)]) -> Option<u64> {
        hint(fields).map(|hint| hint.as_secs())
    }

    #[test]
    fn a_reset_is_seconds_from_now_or_seconds_or_milliseconds_since_1970() {
        let none = ("x-ratelimit-remaining", "0");
        let reset = |text| seconds(&[DATE, none, ("x-ratelimit-reset", text)]);
        assert_eq!(reset("2513"), Some(2513));
        // 1 372 700 843 is the response's own date.
        assert_eq!(reset("1372700873"), Some(30));
        assert_eq!(reset("1372700873000"), Some(30));
        assert_eq!(reset("1720000000000"), Some(1_720_000_000 - 1_372_700_843));
        assert_eq!(reset("1372700000"), None, "it is past");
        for text in ["", "-1", "1e3", "12.5", "soon"] {
            assert_eq!(reset(text), None, "{text}");
        }
        assert_eq!(
            reset(&"9".repeat(40)),
            Some(u64::MAX / 1000 - 1_372_700_843)
        );
    }

    #[test]
    fn while_something_remains_its_reset_is_no_hint() {
        for remaining in ["1", "59", "", "-0", "none"] {
            let fields = [
                ("x-ratelimit-remaining", remaining),
                ("x-ratelimit-reset", "5"),
            ];
            assert_eq!(seconds(&fields), None, "{remaining}");
        }
        assert_eq!(seconds(&[("x-ratelimit-reset", "5")]), None);
        assert_eq!(seconds(&[("ratelimit", r#""a";r=1;t=5"#)]), None);
    }

    #[test]
    fn both_drafts_of_the_combined_field_are_read() {
        for (text, expected) in [
            (r#""d";r=0;t=5"#, Some(5)),
            (r#""d"; r=0; t=5"#, Some(5)),
            (r#""a";r=0;t=5, "b";r=0;t=60"#, Some(60)),
            (r#""a";r=0;t=5, "b";r=9;t=60"#, Some(5)),
            (r#""a;r=0,t=7\",";r=0;t=5"#, Some(5)),
            ("limit=9, remaining=0, reset=5", Some(5)),
            ("limit=9, remaining=1, reset=5", None),
            (r#""d";r=0"#, None),
            (r#""d";t=5"#, None),
            (r#""unterminated;r=0;t=5"#, None),
            ("", None),
            (",;=,;", None),
        ] {
            assert_eq!(seconds(&[("ratelimit", text)]), expected, "{text}");
        }
    }
}
