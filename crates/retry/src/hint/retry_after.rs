use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderName, RETRY_AFTER};

use super::{digits, sent, text};

/// How long the server asks to wait (RFC 9110, section 10.2.3).
///
/// A number of seconds, or a date in any of the three forms of section 5.6.7. A date is measured
/// against the response's own `Date`, so that a wrong clock here or there does no harm. Of
/// several fields the first that can be read counts; a date that is past asks for nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    headers.get_all(RETRY_AFTER).iter().find_map(|value| {
        let text = text(value)?;
        if let Some(seconds) = digits(text) {
            return Some(Duration::from_secs(seconds));
        }
        let at = httpdate::parse_http_date(text).ok()?;
        at.duration_since(sent(headers, &now)).ok()
    })
}

/// The same in milliseconds, as no RFC has it and several APIs do.
pub(super) fn millis(headers: &HeaderMap) -> Option<Duration> {
    const NAMES: [HeaderName; 2] = [
        HeaderName::from_static("retry-after-ms"),
        HeaderName::from_static("x-ms-retry-after-ms"),
    ];
    NAMES
        .iter()
        .flat_map(|name| headers.get_all(name))
        .find_map(|value| digits(text(value)?))
        .map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::super::tests::hint;
    use super::*;

    const DATE_SENT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

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

    #[test]
    fn milliseconds_are_digits_too() {
        assert_eq!(
            hint(&[("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            hint(&[("x-ms-retry-after-ms", "7")]),
            Some(Duration::from_millis(7))
        );
        for text in ["-5", "0.5", "", "ü"] {
            assert_eq!(hint(&[("retry-after-ms", text)]), None, "{text}");
        }
    }
}
