use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

/// How long the server asks to wait (RFC 9110, section 10.2.3).
///
/// A number of seconds, or a date in any of the three forms of section 5.6.7. A date is measured
/// against the response's own `Date`, so that a wrong clock here or there does no harm; `now` is
/// asked only where that is missing. Of several fields the first that can be read counts; a date
/// that is past asks for nothing.
pub(crate) fn retry_after(headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    headers.get_all(RETRY_AFTER).iter().find_map(|value| {
        let text = value.to_str().ok()?.trim_ascii();
        if let Some(seconds) = seconds(text) {
            return Some(seconds);
        }
        let at = httpdate::parse_http_date(text).ok()?;
        let sent = headers.get(DATE).and_then(date).unwrap_or_else(&now);
        at.duration_since(sent).ok()
    })
}

/// `1*DIGIT`; what exceeds the clock is the longest there is, and thus over any ceiling.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim_ascii()).ok()
}

/// The one place that reads the wall clock.
#[allow(clippy::disallowed_methods)] // HTTP dates are wall-clock dates.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE_SENT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn hint(fields: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        // A clock that is a year off.
        retry_after(&headers, || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(815_561_377)
        })
    }

    #[test]
    fn seconds_are_digits_and_nothing_else() {
        assert_eq!(
            hint(&[("retry-after", "120")]),
            Some(Duration::from_secs(120))
        );
        assert_eq!(hint(&[("retry-after", "0")]), Some(Duration::ZERO));
        for text in ["-5", "+5", "1.5", "", "1e3", "0x10", "12 34", "ü", "soon"] {
            assert_eq!(hint(&[("retry-after", text)]), None, "{text}");
        }
        let digits = "9".repeat(40);
        assert_eq!(
            hint(&[("retry-after", &digits)]),
            Some(Duration::from_secs(u64::MAX))
        );
    }

    #[test]
    fn dates_in_all_three_forms_are_measured_against_the_response_s_own() {
        for date in [
            "Sun, 06 Nov 1994 08:49:44 GMT",
            "Sunday, 06-Nov-94 08:49:44 GMT",
            "Sun Nov  6 08:49:44 1994",
        ] {
            let fields = [("date", DATE_SENT), ("retry-after", date)];
            assert_eq!(hint(&fields), Some(Duration::from_secs(7)), "{date}");
        }
    }

    #[test]
    fn a_missing_or_broken_date_falls_back_to_the_clock() {
        let at = "Sun, 05 Nov 1995 08:49:47 GMT";
        assert_eq!(hint(&[("retry-after", at)]), Some(Duration::from_secs(10)));
        assert_eq!(
            hint(&[("date", "yesterday"), ("retry-after", at)]),
            Some(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_past_date_asks_for_nothing() {
        assert_eq!(
            hint(&[
                ("date", DATE_SENT),
                ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")
            ]),
            None
        );
    }

    #[test]
    fn of_two_fields_the_first_that_can_be_read_counts() {
        assert_eq!(
            hint(&[
                ("retry-after", "soon"),
                ("retry-after", "3"),
                ("retry-after", "5")
            ]),
            Some(Duration::from_secs(3))
        );
    }
}
