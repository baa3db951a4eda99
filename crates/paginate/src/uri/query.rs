//! Query parameters, of which all that is not set keeps its bytes.

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{UNSENDABLE, replace_path_and_query, with_path_and_query};
use crate::malformed::Malformed;

/// What a query parameter's name must not hold; brackets and `$` are left to the caller.
const NAME: &AsciiSet = &UNSENDABLE.add(b'#').add(b'%').add(b'&').add(b'+').add(b'=');

/// All but the unreserved characters of RFC 3986, section 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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
