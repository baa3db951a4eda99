//! Next URLs, byte for byte.

use std::borrow::Cow;

use http::Uri;
use http::uri::{InvalidUri, PathAndQuery};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

mod query;

pub(crate) use self::query::{keep_query, query_value, set_query, without_query};
use crate::malformed::Malformed;

/// What `http::Uri` refuses in a path or in a query though servers send it; all else stays as it is.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Stands in for the origin of a request that has none, as with a base-URL layer beneath.
const NOWHERE: &str = "origin-form://-";

/// Resolves `reference` against `base`.
pub(crate) fn resolve(base: &Uri, reference: &str) -> Result<Uri, Malformed> {
    let malformed = || Malformed::new("the next URL is not a URL");
    let reference = reference.trim_ascii();
    if reference.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(malformed());
    }
    let reference: Cow<'_, str> = utf8_percent_encode(reference, UNSENDABLE).into();
    let resolved = if base.scheme().is_some() {
        outbound_http::resolve_uri(base, &reference)
    } else {
        outbound_http::resolve(&format!("{NOWHERE}{base}"), &reference)
    };
    let mut resolved = resolved.map_err(|_| malformed())?;
    if resolved.starts_with(NOWHERE) {
        resolved.drain(..NOWHERE.len());
    }
    // A path without an authority before it must not look like one (section 3.3).
    if resolved.starts_with("//") {
        return Err(malformed());
    }
    let is_path = resolved.starts_with('/');
    let uri = Uri::try_from(resolved).map_err(|_| malformed())?;
    // `a:b` parses as host and port; only a scheme or a path may come out here.
    if uri.scheme().is_none() && !is_path {
        return Err(malformed());
    }
    // `http` lets any port pass, and then knows none; others may read one in it.
    let port = uri.authority().map_or("", |authority| {
        let host = authority.as_str();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let rest = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
        rest.rsplit_once(':').map_or("", |(_, port)| port)
    });
    if !port.is_empty() && (uri.port_u16().is_none() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return Err(malformed());
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@'))
        && uri.authority() != base.authority()
    {
        return Err(Malformed::new("the next URL holds a user name or password"));
    }
    Ok(uri)
}

/// The URL with another path and query.
pub(crate) fn with_path_and_query(uri: &Uri, path_and_query: &str) -> Result<Uri, Malformed> {
    replace_path_and_query(uri, path_and_query.parse())
}

fn replace_path_and_query(
    uri: &Uri,
    path_and_query: Result<PathAndQuery, InvalidUri>,
) -> Result<Uri, Malformed> {
    let malformed = || Malformed::new("the next URL is too long or not a URL");
    let path_and_query = path_and_query.map_err(|_| malformed())?;
    // Without an authority before it, as with a base-URL layer beneath, it would be one.
    if uri.authority().is_none() && path_and_query.as_str().starts_with("//") {
        return Err(malformed());
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query);
    Uri::from_parts(parts).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &'static str, reference: &str) -> Option<String> {
        resolve(&Uri::from_static(base), reference)
            .ok()
            .map(|uri| uri.to_string())
    }

    #[test]
    fn references_resolve_as_the_rfc_says_and_keep_their_bytes() {
        let base = "https://h/a/b?x=1";
        for (reference, expected) in [
            ("?page=2", "https://h/a/b?page=2"),
            ("/p", "https://h/p"),
            ("p", "https://h/a/p"),
            ("../p", "https://h/p"),
            ("//other/p", "https://other/p"),
            ("", "https://h/a/b?x=1"),
            ("#f", "https://h/a/b?x=1"),
            (" https://h/p ", "https://h/p"),
            (
                "?c=%7E+%20'|[]{}\\%2f",
                "https://h/a/b?c=%7E+%20'|[]{}\\%2f",
            ),
            ("?q=a b<\">é", "https://h/a/b?q=a%20b%3C%22%3E%C3%A9"),
        ] {
            assert_eq!(
                resolved(base, reference).as_deref(),
                Some(expected),
                "{reference}"
            );
        }
        for bad in [
            "https:/evil",
            "https:evil",
            "https:\\\\evil\\x",
            "https://u:p@h/",
            "https://a@evil/",
            "?\r\nx",
            "mailto:a@b",
        ] {
            assert_eq!(resolved(base, bad), None, "{bad}");
        }
        assert_eq!(resolved(base, &format!("?{}", "a".repeat(70_000))), None);
    }

    #[test]
    fn five_characters_are_encoded_and_every_other_stays_as_it_is() {
        for byte in b' '..=b'~' {
            let c = char::from(byte);
            for (place, ends) in [("https://h/x", "#?/."), ("https://h/x?y", "#")] {
                if ends.contains(c) {
                    continue;
                }
                let raw = format!("{place}{c}z");
                let expected = match c {
                    ' ' | '"' | '<' | '>' | '`' => format!("{place}%{byte:02X}z"),
                    _ => raw.clone(),
                };
                assert_eq!(resolved("https://h/", &raw), Some(expected), "{raw}");
            }
        }
    }

    #[test]
    fn user_information_may_be_kept_and_not_changed() {
        assert_eq!(resolved("https://u:p@h/a", "b").unwrap(), "https://u:p@h/b");
        assert_eq!(
            resolved("https://u@[::1]:8/a", "b").unwrap(),
            "https://u@[::1]:8/b"
        );
        for other in ["https://u:q@h/b", "//x@h/b", "https://u@h/b"] {
            assert_eq!(resolved("https://u:p@h/a", other), None, "{other}");
        }
    }

    #[test]
    fn a_request_without_an_origin_stays_without_one() {
        assert_eq!(resolved("/items?x=1", "?page=2").unwrap(), "/items?page=2");
        assert_eq!(resolved("/a/items", "/b").unwrap(), "/b");
        assert_eq!(resolved("/a", "https://h/b").unwrap(), "https://h/b");
        for smuggled in ["/.//evil/b", "..//evil/b", "/x/..//evil/b"] {
            assert_eq!(resolved("/a", smuggled), None, "{smuggled}");
        }
        // Of no origin that a policy could allow.
        assert_eq!(resolved("/a", "//evil/b").unwrap(), "origin-form://evil/b");
    }
}
