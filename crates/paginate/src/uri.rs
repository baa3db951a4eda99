//! Next URLs and query parameters, byte for byte.

use std::borrow::Cow;

use http::Uri;
use http::uri::{InvalidUri, PathAndQuery};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

use crate::malformed::Malformed;

/// What `http::Uri` refuses in a path or in a query though servers send it; all else stays as it is.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// What a query parameter's name must not hold; brackets and `$` are left to the caller.
const NAME: &AsciiSet = &UNSENDABLE.add(b'#').add(b'%').add(b'&').add(b'+').add(b'=');

/// All but the unreserved characters of RFC 3986, section 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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

/// The decoded value of the first parameter called `name`.
pub(crate) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    uri.query()?
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(found, _)| is_called(found, name))
        .map(|(_, value)| decode(value))
}

/// Sets these parameters; the others keep their order and their bytes.
pub(crate) fn set_query<const N: usize>(
    uri: &Uri,
    pairs: [(&str, &str); N],
) -> Result<Uri, Malformed> {
    let old = uri.query().unwrap_or_default();
    let room: usize = pairs.iter().map(|(name, _)| name.len() + 64).sum();
    let mut new = String::with_capacity(uri.path().len() + old.len() + room);
    new.extend([uri.path(), "?"]);
    let start = new.len();
    let mut set = [false; N];
    for pair in old.split('&').filter(|_| !old.is_empty()) {
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        let ours = pairs.iter().position(|(name, _)| is_called(key, name));
        if ours.is_some_and(|at| set[at]) {
            continue;
        }
        if new.len() > start {
            new.push('&');
        }
        if let Some(at) = ours {
            set[at] = true;
            new.extend([key, "="]);
            new.extend(utf8_percent_encode(pairs[at].1, VALUE));
        } else {
            new.push_str(pair);
        }
    }
    for ((name, value), set) in pairs.into_iter().zip(set) {
        if set {
            continue;
        }
        if new.len() > start {
            new.push('&');
        }
        new.extend(utf8_percent_encode(name, NAME));
        new.push('=');
        new.extend(utf8_percent_encode(value, VALUE));
    }
    replace_path_and_query(uri, PathAndQuery::try_from(new))
}

/// Adds the parameters with these names that `uri` lacks, as they are written in `from`.
pub(crate) fn keep_query(uri: &Uri, from: &Uri, names: &[Box<str>]) -> Result<Uri, Malformed> {
    let lacks = |name: &str| query_value(uri, name).is_none();
    let kept = from.query().unwrap_or_default().split('&').filter(|pair| {
        let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
        let mut names = names.iter();
        names.any(|name| is_called(key, name) && lacks(name))
    });
    let kept: Vec<&str> = kept.collect();
    if kept.is_empty() {
        return Ok(uri.clone());
    }
    let query = uri.query().filter(|query| !query.is_empty());
    let query: Vec<&str> = query.into_iter().chain(kept).collect();
    with_path_and_query(uri, &format!("{}?{}", uri.path(), query.join("&")))
}

/// The URL without some parameters; the others keep their order and their bytes.
pub(crate) fn without_query(uri: &Uri, names: &[Box<str>]) -> Uri {
    let Some(query) = uri.query() else {
        return uri.clone();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let key = decode(pair.split_once('=').map_or(pair, |(key, _)| key));
            names.iter().all(|name| **name != key)
        })
        .collect();
    let separator = if kept.is_empty() { "" } else { "?" };
    let rest = format!("{}{separator}{}", uri.path(), kept.join("&"));
    // What is a part of a URL is one.
    with_path_and_query(uri, &rest).unwrap_or_default()
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

/// Whether a key of a query decodes to `name`.
fn is_called(key: &str, name: &str) -> bool {
    if key.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        decode(key) == name
    } else {
        key == name
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
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

    #[test]
    fn parameters_are_kept_as_often_and_as_they_are_written() {
        let first = Uri::from_static("https://h/a?f=%FF+x&v=1&f=b&%76=2&w");
        for (next, expected) in [
            ("https://h/b", "https://h/b?f=%FF+x&v=1&f=b&%76=2"),
            ("https://h/b?", "https://h/b?f=%FF+x&v=1&f=b&%76=2"),
            ("https://h/b?c=1&f", "https://h/b?c=1&f&v=1&%76=2"),
            ("/b?%66=&v=3", "/b?%66=&v=3"),
        ] {
            let next = Uri::from_static(next);
            let names = ["f".into(), "v".into(), "x".into()];
            assert_eq!(keep_query(&next, &first, &names).unwrap(), *expected);
        }
        let next = Uri::from_static("https://h/b?c=1");
        let bare = Uri::from_static("https://h/a");
        assert_eq!(keep_query(&next, &bare, &["f".into()]).unwrap(), next);
        assert_eq!(keep_query(&next, &first, &[]).unwrap(), next);
    }

    #[test]
    fn parameters_are_taken_out_whole_and_the_others_keep_their_bytes() {
        for (uri, rest) in [
            (
                "https://h/a?k=1&b=%7E&%6b=2&kk=3&k",
                "https://h/a?b=%7E&kk=3",
            ),
            ("/a?k=1", "/a"),
            ("/a?b", "/a?b"),
            ("/a", "/a"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(without_query(&uri, &["k".into()]), rest);
        }
    }

    #[test]
    fn a_parameter_is_set_in_place_and_the_others_keep_their_bytes() {
        for (uri, name, value, expected) in [
            ("https://h/a", "c", "x", "https://h/a?c=x"),
            ("https://h/a?", "c", "x", "https://h/a?c=x"),
            (
                "https://h/a?b=%7e+%20&C=1",
                "c",
                "a&=+#%é ",
                "https://h/a?b=%7e+%20&C=1&c=a%26%3D%2B%23%25%C3%A9%20",
            ),
            (
                "/a?%24skip=1&z&$skip=2&y=",
                "$skip",
                "3",
                "/a?%24skip=3&z&y=",
            ),
            ("/a?c&b", "c", "1", "/a?c=1&b"),
            ("/a", "page[after]", "e=", "/a?page[after]=e%3D"),
        ] {
            let set = set_query(&Uri::from_static(uri), [(name, value)]).unwrap();
            assert_eq!(set.to_string(), expected);
            assert_eq!(query_value(&set, name).unwrap(), value);
        }
        assert_eq!(query_value(&Uri::from_static("/a"), "c"), None);
    }

    #[test]
    fn two_parameters_are_set_as_one_after_the_other() {
        let pairs = [("offset", "2 0"), ("limit", "10")];
        for uri in [
            "https://h/a",
            "/a?x=1",
            "/a?limit=5&x&offset=7&limit=6",
            "/a?%6fffset=7&offset=8&y",
            "/a?limit",
        ] {
            let uri = Uri::from_static(uri);
            let [offset, limit] = pairs;
            let one = set_query(&uri, [offset]).unwrap();
            assert_eq!(
                set_query(&uri, pairs).unwrap(),
                set_query(&one, [limit]).unwrap(),
                "{uri}"
            );
        }
    }
}
