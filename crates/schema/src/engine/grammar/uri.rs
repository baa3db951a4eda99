//! URIs by the grammar of RFC 3986, appendix A.

use std::net::Ipv6Addr;

/// Whether it is a URI, which begins with a scheme.
pub(crate) fn is_uri(text: &str) -> bool {
    scheme(text).is_some() && is_uri_reference(text)
}

/// Whether it is a URI or a reference relative to one.
pub(crate) fn is_uri_reference(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let scheme = scheme(text);
    let rest = scheme.map_or(text, |scheme| &text[scheme.len() + 1..]);
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        // Its first segment would be read as a scheme.
        None if scheme.is_none() && rest.split('/').next().is_some_and(|s| s.contains(':')) => {
            return false;
        }
        None => rest,
    };
    is_made_of(path, ":@/") && is_made_of(query, ":@/?") && is_made_of(fragment, ":@/?")
}

/// What stands before the first colon, if that is a scheme.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_one && scheme.bytes().all(is_of_it)).then_some(scheme)
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.split_once('@').unwrap_or(("", text));
    if !is_made_of(user, ":") {
        return false;
    }
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((literal, port)) if is_literal(literal) => ("", port),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = port.is_empty()
        || port.starts_with(':') && port[1..].bytes().all(|byte| byte.is_ascii_digit());
    is_port && is_made_of(host, "")
}

/// What stands in brackets: an address, or one of a kind that is still to come.
fn is_literal(text: &str) -> bool {
    let Some(future) = text.strip_prefix(['v', 'V']) else {
        return text.parse::<Ipv6Addr>().is_ok();
    };
    future.split_once('.').is_some_and(|(version, address)| {
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && !address.contains('%')
            && is_made_of(address, ":")
    })
}

/// Whether it is made of what may stand anywhere, percent-encodings and `others`.
fn is_made_of(text: &str, others: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let may_stand = match byte {
            b'%' => {
                let mut digit = || rest.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                digit() && digit()
            }
            byte => {
                byte.is_ascii_alphanumeric()
                    || b"-._~!$&'()*+,;=".contains(&byte)
                    || others.as_bytes().contains(&byte)
            }
        };
        if !may_stand {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for text in [
            "http://x/y?z#w",
            "a:",
            "a:b",
            "urn:x:y",
            "A+b-c.1:/",
            "file:///",
            "http://",
            "http://u:p@x:80/",
            "http://[::1]/",
            "http://[v1.a:b]:1",
            "http://x:/",
            "a:%20",
            "a:b?c?d/e",
            "tag:x,2024:y",
            "http://[::ffff:1.2.3.4]",
        ] {
            assert!(is_uri(text) && is_uri_reference(text), "{text}");
        }
        for text in [
            "", "a", "/a", "#a", "//x", "a/b:c", "./a:b", "?a", "%41", "a#b?c/:@",
        ] {
            assert!(!is_uri(text) && is_uri_reference(text), "{text}");
        }
        for text in [
            "a b",
            "1:a",
            ":a",
            "%",
            "%4",
            "%zz",
            "é",
            "[",
            "http://x y",
            "a#b#c",
            "a\\b",
            "<a>",
            "\"",
            "http://[::1",
            "http://[1.2.3.4]",
            "http://x:a",
            "http://a@b@c",
            "http://[::1]a",
            "http://a:1:2",
            "a:[",
            "a{b}",
            "a^b",
            "a|b",
            "a`b",
            "http://[fe80::1%25a]",
            "\u{0}",
            "http://[v.a]",
            "http://[v1.]",
        ] {
            assert!(!is_uri_reference(text), "{text}");
        }
    }
}
