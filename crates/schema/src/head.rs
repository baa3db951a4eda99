use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::Violation;

/// How a head says that its body is to be read.
pub(crate) enum Media {
    /// As JSON in UTF-8.
    Json,
    /// By decoding it first.
    Encoded(Violation),
    /// In some other way, or in no way that can be told.
    Other(Violation),
}

/// The content type without its parameters, if there is one.
pub(crate) fn essence(headers: &HeaderMap) -> Option<&str> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return None;
    };
    value.to_str().ok().map(without_parameters)
}

pub(crate) fn without_parameters(content_type: &str) -> &str {
    let essence = content_type.split_once(';');
    essence.map_or(content_type, |(essence, _)| essence).trim()
}

/// `is_known`: the essence of its content type is known to be JSON.
pub(crate) fn media(headers: &HeaderMap, is_known: bool) -> Media {
    // A list, which may have empty elements (RFC 9110, section 5.6.1).
    let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    let plain = |value: &HeaderValue| {
        let codings = value.to_str().unwrap_or("?").split(',');
        codings.map(str::trim).all(is_plain)
    };
    if !headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Media::Encoded(Violation::head(
            "content-encoding",
            "a body that is not encoded; put a decompression layer beneath this one",
        ));
    }
    let other = |expected| Media::Other(Violation::head("content-type", expected));
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return other("one content type, of JSON");
    };
    let value = value.to_str().unwrap_or_default();
    let mut parts = parts(value).map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !is_known && !is_json(essence) {
        return other("application/json, or a type that ends in +json");
    }
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        // The second is no registered name, but one that many write and that means nothing else.
        let is_utf_8 = ["utf-8", "utf8"]
            .iter()
            .any(|known| value.eq_ignore_ascii_case(known));
        if name.trim().eq_ignore_ascii_case("charset") && !is_utf_8 {
            return other("the charset utf-8");
        }
    }
    Media::Json
}

/// What semicolons part that do not stand in quotes (RFC 9110, section 5.6.6).
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    value.split(move |character| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match character {
            '\\' if is_quoted => is_escaped = !was_escaped,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        character == ';' && !is_quoted
    })
}

/// Whether a media type without its parameters is JSON (RFC 6838, section 4.2.8; RFC 8259).
fn is_json(essence: &str) -> bool {
    const SUFFIX: &str = "+json";
    let suffix = essence.len().checked_sub(SUFFIX.len());
    let suffix = suffix.and_then(|start| essence.get(start..));
    essence.eq_ignore_ascii_case("application/json")
        || (essence.contains('/') && suffix.is_some_and(|end| end.eq_ignore_ascii_case(SUFFIX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promises_json(fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        matches!(media(&headers, false), Media::Json)
    }

    #[test]
    fn json_is_recognised_in_every_form() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/problem+json",
            "application/vnd.x+JSON; version=1",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; charset=utf8",
            "application/json; charset=UTF8",
            "application/json ;a=b",
            "application/json; title=\"a;charset=latin1\"",
            "application/json; title=\"\\\";charset=latin1\"; charset=utf-8",
        ] {
            assert!(promises_json(&[("content-type", value)]), "{value}");
        }
        for encoding in ["identity", "Identity", "identity, identity", "", " ,"] {
            let fields = [
                ("content-type", "application/json"),
                ("content-encoding", encoding),
            ];
            assert!(promises_json(&fields), "{encoding}");
        }
    }

    #[test]
    fn what_is_no_json_is_not() {
        for value in [
            "",
            "text/html",
            "text/json",
            "application/jsonp",
            "application/x-json",
            "+json",
            "json",
            "application/json; charset=latin1",
            "application/json; charset=utf-16",
            "application/json; charset=utf",
            "application/json; charset=",
            "application/json; title=\"a;b\"; charset=latin1",
            "application/json; title=\"\\\\\"; charset=latin1",
        ] {
            assert!(!promises_json(&[("content-type", value)]), "{value}");
        }
        assert!(!promises_json(&[]));
        assert!(!promises_json(&[
            ("content-type", "application/json"),
            ("content-type", "text/html")
        ]));
        for encoding in ["gzip", "identity, gzip", "gzip,", "identity;q=1"] {
            let fields = [
                ("content-type", "application/json"),
                ("content-encoding", encoding),
            ];
            assert!(!promises_json(&fields), "{encoding}");
        }
    }
}
