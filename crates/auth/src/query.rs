//! A credential in the query component of a URI.

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `name=value`, percent-encoded once.
pub(crate) fn pair(name: &str, value: &str) -> String {
    let name = utf8_percent_encode(name, ENCODED);
    let value = utf8_percent_encode(value, ENCODED);
    format!("{name}={value}")
}

/// `uri` with `pair` in the place of the parameter `name`, or behind the others; these stay as
/// they are, byte for byte.
///
/// `None` if the URI has no query component to speak of (`*`, an authority), or would become
/// longer than a [`Uri`] can be.
pub(crate) fn with_pair(uri: &Uri, name: &str, pair: &str) -> Option<Uri> {
    let path = uri.path();
    if uri.path_and_query().is_none() || path == "*" {
        return None;
    }
    let query = uri.query().unwrap_or_default();
    let mut text = String::with_capacity(path.len() + query.len() + pair.len() + 2);
    text.push_str(path);
    text.push('?');
    let mut placed = false;
    let mut separator = "";
    for parameter in query.split('&') {
        if query.is_empty() {
            break;
        }
        let parameter = match (is_named(parameter, name), placed) {
            (false, _) => parameter,
            (true, true) => continue,
            (true, false) => {
                placed = true;
                pair
            }
        };
        text.push_str(separator);
        text.push_str(parameter);
        separator = "&";
    }
    if !placed {
        text.push_str(separator);
        text.push_str(pair);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(text)).ok()?);
    Uri::from_parts(parts).ok()
}

fn is_named(parameter: &str, name: &str) -> bool {
    let key = parameter.split('=').next().unwrap_or_default();
    percent_decode_str(key).eq(name.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(uri: &str) -> Option<String> {
        with_pair(&uri.parse().unwrap(), "key", &pair("key", "a b&ü=%")).map(|uri| uri.to_string())
    }

    #[test]
    fn the_parameter_stands_behind_the_others_and_is_encoded_once() {
        const PAIR: &str = "key=a%20b%26%C3%BC%3D%25";
        for (before, after) in [
            ("https://h", "https://h/?"),
            ("https://h/", "https://h/?"),
            ("https://h/p?", "https://h/p?"),
            ("/p", "/p?"),
            ("/p?a=%2f+1&&b", "/p?a=%2f+1&&b&"),
            ("/p?keys=1&akey=2", "/p?keys=1&akey=2&"),
        ] {
            assert_eq!(added(before), Some(format!("{after}{PAIR}")), "{before}");
        }
    }

    #[test]
    fn a_parameter_of_the_same_name_is_replaced_where_it_stands() {
        const PAIR: &str = "key=a%20b%26%C3%BC%3D%25";
        assert_eq!(
            added("/p?a=1&key=old&b=2"),
            Some(format!("/p?a=1&{PAIR}&b=2"))
        );
        assert_eq!(
            added("/p?k%65y=old&key=older&key"),
            Some(format!("/p?{PAIR}"))
        );
    }

    #[test]
    fn a_target_without_a_query_is_left_alone() {
        assert_eq!(added("*"), None);
        assert_eq!(added("h:443"), None);
    }
}
