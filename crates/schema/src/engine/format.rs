//! `format`, where it is asserted: the formats that need no tables.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::grammar::{is_regex, is_uri, is_uri_reference};
use crate::Draft;

/// A format that the engine asserts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Date,
    Time,
    DateTime,
    Duration,
    Hostname,
    Ipv4,
    Ipv6,
    JsonPointer,
    Regex,
    RelativeJsonPointer,
    Uri,
    UriReference,
    Uuid,
}

/// Formats that another engine asserts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere;

impl Format {
    /// By its name; `None` if the draft knows none of this name, so that it says nothing.
    pub(crate) fn named(draft: Draft, name: &str) -> Result<Option<Self>, Elsewhere> {
        let is_2019 = draft.is_2019() || draft.is_2020();
        Ok(Some(match name {
            "date" => Self::Date,
            "time" => Self::Time,
            "date-time" => Self::DateTime,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "regex" => Self::Regex,
            "uri" => Self::Uri,
            "uri-reference" if !draft.is_4() => Self::UriReference,
            "duration" if is_2019 => Self::Duration,
            "uuid" if is_2019 => Self::Uuid,
            "json-pointer" if !draft.is_4() => Self::JsonPointer,
            "relative-json-pointer" if draft == Draft::V7 || is_2019 => Self::RelativeJsonPointer,
            // Later drafts ask for internationalized names in their ASCII form.
            "hostname" if matches!(draft, Draft::V4 | Draft::V6) => Self::Hostname,
            "email" | "hostname" | "idn-email" | "idn-hostname" | "iri" | "iri-reference"
            | "uri-template" => return Err(Elsewhere),
            _ => return Ok(None),
        }))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "date-time",
            Self::Duration => "duration",
            Self::Hostname => "hostname",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::JsonPointer => "json-pointer",
            Self::Regex => "regex",
            Self::RelativeJsonPointer => "relative-json-pointer",
            Self::Uri => "uri",
            Self::UriReference => "uri-reference",
            Self::Uuid => "uuid",
        }
    }

    pub(crate) fn matches(self, text: &str) -> bool {
        match self {
            Self::Date => is_date(text.as_bytes()),
            Self::Time => is_time(text.as_bytes()),
            Self::DateTime => {
                let parts = text.split_once(['T', 't']);
                parts.is_some_and(|(date, time)| {
                    is_date(date.as_bytes()) && is_time(time.as_bytes())
                })
            }
            Self::Duration => is_duration(text),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::JsonPointer => is_pointer(text),
            Self::Regex => is_regex(text),
            Self::RelativeJsonPointer => is_relative_pointer(text),
            Self::Uri => is_uri(text),
            Self::UriReference => is_uri_reference(text),
            Self::Uuid => is_uuid(text.as_bytes()),
        }
    }
}

/// The number that exactly these digits are.
fn number(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0')),
    )
}

/// RFC 3339, `full-date`.
fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (
        number(&[y1, y2, y3, y4]),
        number(&[m1, m2]),
        number(&[d1, d2]),
    ) else {
        return false;
    };
    let is_leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// In minutes.
const DAY: u32 = 24 * 60;

/// RFC 3339, `full-time`: a leap second is one only at the end of a day in UTC.
fn is_time(text: &[u8]) -> bool {
    let Some((&[h1, h2, b':', m1, m2, b':', s1, s2], rest)) = text.split_first_chunk() else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) =
        (number(&[h1, h2]), number(&[m1, m2]), number(&[s1, s2]))
    else {
        return false;
    };
    if hour > 23 || minute > 59 || second > 60 {
        return false;
    }
    let offset = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        rest => rest,
    };
    let (ahead, by) = match *offset {
        [b'Z' | b'z'] => (true, 0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            match (number(&[h1, h2]), number(&[m1, m2])) {
                (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
                    (sign == b'+', hours * 60 + minutes)
                }
                _ => return false,
            }
        }
        _ => return false,
    };
    let local = hour * 60 + minute;
    let utc = if ahead { local + DAY - by } else { local + by } % DAY;
    second < 60 || utc == DAY - 1
}

/// RFC 3339, appendix A: units in their order, none left out between two, weeks alone.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    if let Some(weeks) = rest.strip_suffix('W') {
        return !weeks.is_empty() && weeks.bytes().all(|byte| byte.is_ascii_digit());
    }
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    match (date, time) {
        ("", None) => false,
        ("", Some(time)) => has_units(time, "HMS"),
        (date, None) => has_units(date, "YMD"),
        (date, Some(time)) => has_units(date, "YMD") && has_units(time, "HMS"),
    }
}

/// Numbers with these units, one after the other.
fn has_units(text: &str, units: &str) -> bool {
    let mut last: Option<usize> = None;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some(unit) = rest[digits..].chars().next() else {
            return false;
        };
        let Some(place) = units.find(unit).filter(|_| digits > 0) else {
            return false;
        };
        if last.is_some_and(|last| place != last + 1) {
            return false;
        }
        last = Some(place);
        rest = &rest[digits + 1..];
    }
    last.is_some()
}

/// RFC 1034, section 3.5, as RFC 1123 has it.
fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// RFC 6901.
fn is_pointer(text: &str) -> bool {
    if !text.is_empty() && !text.starts_with('/') {
        return false;
    }
    let mut parts = text.split('~');
    parts.next();
    parts.all(|part| part.starts_with(['0', '1']))
}

/// The draft `relative-json-pointer`.
fn is_relative_pointer(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let is_number = number == "0" || !number.is_empty() && !number.starts_with('0');
    is_number && (rest == "#" || is_pointer(rest))
}

/// RFC 9562, section 4.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
